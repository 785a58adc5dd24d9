// What Cal.com tells us of a booking: facts to be recorded, never a reason to publish.
import {
  type Booking,
  type BookingEvent,
  type BookingStatus,
  findReference,
  type OpenBooking,
  type Reference,
  type StoredReference,
  type StoredWatermark,
  sameTimes,
  storeTimes,
  type Times,
} from './booking.ts'
import { accept, type Decision, reject } from './decision.ts'

/** A reference as Cal.com named it, or as it was passed on along a chain of reschedules. */
export type ToldReference = StoredReference & { confirmed: boolean; watermark?: StoredWatermark }

export type ToldBooking = {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus | 'CANCELLED'
  times: Times
  rescheduledFromUid?: string
  references: readonly ToldReference[]
  /** `references` is all that Cal.com has: those passed on that it does not name are not this booking's. */
  referencesComplete?: boolean
  at: string
}

/**
 * Begins to track a booking, or brings a tracked one up to what Cal.com says now. Cal.com still saying what it said
 * before (the basis) is not news, even where we have decided other times since: they are only not applied yet.
 */
export function trackBooking(state: Booking, told: ToldBooking): Decision<BookingEvent> {
  const { bookingUid, at } = told
  if (state.kind === 'CLOSED') return accept()
  const closing: BookingEvent[] =
    told.status === 'CANCELLED'
      ? [{ type: 'BookingClosed', data: { bookingUid, reason: 'CANCELLED_IN_CALCOM', at } }]
      : []
  const status = told.status === 'CANCELLED' ? 'ACCEPTED' : told.status
  if (state.kind === 'UNTRACKED') {
    const begun: BookingEvent = {
      type: 'BookingTracked',
      data: {
        bookingUid,
        userId: told.userId,
        ...(told.organizationId !== undefined && { organizationId: told.organizationId }),
        status,
        ...storeTimes(told.times),
        ...(told.rescheduledFromUid !== undefined && { rescheduledFromUid: told.rescheduledFromUid }),
        at,
      },
    }
    return accept(begun, ...links(undefined, told), ...closing)
  }
  const news: BookingEvent[] = []
  const newTimes = !sameTimes(told.times, state.basis)
  if (told.status !== 'CANCELLED' && (newTimes || status !== state.status))
    news.push({
      type: 'BookingTimesRecorded',
      data: { bookingUid, ...storeTimes(newTimes ? told.times : state.times), status, at },
    })
  return accept(...news, ...links(state, told), ...closing)
}

function links(state: OpenBooking | undefined, told: ToldBooking): BookingEvent[] {
  const { bookingUid, at } = told
  const linked = told.references.flatMap(({ confirmed, watermark, ...reference }): BookingEvent[] => {
    const known = state && findReference(state, reference)
    if (known && !saysMore(known, reference, confirmed)) return []
    const link = { bookingUid, reference, confirmed: confirmed || known?.confirmed === true, at }
    return [{ type: 'BookingReferenceLinked', data: { ...link, ...(watermark && { watermark }) } }]
  })
  if (!told.referencesComplete || told.references.length === 0) return linked
  const strays = (state?.references ?? []).filter(
    ({ stored, confirmed }) => !confirmed && !told.references.some((named) => sameEvent(named, stored)),
  )
  const unlinked = strays.map(
    ({ stored }): BookingEvent => ({
      type: 'BookingReferenceUnlinked',
      data: { bookingUid, reference: stored, at },
    }),
  )
  return [...linked, ...unlinked]
}

const sameEvent = (a: StoredReference, b: StoredReference): boolean =>
  a.calendarKey === b.calendarKey && a.externalEventId === b.externalEventId

const saysMore = (known: Reference, told: StoredReference, confirmed: boolean): boolean =>
  (confirmed && !known.confirmed) ||
  (told.recurringEventId !== undefined && known.stored.recurringEventId === undefined) ||
  (told.originalStart !== undefined && known.stored.originalStart === undefined)

/** The references that a booking hands on to the one it was rescheduled to: they cannot cancel until confirmed. */
export function passedOnReferences(state: Booking): ToldReference[] {
  const from = state.kind === 'OPEN' ? state : state.kind === 'CLOSED' ? state.was : undefined
  return (from?.references ?? []).map(({ stored, watermark }) => ({
    ...stored,
    confirmed: false,
    ...(watermark && {
      watermark: {
        fingerprint: watermark.fingerprint,
        ...(watermark.updated && { updated: watermark.updated.toString() }),
      },
    }),
  }))
}

const notTracked = reject('BOOKING_NOT_TRACKED', 'This booking is not known here.')
const isClosed = reject('BOOKING_CLOSED', 'This booking is closed: cancelled, or rescheduled to another one.')

/** Cal.com changed the booking itself. Sets what we believe back to what is true there. */
export function recordBookingTimes(
  state: Booking,
  told: { times: Times; status?: BookingStatus; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  if (state.kind === 'CLOSED') return isClosed
  const { times, status, at } = told
  const known = sameTimes(times, state.times) && sameTimes(times, state.basis)
  if (known && (status === undefined || status === state.status)) return accept()
  return accept({
    type: 'BookingTimesRecorded',
    data: { bookingUid: state.bookingUid, ...storeTimes(times), ...(status && { status }), at },
  })
}

/** Cal.com closed the booking. One never seen open is recorded as closed, so that a late webhook cannot open it. */
export function closeBooking(
  state: Booking,
  told: { bookingUid: string; reason: string; rescheduledToUid?: string; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'CLOSED' && state.by === 'CALCOM') {
    if (told.rescheduledToUid === undefined || told.rescheduledToUid === state.rescheduledToUid)
      return accept()
  }
  return accept({ type: 'BookingClosed', data: told })
}

/** A consumer tells what became of a published decision (`sequence` is that decision's). */
export function reportOutcome(
  state: Booking,
  told: Extract<BookingEvent, { type: 'BookingOutcomeReported' }>['data'],
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  const tracked = state.kind === 'OPEN' ? state : state.was
  if (tracked?.outcomes[told.eventId] === told.outcome) return accept()
  const reported: BookingEvent = { type: 'BookingOutcomeReported', data: told }
  if (told.newBookingUid === undefined || state.kind === 'CLOSED') return accept(reported)
  return accept<BookingEvent>(reported, {
    type: 'BookingClosed',
    data: {
      bookingUid: told.bookingUid,
      reason: 'RESCHEDULED',
      rescheduledToUid: told.newBookingUid,
      at: told.at,
    },
  })
}

/** Another name for the same calendar event (a series was edited or split). */
export function moveReference(
  state: Booking,
  move: { from: StoredReference; to: StoredReference; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const known = findReference(state, move.from)
  if (known === undefined) return accept()
  if (sameEvent(known.stored, move.to) && known.stored.recurringEventId === move.to.recurringEventId)
    return accept()
  return accept({ type: 'BookingReferenceMoved', data: { bookingUid: state.bookingUid, ...move } })
}
