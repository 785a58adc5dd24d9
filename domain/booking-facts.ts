// What Cal.com tells us of a booking: facts to be recorded, never a reason to publish.
import {
  type Booking,
  type BookingEvent,
  type BookingStatus,
  type EventName,
  earlierDecision,
  evolveBooking,
  type OpenBooking,
  type Reference,
  type StoredReference,
  type StoredWatermark,
  type Times,
  trackedPart,
  type Unanswered,
  unansweredOn,
} from './booking.ts'
import { findByAnyName, findReference, sameEvent, storeWatermark } from './booking-reference.ts'
import { accept, type Decision, reject } from './decision.ts'
import { sameTimes, storeTimes } from './times.ts'

/** A reference as Cal.com named it, or as it was passed on along a chain of reschedules. */
export type ToldReference = StoredReference & {
  confirmed: boolean
  formerNames?: readonly EventName[]
  watermark?: StoredWatermark
  /** Passed on: what was published on this event and not answered. */
  unanswered?: readonly Unanswered[]
}

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
 * before (the basis) is not news, even where we have decided other times since, or a cancellation: they are only not
 * applied yet.
 */
export function trackBooking(state: Booking, told: ToldBooking): Decision<BookingEvent> {
  const news = state.kind === 'UNTRACKED' ? [begun(told)] : timesNews(state, told)
  const after = news.reduce(evolveBooking, state)
  if (after.kind === 'UNTRACKED' || (after.kind === 'CLOSED' && after.by === 'CALCOM')) return accept(...news)
  const { bookingUid, at } = told
  const linked = after.kind === 'OPEN' ? links(after, told) : []
  const closing: BookingEvent[] =
    told.status === 'CANCELLED'
      ? [{ type: 'BookingClosed', data: { bookingUid, reason: 'CANCELLED_IN_CALCOM', at } }]
      : []
  return accept(...news, ...linked, ...closing)
}

const begun = (told: ToldBooking): BookingEvent => ({
  type: 'BookingTracked',
  data: {
    bookingUid: told.bookingUid,
    userId: told.userId,
    ...(told.organizationId !== undefined && { organizationId: told.organizationId }),
    status: told.status === 'CANCELLED' ? 'ACCEPTED' : told.status,
    ...storeTimes(told.times),
    ...(told.rescheduledFromUid !== undefined && { rescheduledFromUid: told.rescheduledFromUid }),
    at: told.at,
  },
})

function timesNews(state: Booking, { bookingUid, status, times, at }: ToldBooking): BookingEvent[] {
  const known = trackedPart(state)
  if (known === undefined || status === 'CANCELLED') return []
  if (state.kind === 'CLOSED' && (state.by === 'CALCOM' || status !== 'ACCEPTED')) return []
  const newStatus = state.kind === 'OPEN' && status !== known.status
  if (sameTimes(times, known.basis) && !newStatus) return []
  return [{ type: 'BookingTimesRecorded', data: { bookingUid, ...storeTimes(times), status, at } }]
}

function links(state: OpenBooking, told: ToldBooking): BookingEvent[] {
  const { times, references, at } = told
  const linked = linksTo(state, references, times, at)
  if (!told.referencesComplete || references.length === 0) return linked
  const unlinked = strays(state, references).filter(({ confirmed }) => !confirmed)
  return [...linked, ...unlinks(state, unlinked, at)]
}

/** One after the other: the same event may be told of twice. */
function linksTo(
  state: OpenBooking,
  told: readonly ToldReference[],
  times: Times,
  at: string,
): BookingEvent[] {
  const links: BookingEvent[] = []
  let after: Booking = state
  for (const reference of told) {
    const link = after.kind === 'OPEN' ? linkTo(after, reference, times, at) : undefined
    if (link === undefined) continue
    links.push(link)
    after = evolveBooking(after, link)
  }
  return links
}

function linkTo(state: OpenBooking, told: ToldReference, times: Times, at: string): BookingEvent | undefined {
  const { confirmed, formerNames, watermark: _, unanswered: __, ...stored } = told
  const known = findByAnyName(state, stored)
  const data = { bookingUid: state.bookingUid, reference: stored, confirmed, at }
  if (known === undefined) {
    const watermark = readUpTo(told, times)
    return {
      type: 'BookingReferenceLinked',
      data: {
        ...data,
        ...(watermark && { watermark }),
        ...(formerNames?.length && { formerNames: [...formerNames] }),
      },
    }
  }
  if (!saysMore(known, stored, confirmed)) return undefined
  // By a former name, only that Cal.com confirms it is new.
  const said = sameEvent(known.stored, stored) ? { ...known.stored, ...stored } : known.stored
  const either = { ...data, reference: said, confirmed: confirmed || known.confirmed }
  return { type: 'BookingReferenceLinked', data: either }
}

/**
 * What was decided on an event is passed on only as far as the new booking can know of it: up to the decision that led
 * to it. A change published since to a booking that had been rescheduled away must be looked at again here. Only the
 * start counts: Cal.com may keep a length of its own.
 */
function readUpTo({ watermark, unanswered = [] }: ToldReference, times: Times): StoredWatermark | undefined {
  if (unanswered.length === 0) return watermark
  const { start } = storeTimes(times)
  return unanswered.findLast(({ next }) => next?.start === start)?.watermark
}

/** Those that Cal.com does not name, by whatever name. */
const strays = (state: OpenBooking, named: readonly EventName[]): Reference[] =>
  state.references.filter(
    (reference) => !named.some((name) => findByAnyName({ references: [reference] }, name) !== undefined),
  )

const unlinks = ({ bookingUid }: OpenBooking, unlinked: readonly Reference[], at: string): BookingEvent[] =>
  unlinked.map(({ stored }) => ({
    type: 'BookingReferenceUnlinked',
    data: { bookingUid, reference: stored, at },
  }))

const saysMore = (known: Reference, told: StoredReference, confirmed: boolean): boolean =>
  (confirmed && !known.confirmed) ||
  (sameEvent(known.stored, told) &&
    ((told.recurringEventId !== undefined && known.stored.recurringEventId === undefined) ||
      (told.originalStart !== undefined && known.stored.originalStart === undefined)))

/** The references that a booking hands on to the one it was rescheduled to: they cannot cancel until confirmed. */
export function passedOnReferences(state: Booking): ToldReference[] {
  const from = trackedPart(state)
  if (from === undefined) return []
  return from.references.map((reference) => {
    const { stored, formerNames, watermark } = reference
    const unanswered = unansweredOn(from, reference)
    return {
      ...stored,
      confirmed: false,
      ...(formerNames.length > 0 && { formerNames }),
      ...(watermark && { watermark: storeWatermark(watermark) }),
      ...(unanswered.length > 0 && { unanswered }),
    }
  })
}

const notTracked = reject('BOOKING_NOT_TRACKED', 'This booking is not known here.')
const isClosed = reject('BOOKING_CLOSED', 'This booking is closed: cancelled, or rescheduled to another one.')

/**
 * Cal.com changed the booking itself. Sets what we believe back to what is true there, also where we had decided to
 * cancel: other times than Cal.com last confirmed say that it is open there.
 */
export function recordBookingTimes(
  state: Booking,
  told: { times: Times; status?: BookingStatus; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  const known = trackedPart(state)
  if (known === undefined || (state.kind === 'CLOSED' && state.by === 'CALCOM')) return isClosed
  const { times, status, at } = told
  const recorded: BookingEvent = {
    type: 'BookingTimesRecorded',
    data: { bookingUid: known.bookingUid, ...storeTimes(times), ...(status && { status }), at },
  }
  if (state.kind === 'CLOSED') return sameTimes(times, known.basis) ? accept() : accept(recorded)
  const passing = earlierDecision(known, times) !== undefined
  const newTimes = !sameTimes(times, known.basis) || (!sameTimes(times, known.times) && !passing)
  return newTimes || (status !== undefined && status !== known.status) ? accept(recorded) : accept()
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
  const tracked = trackedPart(state)
  // Nothing can have been published of a booking never seen open.
  if (tracked === undefined || tracked.outcomes[told.eventId] === told.outcome) return accept()
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

/**
 * Cal.com names its references: those that it does not name, by any name that they had, are unlinked. An empty list
 * says nothing (they are stored late).
 */
export function replaceReferences(
  state: Booking,
  told: { references: readonly StoredReference[]; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN' || told.references.length === 0) return accept()
  const { references, at } = told
  const named = references.map((reference) => ({ ...reference, confirmed: true }))
  return accept(...unlinks(state, strays(state, references), at), ...linksTo(state, named, state.basis, at))
}

/**
 * The booking's series changed so that nobody can say which instance is its own: for a person to look at, never a
 * cancellation. Once for the same `fingerprint` (the series' version, where it is known).
 */
export function flagSeriesChanged(
  state: Booking,
  seen: EventName & { now: Temporal.Instant; fingerprint?: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const reference = findReference(state, seen)
  const fingerprint = seen.fingerprint ?? 'unknown'
  if (reference === undefined || reference.setAside.SERIES_CHANGED === fingerprint) return accept()
  if (Temporal.Instant.compare(state.times.start, seen.now) <= 0) return accept()
  const at = seen.now.toString()
  return accept({
    type: 'ExternalEventChangeIgnored',
    data: {
      ...reference.stored,
      bookingUid: state.bookingUid,
      code: 'SERIES_CHANGED',
      settles: false,
      fingerprint,
      observedAt: at,
      seen: { status: 'confirmed' },
      at,
    },
  })
}
