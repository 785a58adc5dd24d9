// Words for stories about one booking: on 24 November 2026 from 10:00 to 10:30 UTC, told the day before.
import { bookingAggregate } from '../../commands/aggregates.ts'
import {
  recordBookingTimes,
  reportOutcome,
  type ToldBooking,
  trackBooking,
} from '../../domain/booking/facts.ts'
import type { LookContext, LookDecision } from '../../domain/booking/look.ts'
import { decideLook } from '../../domain/booking/rules.ts'
import type { Booking, OpenBooking, StoredReference } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Times } from '../../domain/times.ts'
import { given } from './given.ts'

/** So many minutes after 08:00 UTC on the day before. */
export const minute = (n: number): Temporal.Instant =>
  Temporal.Instant.from('2026-11-23T08:00:00Z').add({ minutes: n })

/** Half an hour from a time of the day, in UTC. */
export function from(time: string, minutes = 30, day = '2026-11-24'): Times {
  const start = Temporal.Instant.from(`${day}T${time}:00Z`)
  return { start, end: start.add({ minutes }) }
}

export const reference: StoredReference = {
  provider: 'google',
  calendarKey: 'key1',
  externalEventId: 'event1',
}

export const told = (more: Partial<ToldBooking> = {}): ToldBooking => ({
  bookingUid: 'booking1',
  userId: 'user1',
  status: 'ACCEPTED',
  times: from('10:00'),
  references: [{ ...reference, confirmed: true }],
  at: minute(0).toString(),
  ...more,
})

export const tracks =
  (more: Partial<ToldBooking> = {}) =>
  (state: Booking) =>
    trackBooking(state, told(more))

export const records = (times: Times, n: number) => (state: Booking) =>
  recordBookingTimes(state, { times, at: minute(n).toString() })

export const reports =
  (
    sequence: number,
    outcome: 'APPLIED' | 'REFUSED' | 'SUPERSEDED',
    n: number,
    more: { times?: Times; newBookingUid?: string } = {},
  ) =>
  (state: Booking) =>
    reportOutcome(state, {
      bookingUid: 'booking1',
      eventId: `published${sequence}`,
      sequence,
      outcome,
      ...(more.times && { start: more.times.start.toString(), end: more.times.end.toString() }),
      ...(more.newBookingUid !== undefined && { newBookingUid: more.newBookingUid }),
      at: minute(n).toString(),
    })

/** The event as it was written in minute `n`, which is its version too. */
export const written = (n: number, times: Times, more: Partial<ExternalEvent> = {}): ExternalEvent => ({
  id: 'event1',
  status: 'confirmed',
  etag: `"${n}"`,
  updated: minute(n),
  times: { allDay: false, ...times },
  ...more,
})

export const deleted = (n: number, more: Partial<ExternalEvent> = {}): ExternalEvent => ({
  id: 'event1',
  status: 'cancelled',
  etag: `"${n}"`,
  updated: minute(n),
  ...more,
})

export type LookMore = Partial<LookContext> & {
  /** When the look began: in this minute. By default, and by default now is: an hour after the story began. */
  began?: number
  calendarKey?: string
}

/** A look at the event: what it came to. */
export const sees =
  (
    event: ExternalEvent | { unknown: string },
    { began = 60, calendarKey = 'key1', ...context }: LookMore = {},
  ) =>
  (state: Booking): LookDecision =>
    decideLook(
      state,
      {
        provider: 'google',
        calendarKey,
        externalEventId: 'id' in event ? event.id : 'event1',
        observedAt: minute(began),
        result: 'id' in event ? { seen: event } : event,
      },
      { now: minute(began), mode: 'apply', ...context },
    )

/** An accepted booking that is linked to its event since minute 0. */
export const linked = () => given(bookingAggregate).when(tracks())

/** The booking, which has to be open. */
export function open(state: Booking): OpenBooking {
  if (state.kind !== 'OPEN') throw new Error(`the booking is ${state.kind}`)
  return state
}
