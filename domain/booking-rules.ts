// The rules: what a change in the calendar does to a booking. One entry of the table below for each rule, evaluated top
// to bottom, the first that fits wins. Pure: time and policy are given.
import type {
  Booking,
  BookingEvent,
  CancellationReason,
  ClosedBooking,
  IgnoredData,
  OpenBooking,
  Reference,
  Times,
} from './booking.ts'
import { findReference } from './booking-reference.ts'
import type { ExternalEvent } from './external-event.ts'
import type { SyncMode } from './sync-policy.ts'
import { sameTimes, storeTimes } from './times.ts'

/** A look at one event of one calendar: what was seen, or that it could not be learned. */
export type Look = {
  provider: string
  calendarKey: string
  externalEventId: string
  /** When the look began, by this service's clock. */
  observedAt: Temporal.Instant
  result: { seen: ExternalEvent } | { unknown: string }
}

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

export type LookDecision = {
  code: DecisionCode
  events: BookingEvent[]
  /** It publishes: to be confirmed by a second look before it is appended. */
  acts: boolean
}

type Facts = {
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
type Verdict =
  | { code: DecisionCode; do: 'silent' }
  | { code: DecisionCode; do: 'settle' }
  | { code: DecisionCode; do: 'set-aside' }
  | { code: CancellationReason; do: 'cancel' }
  | { code: 'RESCHEDULED'; do: 'reschedule'; next: Times & { timeZone?: string } }

type Rule = (facts: Facts) => Verdict | undefined

const before = (a: Temporal.Instant, b: Temporal.Instant): boolean => Temporal.Instant.compare(a, b) < 0

const stale: Rule = ({ reference, event, fingerprint }) => {
  const { watermark } = reference
  if (watermark === undefined) return undefined
  const older =
    event.updated !== undefined && watermark.updated !== undefined && before(event.updated, watermark.updated)
  if (fingerprint !== watermark.fingerprint) return older ? { code: 'STALE', do: 'silent' } : undefined
  // The event answers again: recorded once, so that nobody is told any longer that it does not.
  return { code: 'STALE', do: reference.setAside.UNKNOWN === undefined ? 'silent' : 'settle' }
}

/** The numbers are those of docs/rules.md. Rules 1, 5 and 9 need no event and are in `decideLook`. */
const rules: readonly Rule[] = [
  // 2
  stale,
  // 3
  ({ booking, look }) =>
    before(look.observedAt, booking.factsAt) ? { code: 'LOOK_AGAIN', do: 'silent' } : undefined,
  // 4
  ({ booking }) =>
    booking.status !== 'ACCEPTED' ? { code: 'BOOKING_NOT_ACCEPTED', do: 'set-aside' } : undefined,
  // 6
  ({ event, reference }) =>
    // A tombstone need not say whose copy it was.
    (event.organizerSelf ?? !reference.colleagues) ? undefined : { code: 'NOT_ORGANISER', do: 'settle' },
  // 7
  ({ booking, context }) =>
    before(context.now, booking.times.start) ? undefined : { code: 'BOOKING_IN_PAST', do: 'settle' },
  // 8 (the event is alive in another synced calendar of the host) comes here
  // 10
  ({ event, reference }) => {
    if (event.status !== 'cancelled') return undefined
    return reference.confirmed
      ? { code: 'DELETED_IN_CALENDAR', do: 'cancel' }
      : { code: 'REFERENCE_UNCONFIRMED', do: 'set-aside' }
  },
  // 11 (the host declined) and 12 (all attendees declined) come here
  // 13
  ({ event }) => (event.times?.allDay ? { code: 'ALL_DAY', do: 'settle' } : undefined),
  // 14
  ({ booking, event: { times } }) =>
    times && !times.allDay && sameTimes(times, booking.times)
      ? { code: 'NO_TIME_CHANGE', do: 'settle' }
      : undefined,
  // 15
  ({ event: { times }, context }) =>
    times && !times.allDay && !before(context.now, times.start)
      ? { code: 'NEW_TIME_IN_PAST', do: 'settle' }
      : undefined,
  // 16
  ({ event: { times } }) =>
    times && !times.allDay ? { code: 'RESCHEDULED', do: 'reschedule', next: times } : undefined,
]

/** Decides one look at one booking. Events are to be appended as they are; the empty list changes nothing. */
export function decideLook(booking: Booking, look: Look, context: LookContext): LookDecision {
  if (booking.kind === 'UNTRACKED') return silent('NOT_LINKED')
  if (booking.kind === 'CLOSED') return decideClosed(booking, look, context)
  const reference = findReference(booking, look)
  if (reference === undefined) return silent('NOT_LINKED')
  // 9
  if ('unknown' in look.result) return decideUnknown(booking, reference, look, context)
  const event = look.result.seen
  const facts = { booking, reference, look, context, event, fingerprint: fingerprintOf(event) }
  for (const rule of rules) {
    const verdict = rule(facts)
    if (verdict) return carryOut(verdict, facts)
  }
  // Neither cancelled nor with times: nothing can be told from it.
  return silent('UNKNOWN')
}

const silent = (code: DecisionCode): LookDecision => ({ code, events: [], acts: false })

/** An event that is there again after we cancelled is a person's to judge: nothing opens a booking again. */
function decideClosed(closed: ClosedBooking, look: Look, context: LookContext): LookDecision {
  const booking = closed.cancelledHere ? closed.was : undefined
  const reference = booking && findReference(booking, look)
  const event = 'seen' in look.result ? look.result.seen : undefined
  if (booking === undefined || reference === undefined || event === undefined) return silent('BOOKING_CLOSED')
  if (event.status === 'cancelled' || !before(context.now, booking.times.start))
    return silent('BOOKING_CLOSED')
  const facts = { booking, reference, look, context, event, fingerprint: fingerprintOf(event) }
  return carryOut(stale(facts) ?? { code: 'EVENT_RESTORED', do: 'settle' }, facts)
}

/** Nothing is decided on a failed look. After an hour it is recorded once, so that a person is told. */
function decideUnknown(
  booking: OpenBooking,
  reference: Reference,
  look: Look,
  context: LookContext,
): LookDecision {
  const fingerprint = 'unknown' in look.result ? look.result.unknown : ''
  const patience = 3_600_000
  if (booking.status !== 'ACCEPTED') return silent('BOOKING_NOT_ACCEPTED')
  if (!before(context.now, booking.times.start)) return silent('BOOKING_IN_PAST')
  if ((context.unknownForMs ?? 0) < patience || reference.setAside.UNKNOWN !== undefined)
    return silent('UNKNOWN')
  const event: ExternalEvent = { id: look.externalEventId, status: 'confirmed' }
  const facts = { booking, reference, look, context, event, fingerprint }
  return { code: 'UNKNOWN', events: [ignored(facts, 'UNKNOWN', false)], acts: false }
}

function carryOut(verdict: Verdict, facts: Facts): LookDecision {
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
): boolean => at !== undefined && (updated === undefined || !before(at, updated))

/** A difference that was there when the booking was linked is nobody's change since. */
function differedWhenLinked({ reference, event, context, fingerprint }: Facts): boolean {
  if (reference.looked || isSpokenOf(event, context.releasedAt)) return false
  if (event.updated !== undefined) return !before(reference.linkedAt, event.updated)
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

function ignored(
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
