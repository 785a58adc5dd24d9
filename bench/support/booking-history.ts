import { randomUUID } from 'node:crypto'
import type { BookingEvent } from '../../domain/booking/events.ts'
import { streamName } from '../../domain/domain-event.ts'
import { encode } from '../../ports/event-store/event-codec.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { appendNext } from '../../test/support/append-next.ts'
import { eventsOfBooking } from '../../test/support/booking-events.ts'

/** Bookings whose histories run side by side, so that an event's neighbours are those of other bookings. */
const COHORT = 1000
const EVENTS_OF_ONE = 8

/** Appends `count` booking events: tracked, linked, twice moved and answered, told of by Cal.com, closed there. */
export async function writeBookingHistory(events: EventStore, count: number): Promise<void> {
  let left = count
  for (let first = 0; left > 0; first += COHORT) {
    const bookings = Math.min(COHORT, Math.ceil(left / EVENTS_OF_ONE))
    const cohort = Array.from({ length: bookings }, (_, n) => historyOf(first + n))
    for (let step = 0; left > 0 && cohort.some((history) => history[step] !== undefined); step++)
      await Promise.all(
        cohort.map(async (history, n) => {
          const happened = (history[step] ?? []).slice(0, left)
          left -= happened.length
          if (happened.length === 0) return
          await appendNext(events, streamName('booking', uidOf(first + n)), happened.map(encoded))
        }),
      )
  }
}

const uidOf = (n: number) => `booking-${String(n).padStart(9, '0')}`

/** What is appended at once, one after another. */
function historyOf(n: number): BookingEvent[][] {
  const of = eventsOfBooking(uidOf(n), `user-${n % 500}`)
  const [first, second, third] = [timesOf(n), timesOf(n + 24), timesOf(n + 48)]
  const calendar = { calendarKey: `calendar-${n % 1000}` }
  const history = [
    [of.tracked(first), of.linked(calendar)],
    [of.rescheduled(1, { ...calendar, basis: first, previous: first, next: second })],
    [of.outcome(1)],
    [of.timesRecorded(second)],
    [of.rescheduled(2, { ...calendar, basis: second, previous: second, next: third })],
    [of.outcome(2)],
    [of.closed()],
  ]
  return history.map((happened, step) => happened.map((event) => recordedAt(event, n * EVENTS_OF_ONE + step)))
}

const FIRST_RECORDED = Temporal.Instant.from('2026-03-02T08:00:00.001Z')

/** No two steps of two bookings are recorded at one time, as what reads instants may remember the last ones. */
const recordedAt = (event: BookingEvent, nth: number): BookingEvent =>
  // The same event: each type's data has an `at`.
  ({
    ...event,
    data: { ...event.data, at: FIRST_RECORDED.add({ milliseconds: 37 * nth }).toString() },
  }) as BookingEvent

const FIRST_START = Temporal.Instant.from('2026-03-10T09:00:00Z')

function timesOf(hour: number): { start: string; end: string } {
  const start = FIRST_START.add({ hours: hour % 10_000 })
  return { start: start.toString(), end: start.add({ minutes: 30 }).toString() }
}

const encoded = (event: BookingEvent) =>
  encode<'booking'>(event, randomUUID(), {
    correlationId: randomUUID(),
    causationId: randomUUID(),
    actor: 'sync-worker',
  })
