// When a calendar was last a booking's destination: at the booking's link, whatever is carried back later.
import { bookingAggregate, calendarSyncAggregate } from '../../commands/aggregates.ts'
import { calendarSyncIdOf } from '../../commands/calendar-sync-id.ts'
import { execute, load } from '../../commands/execute.ts'
import { trackedPart } from '../../domain/booking/state.ts'
import { useCalendarSync } from '../../domain/calendar/sync.ts'
import { streamName } from '../../domain/domain-event.ts'
import { decodeAny, isKnown, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import type { Stores, Time } from '../../ports/port-groups.ts'
import { type BookingReferencesDocument, openBookingsOfUser } from '../../projections/booking-references.ts'
import { contextOf } from '../running/service-ports.ts'

type Ports = Stores & Time
type DataOf<Type extends StoredEvent['type']> = Extract<StoredEvent, { type: Type }>['data']
type Link = DataOf<'BookingReferenceLinked'>

/**
 * Records that bookings use the calendars of these links, reading each booking once. A guessed calendar may not be the
 * booking's.
 */
export async function recordUses(ports: Ports, links: readonly Link[]): Promise<void> {
  const sure = links.filter(({ guessed }) => !guessed)
  for (const [bookingUid, ofBooking] of Map.groupBy(sure, (link) => link.bookingUid)) {
    const { state } = await load(ports.events, bookingAggregate, bookingUid)
    const booking = trackedPart(state)
    if (booking === undefined) continue
    const newest = new Map(ofBooking.map(({ reference, at }) => [reference.calendarKey, at]))
    for (const [calendarKey, at] of newest) await use(ports, booking.userId, calendarKey, at)
  }
}

/** Records the use by the newest of the open bookings that were linked before their calendar was registered. */
export async function recordEarlierUse(
  ports: Ports,
  { userId, calendarKey }: DataOf<'CalendarSyncRegistered'>,
): Promise<void> {
  await ports.caughtUp('booking-references')
  let newest: BookingReferencesDocument | undefined
  for await (const booking of openBookingsOfUser(ports.readStore, userId, ports.now()))
    if (booking.references.some((one) => one.calendarKey === calendarKey))
      if (newest === undefined || newest.trackedAt <= booking.trackedAt) newest = booking
  if (newest === undefined) return
  const recorded = await ports.events.readStream(streamName('booking', newest.bookingUid))
  const links = recorded
    .filter(isKnown)
    .map(decodeAny)
    .flatMap((event) => (event.type === 'BookingReferenceLinked' ? [event.data] : []))
  const link = links.findLast(({ reference, guessed }) => reference.calendarKey === calendarKey && !guessed)
  if (link) await use(ports, userId, calendarKey, link.at)
}

async function use(ports: Ports, userId: string, calendarKey: string, at: string): Promise<void> {
  const id = calendarSyncIdOf(userId, calendarKey)
  await execute(ports, contextOf(ports, 'reactions'), calendarSyncAggregate, id, (state) =>
    useCalendarSync(state, Temporal.Instant.from(at)),
  )
}
