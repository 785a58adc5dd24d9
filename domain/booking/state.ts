// A Cal.com booking as far as its calendar event is concerned: its state and how each event changes it. The events are in
// events.ts. What leads to them: facts.ts and links.ts (what Cal.com tells us), rules.ts (what a change in the calendar
// does), series-change.ts (what a series that was edited or split does).

import { instant, later, readTimes, type StoredTimes, sameTimes, type Times } from '../times.ts'
import type {
  Agreement,
  BookingEvent,
  BookingStatus,
  DecidedData,
  EventName,
  StoredWatermark,
} from './events.ts'
import {
  findByAnyName,
  type Reference,
  withLink,
  withoutLink,
  withoutVerdict,
  withRenamed,
  withSetAside,
  withWatermark,
} from './references.ts'

export type { Times } from '../times.ts'
export type {
  Agreement,
  BookingEvent,
  BookingStatus,
  CancellationReason,
  DecidedData,
  EventName,
  IgnoredData,
  StoredReference,
  StoredWatermark,
} from './events.ts'
export type { Reference, Watermark } from './references.ts'

/** A published decision of which nobody has told what became of it. Held as stored. */
export type Unanswered = {
  sequence: number
  event: EventName
  /** Absent for a cancellation. */
  next?: StoredTimes
  /** Up to where the event had been decided with it. */
  watermark: StoredWatermark
}

type Tracked = {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus
  /** What was last decided or recorded. */
  times: Times
  /** What Cal.com last confirmed. */
  basis: Times
  references: readonly Reference[]
  sequence: number
  agreement: Agreement
  /** Oldest first; before them the last one that was applied. */
  unanswered: readonly Unanswered[]
  /** What consumers last reported, by the id of the published event. */
  outcomes: Readonly<Record<string, string>>
  /** When the newest fact from Cal.com, or the newest link, was recorded. */
  factsAt: Temporal.Instant
}
export type OpenBooking = Tracked & { kind: 'OPEN' }
export type ClosedBooking = {
  kind: 'CLOSED'
  bookingUid: string
  reason: string
  /** Who closed it: the calendar (we decided) or Cal.com (it said so). */
  by: 'CALENDAR' | 'CALCOM'
  rescheduledToUid?: string
  /** We had cancelled it, whoever closed it afterwards. */
  cancelledHere?: true
  /** As it was when it closed; absent for a booking never seen open. */
  was?: OpenBooking
}
export type Booking = { kind: 'UNTRACKED' } | OpenBooking | ClosedBooking

export const initialBooking: Booking = { kind: 'UNTRACKED' }

type DataOf<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

export function evolveBooking(state: Booking, event: BookingEvent): Booking {
  switch (event.type) {
    case 'BookingTracked':
      return state.kind === 'UNTRACKED' ? tracked(event.data) : state
    case 'BookingClosed':
      return closed(state, event.data)
    case 'BookingTimesRecorded':
      return withTimes(state, event.data)
    case 'BookingOutcomeReported':
      return withOutcome(state, event.data)
    default:
      if (state.kind === 'OPEN') return evolveOpen(state, event)
      return state.kind === 'CLOSED' && event.type === 'ExternalEventChangeIgnored'
        ? restored(state, event.data)
        : state
  }
}

/** What the calendar shows then is not the booking's time, and cannot become it. */
const inexpressible: ReadonlySet<string> = new Set(['ALL_DAY', 'NEW_TIME_IN_PAST'])

function evolveOpen(state: OpenBooking, event: BookingEvent): Booking {
  switch (event.type) {
    case 'BookingReferenceLinked': {
      const factsAt = later(state.factsAt, instant(event.data.at))
      return { ...state, references: withLink(state.references, event.data), factsAt }
    }
    case 'BookingReferenceUnlinked':
      return { ...state, references: withoutLink(state.references, event.data) }
    case 'BookingReferenceMoved':
      return { ...state, references: withRenamed(state.references, event.data) }
    case 'BookingRescheduled': {
      const { next } = event.data
      const { start, end } = next
      return { ...decided(state, event.data, { start, end }), times: readTimes(next) }
    }
    case 'BookingCancelled': {
      const { bookingUid, reason } = event.data
      const was = decided(state, event.data)
      return { kind: 'CLOSED', bookingUid, reason, by: 'CALENDAR', cancelledHere: true, was }
    }
    case 'ExternalEventChangeIgnored': {
      if (!event.data.settles) return { ...state, references: withSetAside(state.references, event.data) }
      const settled = { ...state, references: withWatermark(state.references, event.data) }
      if (inexpressible.has(event.data.code)) return { ...settled, agreement: 'DIVERGED' }
      // Calendar and booking say the same again, whatever was refused before.
      const agrees = event.data.code === 'NO_TIME_CHANGE' && state.agreement === 'DIVERGED'
      return agrees ? { ...settled, agreement: 'AGREED' } : settled
    }
    default:
      return state
  }
}

/** Of a closed booking's event only that it is there again is ever recorded. */
const restored = (state: ClosedBooking, data: DataOf<'ExternalEventChangeIgnored'>): ClosedBooking =>
  state.was && data.settles
    ? { ...state, was: { ...state.was, references: withWatermark(state.was.references, data) } }
    : state

function tracked(data: DataOf<'BookingTracked'>): OpenBooking {
  const times = readTimes(data)
  return {
    kind: 'OPEN',
    bookingUid: data.bookingUid,
    userId: data.userId,
    ...(data.organizationId !== undefined && { organizationId: data.organizationId }),
    status: data.status,
    times,
    basis: times,
    references: [],
    sequence: 0,
    agreement: 'AGREED',
    unanswered: [],
    outcomes: {},
    factsAt: instant(data.at),
  }
}

function decided(state: OpenBooking, data: DecidedData, next?: StoredTimes): OpenBooking {
  const { calendarKey, externalEventId, sequence, fingerprint, externalUpdatedAt } = data
  const unanswered: Unanswered = {
    sequence,
    event: { calendarKey, externalEventId },
    ...(next && { next }),
    watermark: { fingerprint, ...(externalUpdatedAt !== undefined && { updated: externalUpdatedAt }) },
  }
  return {
    ...state,
    references: withWatermark(state.references, data),
    sequence,
    agreement: 'AWAITING',
    unanswered: [...state.unanswered, unanswered],
  }
}

function closed(state: Booking, data: DataOf<'BookingClosed'>): ClosedBooking {
  const was = trackedPart(state)
  return {
    kind: 'CLOSED',
    bookingUid: data.bookingUid,
    reason: data.reason,
    by: 'CALCOM',
    ...(data.rescheduledToUid !== undefined && { rescheduledToUid: data.rescheduledToUid }),
    ...(state.kind === 'CLOSED' && state.cancelledHere && { cancelledHere: true as const }),
    ...(was && { was: { ...was, agreement: 'AGREED' as const } }),
  }
}

/** The booking as it is while open, or as it was when it closed. */
export const trackedPart = (state: Booking): OpenBooking | undefined =>
  state.kind === 'OPEN' ? state : state.kind === 'CLOSED' ? state.was : undefined

/**
 * Cal.com's word on the times. Where they are those of an earlier one of several decisions, the later ones are still on
 * their way; otherwise whatever was on its way is settled by it, and what we cancelled is open there after all.
 */
function withTimes(state: Booking, data: DataOf<'BookingTimesRecorded'>): Booking {
  const open = trackedPart(state)
  if (open === undefined || (state.kind === 'CLOSED' && state.by === 'CALCOM')) return state
  const times = readTimes(data)
  const told = {
    ...open,
    status: data.status ?? open.status,
    basis: times,
    factsAt: later(open.factsAt, instant(data.at)),
  }
  const reached = earlierDecision(open, times)
  if (reached !== undefined)
    return within(state, { ...told, unanswered: open.unanswered.slice(open.unanswered.indexOf(reached)) })
  const differs = state.kind === 'CLOSED' || (open.agreement === 'DIVERGED' && sameTimes(times, open.basis))
  return { ...told, times, agreement: differs ? 'DIVERGED' : 'AGREED', unanswered: [] }
}

/** The decision to these times, where later ones have been published since: Cal.com is on its way to those. */
export const earlierDecision = (booking: OpenBooking, times: Times): Unanswered | undefined =>
  booking.unanswered.slice(0, -1).find(({ next }) => next && sameTimes(readTimes(next), times))

/**
 * The outcome of the newest decision says how things stand; that of an earlier one only moves the basis. What is refused
 * is not decided again; a move that Cal.com's own change has overtaken is, should the event still stand where it was.
 */
function withOutcome(state: Booking, data: DataOf<'BookingOutcomeReported'>): Booking {
  const before = trackedPart(state)
  if (before === undefined) return state
  const open = { ...before, outcomes: { ...before.outcomes, [data.eventId]: data.outcome } }
  const answered = open.unanswered.findIndex(({ sequence }) => sequence === data.sequence)
  const decision = open.unanswered[answered]
  // Cal.com's own word came first, and is newer than what a consumer did before it.
  if (decision === undefined || (state.kind === 'CLOSED' && state.by === 'CALCOM')) return within(state, open)

  const applied = data.outcome === 'APPLIED'
  const { start, end } = data
  const said = start !== undefined && end !== undefined ? { start, end } : applied ? decision.next : undefined
  const basis = said ? readTimes(said) : open.basis
  const known = { ...open, basis, factsAt: later(open.factsAt, instant(data.at)), unanswered: [] }
  if (answered < open.unanswered.length - 1)
    return within(state, { ...known, unanswered: open.unanswered.slice(applied ? answered : answered + 1) })
  if (applied && decision.next === undefined) return within(state, { ...known, agreement: 'AGREED' })
  const overtaken = data.outcome === 'SUPERSEDED' && decision.next !== undefined
  // A refused cancellation leaves the booking open in Cal.com, whatever the calendar says.
  if (!overtaken && !applied) return { ...known, times: basis, agreement: 'DIVERGED' }
  const references = overtaken
    ? withoutVerdict(open.references, decision.event, decision.watermark.fingerprint)
    : open.references
  return { ...known, times: basis, agreement: 'AGREED', references }
}

const within = (state: Booking, open: OpenBooking): Booking =>
  state.kind === 'CLOSED' ? { ...state, was: open } : open

/** What is not answered yet of the decisions on this reference's event. */
export const unansweredOn = (booking: OpenBooking, reference: Reference): readonly Unanswered[] =>
  booking.unanswered.filter(({ event }) => findByAnyName({ references: [reference] }, event) !== undefined)
