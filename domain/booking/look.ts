// What a look at an event comes to: a rule's verdict, held against policy and against what people said, as events.

import type { ExternalEvent } from '../external-event.ts'
import type { SyncMode } from '../sync-mode.ts'
import { isBefore, storeTimes } from '../times.ts'
import type { BookingEvent, CancellationReason, IgnoredData, OpenBooking, Reference, Times } from './state.ts'

/** A look at one event of one calendar: what was seen, or that it could not be learned. */
export type Look = {
  provider: string
  calendarKey: string
  externalEventId: string
  /** When the look began, by this service's clock. */
  observedAt: Temporal.Instant
  result: { seen: ExternalEvent } | { unknown: string }
}

/** What a look is decided by, besides itself and the booking. */
export type LookContext = {
  now: Temporal.Instant
  /** The policy of the booking's user. */
  mode: SyncMode
  /** The host's, where the booking names none itself. */
  organizationId?: string
  /** When a person released what was held: of versions of the event up to then a first look may act. */
  releasedAt?: Temporal.Instant
  /** When a person discarded what was held: versions of the event up to then are to change nothing. */
  discardedAt?: Temporal.Instant
  /** The look is the one that follows a link. Stands in for a missing `updated` in the first-look rule. */
  firstLook?: boolean
  /** How long the event's whereabouts could not be learned. */
  unknownForMs?: number
}

/** Stable once published. */
export type DecisionCode =
  | 'NOT_LINKED'
  | 'STALE'
  | 'LOOK_AGAIN'
  | 'BOOKING_NOT_ACCEPTED'
  | 'BOOKING_CLOSED'
  | 'NOT_ORGANISER'
  | 'BOOKING_IN_PAST'
  | 'UNKNOWN'
  | 'REFERENCE_UNCONFIRMED'
  | CancellationReason
  | 'ALL_DAY'
  | 'NO_TIME_CHANGE'
  | 'NEW_TIME_IN_PAST'
  | 'RESCHEDULED'
  | 'FIRST_LOOK'
  | 'DISCARDED'
  | 'SERIES_CHANGED'
  | 'OBSERVE_ONLY'
  | 'POLICY_OFF'
  | 'EVENT_RESTORED'

/** What a look comes to. */
export type LookDecision = {
  code: DecisionCode
  events: BookingEvent[]
  /** It publishes: to be confirmed by a second look before it is appended. */
  acts: boolean
}

/** What a rule is asked about. */
export type Facts = {
  booking: OpenBooking
  reference: Reference
  look: Look
  context: LookContext
  event: ExternalEvent
  fingerprint: string
}

/**
 * What a rule comes to. `settle`: ignored for good, up to this version of the event. `set-aside`: ignored while the
 * reason lasts. `silent`: leaves no trace.
 */
export type Verdict =
  | { code: DecisionCode; do: 'silent' }
  | { code: DecisionCode; do: 'settle' }
  | { code: DecisionCode; do: 'set-aside' }
  | { code: CancellationReason; do: 'cancel' }
  | { code: 'RESCHEDULED'; do: 'reschedule'; next: Times & { timeZone?: string } }

/** It changes nothing, and leaves no trace. */
export const silent = (code: DecisionCode): LookDecision => ({ code, events: [], acts: false })

/** What a verdict comes to: what acts may yet be discarded, held, or only observed. */
export function carryOut(verdict: Verdict, facts: Facts): LookDecision {
  const { code } = verdict
  if (verdict.do === 'silent') return silent(code)
  if (verdict.do === 'settle') return { code, events: [ignored(facts, code, true)], acts: false }
  if (verdict.do === 'set-aside') return setAside(facts, code)

  const instead = verdict.do === 'cancel' ? 'BookingCancelled' : 'BookingRescheduled'
  if (isSpokenOf(facts.event, facts.context.discardedAt))
    return { code: 'DISCARDED', events: [ignored(facts, 'DISCARDED', true, instead)], acts: false }
  if (facts.context.mode === 'off') return setAside(facts, 'POLICY_OFF', instead)
  if (differedWhenLinked(facts)) return setAside(facts, 'FIRST_LOOK', instead)
  if (facts.context.mode === 'observe') return setAside(facts, 'OBSERVE_ONLY', instead)
  return { code, events: [acting(verdict, facts)], acts: true }
}

/**
 * Whether a person who spoke then spoke of this version of the event: not of one written later, however late their word
 * is heard, or heard again. Of a version without `updated` nobody can say that it is newer.
 */
export const isSpokenOf = (
  { updated }: Pick<ExternalEvent, 'updated'>,
  at: Temporal.Instant | undefined,
): boolean => at !== undefined && (updated === undefined || !isBefore(at, updated))

/** A difference that was there when the booking was linked is nobody's change since. */
function differedWhenLinked({ reference, event, context, fingerprint }: Facts): boolean {
  if (reference.looked || isSpokenOf(event, context.releasedAt)) return false
  if (event.updated !== undefined) return !isBefore(reference.linkedAt, event.updated)
  // What the first look came to is on record: another version is a later one.
  const { UNKNOWN: _, ...recorded } = reference.setAside
  return context.firstLook === true && Object.values(recorded).every((one) => one === fingerprint)
}

/** The same code for the same version of the event is recorded once, and once more when the event answers again. */
function setAside(facts: Facts, code: DecisionCode, instead?: IgnoredData['instead']): LookDecision {
  const { [code]: before, UNKNOWN: unanswered } = facts.reference.setAside
  const known = before === facts.fingerprint && unanswered === undefined
  return { code, events: known ? [] : [ignored(facts, code, false, instead)], acts: false }
}

/** It is recorded that this was seen and changes nothing; `settles`: for good, as far as this version of the event goes. */
export function ignored(
  facts: Facts,
  code: DecisionCode,
  settles: boolean,
  instead?: IgnoredData['instead'],
): BookingEvent {
  const { event } = facts
  const times = event.status !== 'cancelled' && event.times && !event.times.allDay ? event.times : undefined
  return {
    type: 'ExternalEventChangeIgnored',
    data: {
      ...observed(facts),
      bookingUid: facts.booking.bookingUid,
      code,
      settles,
      seen: { status: event.status, ...(times && storeTimes(times)) },
      ...(instead && { instead }),
    },
  }
}

function acting(verdict: Extract<Verdict, { do: 'cancel' | 'reschedule' }>, facts: Facts): BookingEvent {
  const { booking, context } = facts
  const organizationId = booking.organizationId ?? context.organizationId
  const decided = {
    ...observed(facts),
    bookingUid: booking.bookingUid,
    userId: booking.userId,
    ...(organizationId !== undefined && { organizationId }),
    sequence: booking.sequence + 1,
    basis: storeTimes(booking.basis),
  }
  if (verdict.do === 'cancel')
    return {
      type: 'BookingCancelled',
      data: { ...decided, reason: verdict.code, ...storeTimes(booking.times) },
    }
  const { timeZone } = verdict.next
  return {
    type: 'BookingRescheduled',
    data: {
      ...decided,
      previous: storeTimes(booking.times),
      next: { ...storeTimes(verdict.next), ...(timeZone !== undefined && { timeZone }) },
    },
  }
}

const observed = ({ reference, event, look, context, fingerprint }: Facts) => ({
  ...reference.stored,
  fingerprint,
  ...(event.updated && { externalUpdatedAt: event.updated.toString() }),
  observedAt: look.observedAt.toString(),
  at: context.now.toString(),
})

/** Names one version of an event: its etag; without one (a command by hand), when it was updated and what it says. */
export function fingerprintOf(event: ExternalEvent): string {
  if (event.etag !== undefined) return event.etag
  const { times } = event
  const said =
    event.status === 'cancelled' || times === undefined
      ? event.status
      : times.allDay
        ? `${times.startDate}/${times.endDate}`
        : `${times.start}/${times.end}`
  return `${event.updated ?? ''} ${said}`.trim()
}
