// Words for stories about one booking: on 24 November 2026 from 10:00 to 10:30 UTC, told the day before.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import {
  announceClosing,
  keepOpen,
  recordBookingTimes,
  reportOutcome,
  type StatedBooking,
  trackBooking,
} from '../../domain/booking/facts.ts'
import type { Look, LookContext, LookDecision } from '../../domain/booking/look.ts'
import { decideLook } from '../../domain/booking/rules.ts'
import {
  type Booking,
  type CancelledBooking,
  type OpenBooking,
  trackedPart,
} from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import { defined } from '../../domain/optional-fields.ts'
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

export const told = (more: Partial<StatedBooking> = {}): StatedBooking => ({
  bookingUid: 'booking1',
  userId: 'user1',
  status: 'ACCEPTED',
  times: from('10:00'),
  references: [{ ...reference, confirmed: true }],
  at: minute(0).toString(),
  ...more,
})

export const tracks =
  (more: Partial<StatedBooking> = {}) =>
  (state: Booking) =>
    trackBooking(state, told(more))

export const records = (times: Times, n: number) => (state: Booking) =>
  recordBookingTimes(state, { times, at: minute(n).toString() })

/** Cal.com announces the booking's end. */
export const announces = (n: number) => (state: Booking) =>
  announceClosing(state, {
    bookingUid: 'booking1',
    reason: 'CANCELLED_IN_CALCOM',
    at: minute(n).toString(),
  })

/** Cal.com's answer says that it is open. */
export const keeps = (n: number) => (state: Booking) =>
  keepOpen(state, { reason: 'OPEN_IN_CALCOM', at: minute(n).toString() })

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
      ...defined({
        start: more.times?.start.toString(),
        end: more.times?.end.toString(),
        newBookingUid: more.newBookingUid,
      }),
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

/** The fingerprint of an event so written: watermarks keep it in streams. */
export const fingerprint = (n: number, { start, end }: Times): string =>
  `"${n}" ${start.epochMilliseconds}-${end.epochMilliseconds}`

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

type Shown = ExternalEvent | { unknown: string }

/** A look at the event: what it came to. */
export const sees = (shown: Shown, { calendarKey = 'key1', ...more }: LookMore = {}) =>
  seesAll([{ calendarKey, shown }], more)

/** A look at several events. */
export const seesAll =
  (sights: readonly { calendarKey?: string; id?: string; shown: Shown }[], more: LookMore = {}) =>
  (state: Booking): LookDecision => {
    const { began = 60, ...context } = more
    const look: Look = {
      observedAt: minute(began),
      sights: sights.map(({ calendarKey = 'key1', id = 'event1', shown }) => ({
        calendarKey,
        externalEventId: 'id' in shown ? shown.id : id,
        result: 'id' in shown ? { seen: shown } : shown,
      })),
    }
    return decideLook(state, look, { now: minute(began), mode: 'apply', ...context })
  }

/** An accepted booking that is linked to its event since minute 0. */
export const linked = () => given(bookingAggregate).when(tracks())

/** What is known of the booking, also when it was closed. */
export function tracked(state: Booking): OpenBooking | CancelledBooking {
  const known = trackedPart(state)
  if (known === undefined) throw new Error(`nothing is known of the booking, which is ${state.kind}`)
  return known
}

/** The booking, which has to be open. */
export function open(state: Booking): OpenBooking {
  if (state.kind !== 'OPEN') throw new Error(`the booking is ${state.kind}`)
  return state
}
