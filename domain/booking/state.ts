// State of a Cal.com booking, and how each event changes it. The events are in events.ts. facts.ts and links.ts decide
// on statements of Cal.com, rules.ts on changes in the calendar, series-change.ts on series that were edited or split.

import { defined, ifDefined } from '../optional-fields.ts'
import { instant, later, readTimes, type StoredTimes, sameTimes, storeTimes, type Times } from '../times.ts'
import type { CancellationReason, FlagCode } from './decisions.ts'
import type { Agreement, BookingEvent, BookingStatus, DecidedData, StateAfter } from './events.ts'
import { agreementOfOldStream, type Publication, stateAfterOutcome, stateAfterTimes } from './meaning.ts'
import {
  findByAnyName,
  ofFormerHost,
  type Reference,
  withDifference,
  withLink,
  withoutLink,
  withoutVerdict,
  withRenamed,
  withRule,
  withSetAside,
  withWatermark,
} from './references.ts'

/** A consumer's outcome of a publication. */
export type Answered = { sequence: number; outcome: string }

type Tracked = {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus
  /** The times that were last decided or recorded. */
  times: Times
  /** The times that Cal.com last confirmed. */
  basis: Times
  references: readonly Reference[]
  sequence: number
  agreement: Agreement
  /** The newest publications without an outcome, oldest first. The last applied one may stand before them. */
  unanswered: readonly Publication[]
  /** The last few moves that were taken back before Cal.com applied them: a late consumer may yet do so. */
  withdrawn?: readonly Publication[]
  /** The newest move, if a consumer found it superseded, until its event is decided on again. */
  superseded?: Publication
  /** The last sixteen outcomes, to recognise a repetition. */
  answered: readonly Answered[]
  /** Codes that flag the booking for a person. */
  flags: readonly FlagCode[]
  rescheduledFromUid?: string
  /** Guests share the booking: a guest who leaves does not end it. */
  seats?: true
  /** Cal.com's own calendar sync has changed the booking. */
  secondWriter?: true
  /** When the booking was made in Cal.com, if Cal.com said so. */
  createdAt?: Temporal.Instant
  /** When the booking was first heard of. */
  trackedAt: Temporal.Instant
  /** When we heard that the booking went from pending to accepted. */
  acceptedAt?: Temporal.Instant
  /** When the newest fact from Cal.com, or the newest link, was recorded. */
  factsAt: Temporal.Instant
}

/** The announced end of a booking, which Cal.com has not confirmed yet. Nothing is published meanwhile. */
export type Closing = { reason: string; rescheduledToUid?: string; since: Temporal.Instant; seats?: true }

export type OpenBooking = Tracked & { kind: 'OPEN'; closing?: Closing }
/** A booking whose cancellation we have published, and that Cal.com has not closed yet. */
export type CancelledBooking = Tracked & { kind: 'CANCELLED'; reason: CancellationReason }
/** A booking that Cal.com has ended. */
export type ClosedBooking = {
  kind: 'CLOSED'
  bookingUid: string
  reason: string
  rescheduledToUid?: string
  /** The booking before its end; absent if it was never open here. */
  last?: OpenBooking | CancelledBooking
}
export type Booking = { kind: 'UNTRACKED' } | OpenBooking | CancelledBooking | ClosedBooking

/** The user of a booking while its host is unknown. */
export const NOBODY = 'unknown'

export const initialBooking: Booking = { kind: 'UNTRACKED' }

type DataOf<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

/** Outcomes remembered. A report that is repeated later than that is recorded once more. */
const ANSWERS_KEPT = 16
const WITHDRAWN_KEPT = 4
/**
 * Publications kept without an outcome, where no consumer reports any. The newest one's outcome decides; an older one's
 * only moves the basis. Cal.com's own statement of the times moves the basis as well, and closes what was published.
 */
const UNANSWERED_KEPT = 32

/** The booking as it is while open or cancelled, or as it was when Cal.com closed it. */
export const trackedPart = (state: Booking): OpenBooking | CancelledBooking | undefined =>
  state.kind === 'UNTRACKED' ? undefined : state.kind === 'CLOSED' ? state.last : state

/** The state after an event. Never fails; an unknown event changes nothing. */
export function evolveBooking(state: Booking, event: BookingEvent): Booking {
  if (state.kind === 'UNTRACKED') return evolveUntracked(state, event)
  if (event.type === 'BookingClosed') return closed(state, event.data)
  return state.kind === 'CLOSED' ? evolveClosed(state, event) : evolveTracked(state, event)
}

function evolveUntracked(state: Booking, event: BookingEvent): Booking {
  if (event.type === 'BookingTracked') return tracked(event.data)
  return event.type === 'BookingClosed' ? closed(state, event.data) : state
}

/** The state of a closed booking after an event: only outcomes and a restored event are recorded then. */
function evolveClosed(state: ClosedBooking, event: BookingEvent): ClosedBooking {
  if (state.last === undefined) return state
  if (event.type === 'BookingOutcomeReported') return { ...state, last: answered(state.last, event.data) }
  if (event.type !== 'ExternalEventChangeIgnored') return state
  return { ...state, last: evolveTracked(state.last, event) }
}

function evolveTracked(
  booking: OpenBooking | CancelledBooking,
  event: BookingEvent,
): OpenBooking | CancelledBooking {
  switch (event.type) {
    case 'BookingReferenceLinked': {
      const references = withLink(booking.references, event.data)
      return { ...booking, references, factsAt: later(booking.factsAt, instant(event.data.at)) }
    }
    case 'BookingReferenceUnlinked':
      return { ...booking, references: withoutLink(booking.references, event.data) }
    case 'BookingReferenceMoved':
      return { ...booking, references: withRenamed(booking.references, event.data) }
    case 'BookingSeriesNoted':
      return { ...booking, references: withRule(booking.references, event.data) }
    case 'BookingTimesRecorded': {
      const { data } = event
      const accepted = booking.status === 'PENDING' && data.status === 'ACCEPTED'
      const recorded = {
        ...booking,
        status: data.status ?? booking.status,
        ...(accepted && { acceptedAt: instant(data.at) }),
        factsAt: later(booking.factsAt, instant(data.at)),
      }
      const after = withState(recorded, data.standing ?? stateAfterTimes(booking, data))
      // Consumers carry a move out only from the times that it was decided on.
      return sameTimes(booking.basis, after.basis) ? withWithdrawn(after, dropped(booking, after)) : after
    }
    case 'BookingOutcomeReported': {
      const { data } = event
      const known = answered(booking, data)
      const said = data.standing ?? stateAfterOutcome(booking, data)
      if (said === undefined) return known
      const recorded = withState({ ...known, factsAt: later(booking.factsAt, instant(data.at)) }, said)
      const newest = dropped(booking, recorded).at(-1)
      const isLeftOut = recorded.agreement === 'DIVERGED' && newest?.next === undefined
      const leftOut = isLeftOut ? newest : undefined
      const after = { ...recorded, references: withDifference(recorded.references, leftOut) }
      const lapses = data.outcome === 'SUPERSEDED' && newest?.next !== undefined
      return lapses ? { ...after, superseded: newest } : after
    }
    case 'BookingReassigned': {
      const { userId, previousUserId, at } = event.data
      // The references are the former host's, unless no host was known.
      const references = previousUserId === NOBODY ? booking.references : ofFormerHost(booking.references, at)
      return { ...booking, userId, references, factsAt: later(booking.factsAt, instant(at)) }
    }
    case 'SecondWriterNoticed':
      return { ...booking, secondWriter: true }
    case 'BookingClosing': {
      if (booking.kind !== 'OPEN') return booking
      const { reason, rescheduledToUid, seats, at } = event.data
      const closing: Closing = {
        reason,
        since: instant(at),
        ...defined({ rescheduledToUid, seats }),
      }
      return { ...booking, closing, factsAt: later(booking.factsAt, instant(at)) }
    }
    case 'BookingKeptOpen': {
      if (booking.kind !== 'OPEN') return booking
      const { closing: _, ...open } = booking
      const factsAt = later(booking.factsAt, instant(event.data.at))
      return { ...open, ...defined({ seats: event.data.seats }), factsAt }
    }
    case 'BookingRescheduled': {
      const { next } = event.data
      const { start, end } = next
      return { ...published(booking, event.data, { start, end }), times: readTimes(next) }
    }
    case 'BookingCancelled':
      return { ...published(booking, event.data), kind: 'CANCELLED', reason: event.data.reason }
    case 'ExternalEventChangeIgnored': {
      const { data } = event
      const how = data.settles ? withWatermark : withSetAside
      const agreement = data.agreement ?? agreementOfOldStream(booking, data)
      const { superseded, ...decided } = booking
      const undecided = superseded && !data.settles ? { superseded } : {}
      return { ...decided, ...undecided, references: how(booking.references, data), agreement }
    }
    case 'BookingFlagged':
      return {
        ...booking,
        flags: [...booking.flags.filter((code) => code !== event.data.code), event.data.code],
      }
    case 'BookingUnflagged':
      return { ...booking, flags: booking.flags.filter((code) => code !== event.data.code) }
    default:
      return booking
  }
}

function tracked(data: DataOf<'BookingTracked'>): OpenBooking {
  const times = readTimes(data)
  return {
    kind: 'OPEN',
    bookingUid: data.bookingUid,
    userId: data.userId,
    ...defined({ organizationId: data.organizationId }),
    status: data.status,
    times,
    basis: times,
    references: [],
    sequence: 0,
    agreement: 'AGREED',
    unanswered: [],
    answered: [],
    flags: [],
    ...defined({
      rescheduledFromUid: data.rescheduledFromUid,
      seats: data.seats,
      createdAt: ifDefined(data.createdAt, instant),
    }),
    trackedAt: instant(data.at),
    factsAt: instant(data.at),
  }
}

function published<Kind extends OpenBooking | CancelledBooking>(
  booking: Kind,
  data: DecidedData,
  next?: StoredTimes,
): Kind {
  const { calendarKey, externalEventId, sequence, fingerprint, externalUpdatedAt, at } = data
  const publication: Publication = {
    sequence,
    event: { calendarKey, externalEventId },
    ...defined({ next }),
    watermark: { fingerprint, ...defined({ updated: externalUpdatedAt }) },
    at,
  }
  const { superseded: _, ...before } = booking
  return {
    ...(before as Kind), // only an optional field is left out
    references: withWatermark(booking.references, data),
    sequence,
    agreement: 'AWAITING',
    unanswered: [...booking.unanswered, publication].slice(-UNANSWERED_KEPT),
  }
}

function answered<Kind extends OpenBooking | CancelledBooking>(
  booking: Kind,
  { sequence, outcome }: Answered,
): Kind {
  const others = booking.answered.filter((one) => one.sequence !== sequence)
  const known = { ...booking, answered: [...others, { sequence, outcome }].slice(-ANSWERS_KEPT) }
  if (booking.withdrawn === undefined || outcome === 'APPLIED') return known
  return { ...known, withdrawn: booking.withdrawn.filter((one) => one.sequence !== sequence) }
}

/** Publications that are awaited no longer. */
const dropped = (before: Tracked, { unanswered }: Tracked): readonly Publication[] =>
  before.unanswered.filter((one) => !unanswered.includes(one))

function withWithdrawn(
  booking: OpenBooking | CancelledBooking,
  publications: readonly Publication[],
): OpenBooking | CancelledBooking {
  const { start } = storeTimes(booking.basis)
  const moves = publications.filter(({ next }) => next !== undefined && next.start !== start)
  if (moves.length === 0) return booking
  return { ...booking, withdrawn: [...(booking.withdrawn ?? []), ...moves].slice(-WITHDRAWN_KEPT) }
}

function withState(
  booking: OpenBooking | CancelledBooking,
  after: StateAfter,
): OpenBooking | CancelledBooking {
  const references = after.forgets
    ? withoutVerdict(booking.references, after.forgets, after.forgets.fingerprint)
    : booking.references
  const known = {
    ...booking,
    references,
    agreement: after.agreement,
    times: readTimes(after.times),
    basis: readTimes(after.basis),
    unanswered: booking.unanswered.filter(({ sequence }) => after.unanswered.includes(sequence)),
  }
  if (!after.open || known.kind === 'OPEN') return known
  const { reason: _, ...again } = known
  return { ...again, kind: 'OPEN' }
}

function closed(state: Booking, data: DataOf<'BookingClosed'>): ClosedBooking {
  const last = trackedPart(state)
  return {
    kind: 'CLOSED',
    bookingUid: data.bookingUid,
    reason: data.reason,
    ...defined({ rescheduledToUid: data.rescheduledToUid }),
    ...(last && { last: { ...last, agreement: 'AGREED' } }),
  }
}

/** Publications on this reference's event without an outcome. */
export const unansweredOn = (
  { unanswered }: Pick<Tracked, 'unanswered'>,
  reference: Reference,
): readonly Publication[] =>
  unanswered.filter(({ event }) => findByAnyName({ references: [reference] }, event) !== undefined)
