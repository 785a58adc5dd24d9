// The rules: what a change in the calendar does to a booking. One entry of the table below for each rule, evaluated top
// to bottom, the first that fits wins. Pure: time and policy are given.

import type { ExternalEvent } from '../external-event.ts'
import { isBefore, sameTimes } from '../times.ts'
import {
  carryOut,
  type Facts,
  fingerprintOf,
  ignored,
  type Look,
  type LookContext,
  type LookDecision,
  silent,
  type Verdict,
} from './look.ts'
import { findReference } from './references.ts'
import type { Booking, ClosedBooking, OpenBooking, Reference } from './state.ts'

type Rule = (facts: Facts) => Verdict | undefined

const stale: Rule = ({ reference, event, fingerprint }) => {
  const { watermark } = reference
  if (watermark === undefined) return undefined
  const older =
    event.updated !== undefined &&
    watermark.updated !== undefined &&
    isBefore(event.updated, watermark.updated)
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
    isBefore(look.observedAt, booking.factsAt) ? { code: 'LOOK_AGAIN', do: 'silent' } : undefined,
  // 4
  ({ booking }) =>
    booking.status !== 'ACCEPTED' ? { code: 'BOOKING_NOT_ACCEPTED', do: 'set-aside' } : undefined,
  // 6
  ({ event, reference }) =>
    // A tombstone need not say whose copy it was.
    (event.organizerSelf ?? !reference.colleagues) ? undefined : { code: 'NOT_ORGANISER', do: 'settle' },
  // 7
  ({ booking, context }) =>
    isBefore(context.now, booking.times.start) ? undefined : { code: 'BOOKING_IN_PAST', do: 'settle' },
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
    times && !times.allDay && !isBefore(context.now, times.start)
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

/** An event that is there again after we cancelled is a person's to judge: nothing opens a booking again. */
function decideClosed(closed: ClosedBooking, look: Look, context: LookContext): LookDecision {
  const booking = closed.cancelledHere ? closed.was : undefined
  const reference = booking && findReference(booking, look)
  const event = 'seen' in look.result ? look.result.seen : undefined
  if (booking === undefined || reference === undefined || event === undefined) return silent('BOOKING_CLOSED')
  if (event.status === 'cancelled' || !isBefore(context.now, booking.times.start))
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
  if (!isBefore(context.now, booking.times.start)) return silent('BOOKING_IN_PAST')
  if ((context.unknownForMs ?? 0) < patience || reference.setAside.UNKNOWN !== undefined)
    return silent('UNKNOWN')
  const event: ExternalEvent = { id: look.externalEventId, status: 'confirmed' }
  const facts = { booking, reference, look, context, event, fingerprint }
  return { code: 'UNKNOWN', events: [ignored(facts, 'UNKNOWN', false)], acts: false }
}
