// The changes that were published for one booking, as its stream tells.
import type { BookingEvent } from '../../domain/booking/events.ts'
import { type Booking, evolveBooking, initialBooking } from '../../domain/booking/state.ts'
import { streamName } from '../../domain/domain-event.ts'
import type { StoredTimes } from '../../domain/times.ts'
import { decode, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { inTurns } from '../../ports/turns.ts'

type Published = Extract<BookingEvent, { type: 'BookingRescheduled' | 'BookingCancelled' }>

/** `id`: the published event's. `next` is absent for a cancellation. */
export type PublishedChange = {
  id: string
  bookingUid: string
  sequence: number
  at: string
  previous: StoredTimes
  basis: StoredTimes
  next?: StoredTimes
  event: Published
}

export type PublishedBooking = {
  state: Booking
  /** Those without a recorded outcome, oldest first. */
  unreported: PublishedChange[]
  /** The times that the booking was first known with. */
  began: StoredTimes | undefined
}

/** Reads a booking with the changes whose outcome nobody has recorded. */
export async function readPublished(
  { events }: { events: EventStore },
  bookingUid: string,
): Promise<PublishedBooking> {
  let state: Booking = initialBooking
  let began: StoredTimes | undefined
  const unreported = new Map<number, PublishedChange>()
  await inTurns(await events.readStream(streamName('booking', bookingUid)), (recorded) => {
    const event = decode('booking', recorded)
    state = evolveBooking(state, event)
    if (event.type === 'BookingTracked') began ??= { start: event.data.start, end: event.data.end }
    if (event.type === 'BookingRescheduled' || event.type === 'BookingCancelled')
      unreported.set(event.data.sequence, changeOf(event))
    if (event.type === 'BookingOutcomeReported') unreported.delete(event.data.sequence)
  })
  return { state, unreported: [...unreported.values()], began }
}

function changeOf(event: StoredEvent<'booking'> & Published): PublishedChange {
  const { id, data } = event
  const { bookingUid, sequence, at, basis } = data
  const known = { id, bookingUid, sequence, at, basis, event }
  if (event.type === 'BookingCancelled')
    return { ...known, previous: { start: event.data.start, end: event.data.end } }
  const { previous, next } = event.data
  return { ...known, previous, next: { start: next.start, end: next.end } }
}
