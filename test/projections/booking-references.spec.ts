import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import {
  bookingReferences,
  bookingsOfEvents,
  bookingsOfOccurrences,
  bookingsOfSeries,
  openBookings,
  openBookingsFrom,
  openBookingsOfUser,
} from '../../projections/booking-references.ts'
import { eventsOfBooking } from '../support/booking-events.ts'
import { append, withReadModels } from '../support/projected-events.ts'

const test = suite('booking references')
const from = Temporal.Instant.from('2026-03-10T00:00:00Z')
const uidsOf = (found: readonly { bookingUid: string }[] | undefined) =>
  found?.map(({ bookingUid }) => bookingUid)

test('shows an open booking with its references', async () => {
  const a = eventsOfBooking('a')
  const happened = (events: EventStore) => append(events, 'booking', 'a', a.tracked(), a.linked())
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const found = await bookingsOfEvents(readStore, 'calendar-1', ['event-of-a', 'event-of-b'])
    const shown = {
      bookingUid: 'a',
      userId: 'user-1',
      open: true,
      status: 'ACCEPTED',
      start: '2026-03-10T09:00:00Z',
      end: '2026-03-10T10:00:00Z',
      references: [{ ...a.reference, confirmed: true }],
      trackedAt: '2026-03-02T08:00:00Z',
    }
    assert.equal([...found], [['event-of-a', [shown]]])
  })
})

test('lists all bookings of an event, the open one and those rescheduled away', async () => {
  const shared = { externalEventId: 'event-1' }
  const [a, b] = [eventsOfBooking('a'), eventsOfBooking('b')]
  const happened = async (events: EventStore) => {
    await append(events, 'booking', 'a', a.tracked(), a.linked(shared))
    await append(events, 'booking', 'b', b.tracked({ rescheduledFromUid: 'a' }), b.linked(shared, false))
    await append(events, 'booking', 'a', a.closed({ reason: 'RESCHEDULED', rescheduledToUid: 'b' }))
  }
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const found = await bookingsOfEvents(readStore, 'calendar-1', ['event-1', 'event-2'])
    assert.is(found.size, 1)
    const shown = found.get('event-1')?.map(({ bookingUid, open, status }) => [bookingUid, open, status])
    assert.equal(shown, [
      ['a', false, 'RESCHEDULED'],
      ['b', true, 'ACCEPTED'],
    ])
    assert.is((await bookingsOfEvents(readStore, 'calendar-2', ['event-1'])).size, 0)
    assert.is((await bookingsOfEvents(readStore, 'calendar-1', [])).size, 0)
  })
})

test('finds 2,500 events of a page among 10,000 bookings', async () => {
  const happened = async (events: EventStore) => {
    for (let n = 0; n < 10_000; n++) {
      const booking = eventsOfBooking(`b${n}`)
      void append(events, 'booking', `b${n}`, booking.tracked(), booking.linked())
    }
    await append(events, 'booking', 'last', eventsOfBooking('last').tracked())
  }
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const ids = Array.from({ length: 2_500 }, (_, n) => `event-of-b${n * 4}`)
    const found = await bookingsOfEvents(readStore, 'calendar-1', ids)
    assert.is(found.size, 2_500)
    assert.equal(uidsOf(found.get('event-of-b9996')), ['b9996'])
  })
})

test('finds an open occurrence by its series and original start, however the instant is written', async () => {
  const occurrence = { recurringEventId: 'series', originalStart: '2026-03-10T09:00:00Z' }
  const [a, b] = [eventsOfBooking('a'), eventsOfBooking('b')]
  const happened = async (events: EventStore) => {
    await append(events, 'booking', 'a', a.tracked(), a.linked(occurrence))
    await append(events, 'booking', 'b', b.tracked(), b.linked(occurrence), b.closed())
  }
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const asked = { recurringEventId: 'series', originalStart: '2026-03-10T10:00:00.000+01:00' }
    const other = { recurringEventId: 'series', originalStart: '2026-03-10T10:00:00Z' }
    const found = await bookingsOfOccurrences(readStore, 'calendar-1', [other, asked])
    assert.is(found.length, 1)
    assert.is(found[0]?.booking.bookingUid, 'a')
    assert.is(found[0]?.occurrence, asked)
    assert.equal(found[0]?.reference, { ...a.reference, ...occurrence, confirmed: true })
  })
})

test('finds the open bookings of a series together with what was split off from it', async () => {
  const happened = async (events: EventStore) => {
    for (const [uid, recurringEventId] of [
      ['a', 'series'],
      ['b', 'series_R20260310T090000'],
      ['c', 'series_R20260310T090000_R20260401T090000Z'],
      ['d', 'other'],
    ] as const) {
      const booking = eventsOfBooking(uid)
      await append(events, 'booking', uid, booking.tracked(), booking.linked({ recurringEventId }))
    }
    await append(events, 'booking', 'a', eventsOfBooking('a').cancelled(1))
  }
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const found = await bookingsOfSeries(readStore, 'calendar-1', ['series', 'none'])
    assert.equal(uidsOf(found.get('series')), ['b', 'c'])
    assert.is(found.size, 1)
  })
})

test('gives open bookings by start: of a calendar, of a user, of all', async () => {
  const happened = async (events: EventStore) => {
    const [a, b, c, d] = [
      eventsOfBooking('a'),
      eventsOfBooking('b', 'user|2'),
      eventsOfBooking('c'),
      eventsOfBooking('d'),
    ]
    await append(events, 'booking', 'a', a.tracked({ start: '2026-03-12T09:00:00Z' }), a.linked())
    // Half a second sorts before the full one only where keys have a fixed width.
    await append(events, 'booking', 'b', b.tracked({ start: '2026-03-10T08:59:59.5Z' }), b.linked())
    await append(events, 'booking', 'c', c.tracked({ start: '2026-03-09T23:59:59Z' }), c.linked())
    await append(events, 'booking', 'd', d.tracked(), d.linked(), d.closed())
  }
  await withReadModels([bookingReferences], happened, async (readStore) => {
    const ofCalendar = await Array.fromAsync(openBookingsFrom(readStore, 'calendar-1', from))
    assert.equal(uidsOf(ofCalendar), ['b', 'a'])
    const atOnce = Temporal.Instant.from('2026-03-10T08:59:59.5Z')
    assert.is((await Array.fromAsync(openBookingsFrom(readStore, 'calendar-1', atOnce))).length, 2)
    assert.equal(uidsOf(await Array.fromAsync(openBookingsOfUser(readStore, 'user|2', from))), ['b'])
    assert.equal(uidsOf(await Array.fromAsync(openBookingsOfUser(readStore, 'user', from))), [])
    const first = await openBookings(readStore, from, { limit: 1 })
    const second = await openBookings(readStore, from, { limit: 1, after: first.next ?? '' })
    assert.equal([uidsOf(first.items), uidsOf(second.items), second.next], [['b'], ['a'], null])
  })
})

test('follows a reference that moved, and opens a booking again whose cancellation was refused', async () => {
  const a = eventsOfBooking('a')
  const happened = (events: EventStore) =>
    append(
      events,
      'booking',
      'a',
      a.tracked(),
      a.linked(),
      a.moved({ calendarKey: 'calendar-2' }),
      a.cancelled(1, { calendarKey: 'calendar-2' }),
      a.outcome(1, { outcome: 'REFUSED' }),
    )
  await withReadModels([bookingReferences], happened, async (readStore) => {
    assert.is((await bookingsOfEvents(readStore, 'calendar-1', ['event-of-a'])).size, 0)
    const found = await bookingsOfEvents(readStore, 'calendar-2', ['event-of-a'])
    assert.is(found.get('event-of-a')?.[0]?.open, true)
  })
})

test('keeps a booking closed that was closed before it was ever seen', async () => {
  const a = eventsOfBooking('a')
  const happened = (events: EventStore) => append(events, 'booking', 'a', a.closed(), a.tracked(), a.linked())
  await withReadModels([bookingReferences], happened, async (readStore) => {
    assert.equal((await openBookings(readStore, from, { limit: 1 })).items, [])
    assert.is((await bookingsOfEvents(readStore, 'calendar-1', ['event-of-a'])).size, 0)
  })
})

test.run()
