import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import {
  bookingById,
  bookings,
  bookingsNeedingAttention,
  countBookingsNeedingAttention,
  findBookings,
  rescheduledInto,
} from '../../projections/bookings.ts'
import { eventsOfBooking } from '../support/booking-events.ts'
import { append, withReadModels } from '../support/projected-events.ts'

const test = suite('bookings')
const a = eventsOfBooking('a')
const uidsOf = ({ items }: { items: readonly { bookingUid: string }[] }) =>
  items.map(({ bookingUid }) => bookingUid)
const instant = (text: string) => Temporal.Instant.from(text)

test('shows what Cal.com said, and the reference once it is linked', async () => {
  const happened = (events: EventStore) =>
    append(
      events,
      'booking',
      'a',
      a.tracked({ organizationId: 'org-1', rescheduledFromUid: 'z', status: 'PENDING' }),
      a.linked(),
      a.timesRecorded({ status: 'ACCEPTED', at: '2026-03-02T09:00:00Z' }),
    )
  await withReadModels([bookings], happened, async (readStore) => {
    assert.equal(await bookingById(readStore, 'a'), {
      bookingUid: 'a',
      userId: 'user-1',
      organizationId: 'org-1',
      status: 'ACCEPTED',
      start: '2026-03-10T09:00:00Z',
      end: '2026-03-10T10:00:00Z',
      agreement: 'AGREED',
      sequence: 0,
      references: [{ ...a.reference, confirmed: true }],
      rescheduledFromUid: 'z',
      updatedAt: '2026-03-02T09:00:00Z',
    })
  })
})

test('shows a published decision with its event until its outcome is reported', async () => {
  const happened = (events: EventStore) =>
    append(events, 'booking', 'a', a.tracked(), a.linked(), a.rescheduled(1))
  await withReadModels([bookings], happened, async (readStore, { events }) => {
    const shown = await bookingById(readStore, 'a')
    const published = (await events.readStream('booking-a')).at(-1)
    assert.equal(shown?.lastDecision, {
      code: 'RESCHEDULED',
      at: '2026-03-02T08:00:00Z',
      eventId: published?.id,
    })
    assert.equal([shown?.start, shown?.agreement, shown?.sequence], ['2026-03-11T09:00:00Z', 'AWAITING', 1])
  })
})

test('tells why a booking is closed, and where it went', async () => {
  const [b, c, d] = [eventsOfBooking('b'), eventsOfBooking('c'), eventsOfBooking('d')]
  const happened = async (events: EventStore) => {
    await append(events, 'booking', 'a', a.tracked(), a.cancelled(1, { reason: 'HOST_DECLINED' }))
    await append(
      events,
      'booking',
      'b',
      b.tracked(),
      b.closed({ reason: 'RESCHEDULED', rescheduledToUid: 'x' }),
    )
    await append(events, 'booking', 'c', c.tracked(), c.closed({ reason: 'REJECTED_IN_CALCOM' }))
    await append(events, 'booking', 'd', d.closed())
  }
  await withReadModels([bookings], happened, async (readStore) => {
    const shown = await Promise.all(['a', 'b', 'c', 'd'].map((uid) => bookingById(readStore, uid)))
    assert.equal(
      shown.map((one) => [one?.status, one?.closedReason, one?.rescheduledToUid]),
      [
        ['CANCELLED', 'HOST_DECLINED', undefined],
        ['RESCHEDULED', 'RESCHEDULED', 'x'],
        ['REJECTED', 'REJECTED_IN_CALCOM', undefined],
        ['CANCELLED', 'CANCELLED_IN_CALCOM', undefined],
      ],
    )
    assert.is(shown[3]?.userId, undefined)
  })
})

test('pages by user and start, the end of the span excluded', async () => {
  const starts = {
    a: '2026-03-10T09:00:00Z',
    b: '2026-03-10T08:00:00Z',
    c: '2026-03-11T08:00:00Z',
    d: '2026-03-10T10:00:00Z',
  }
  const happened = async (events: EventStore) => {
    for (const [uid, start] of Object.entries(starts)) {
      const booking = eventsOfBooking(uid, uid === 'd' ? 'user-2' : 'user-1')
      await append(events, 'booking', uid, booking.tracked({ start }))
    }
  }
  await withReadModels([bookings], happened, async (readStore) => {
    const day = { from: instant('2026-03-10T08:00:00Z'), to: instant('2026-03-11T08:00:00Z') }
    const page = { limit: 10 }
    assert.equal(uidsOf(await findBookings(readStore, { userId: 'user-1', ...day }, page)), ['b', 'a'])
    assert.equal(uidsOf(await findBookings(readStore, day, page)), ['b', 'a', 'd'])
    assert.equal(uidsOf(await findBookings(readStore, {}, page)), ['b', 'a', 'd', 'c'])
    assert.equal(uidsOf(await findBookings(readStore, { userId: 'user-1' }, page)), ['b', 'a', 'c'])
    assert.equal(uidsOf(await findBookings(readStore, { userId: 'user' }, page)), [])
    const first = await findBookings(readStore, { userId: 'user-1' }, { limit: 2 })
    const rest = await findBookings(readStore, { userId: 'user-1' }, { limit: 2, after: first.next ?? '' })
    assert.equal([uidsOf(first), uidsOf(rest), rest.next], [['b', 'a'], ['c'], null])
  })
})

test('lists what needs a person until it is settled, discarded or closed', async () => {
  const of = (uid: string) => eventsOfBooking(uid)
  const happened = async (events: EventStore) => {
    const tracked = (uid: string) => [of(uid).tracked(), of(uid).linked()]
    await append(events, 'booking', 'refused', ...tracked('refused'), of('refused').rescheduled(1))
    await append(events, 'booking', 'refused', of('refused').outcome(1, { outcome: 'REFUSED' }))
    await append(events, 'booking', 'held', ...tracked('held'), of('held').ignored('FIRST_LOOK'))
    await append(
      events,
      'booking',
      'discarded',
      ...tracked('discarded'),
      of('discarded').ignored('FIRST_LOOK'),
    )
    await append(events, 'booking', 'unclear', ...tracked('unclear'), of('unclear').ignored('UNKNOWN'))
    await append(events, 'booking', 'settled', ...tracked('settled'), of('settled').ignored('UNKNOWN'))
    await append(events, 'booking', 'settled', of('settled').ignored('NO_TIME_CHANGE', { settles: true }))
    await append(events, 'booking', 'gone', ...tracked('gone'), of('gone').ignored('SERIES_CHANGED'))
    await append(events, 'booking', 'gone', of('gone').closed())
    await append(events, 'booking', 'fine', ...tracked('fine'), of('fine').ignored('BOOKING_IN_PAST'))
    await append(events, 'calendarFeed', 'calendar-1', {
      type: 'HeldChangesDiscarded',
      data: { calendarKey: 'calendar-1', bookingUids: ['discarded', 'nobody'], at: '2026-03-02T09:00:00Z' },
    })
  }
  await withReadModels([bookings], happened, async (readStore) => {
    const found = await bookingsNeedingAttention(readStore, { limit: 10 })
    assert.equal(
      found.map(({ bookingUid, show }) => [bookingUid, show().attention]),
      [
        ['held', 'FIRST_LOOK'],
        ['refused', 'DIVERGED'],
        ['unclear', 'UNKNOWN'],
      ],
    )
    assert.is(await countBookingsNeedingAttention(readStore), 3)
    const from = instant('2026-03-10T09:00:00.001Z')
    assert.is(await countBookingsNeedingAttention(readStore, { from }), 0)
    assert.equal(await bookingsNeedingAttention(readStore, { limit: 10 }, { from }), [])
    assert.is((await bookingById(readStore, 'discarded'))?.lastDecision?.dismissed, true)
  })
})

test('what is told of a booking that is over is told no longer once it is open again, or goes on as another', async () => {
  const restored = (uid: string) => {
    const of = eventsOfBooking(uid)
    return [of.tracked(), of.linked(), of.cancelled(1), of.ignored('EVENT_RESTORED', { settles: true })]
  }
  const happened = async (events: EventStore) => {
    await append(events, 'booking', 'over', ...restored('over'), eventsOfBooking('over').closed())
    await append(events, 'booking', 'open', ...restored('open'))
    await append(events, 'booking', 'open', eventsOfBooking('open').outcome(1, { outcome: 'REFUSED' }))
    const next = { reason: 'RESCHEDULED', rescheduledToUid: 'x' }
    await append(events, 'booking', 'next', ...restored('next'), eventsOfBooking('next').closed(next))
  }
  await withReadModels([bookings], happened, async (readStore) => {
    const shown = await Promise.all(['over', 'open', 'next'].map((uid) => bookingById(readStore, uid)))
    assert.equal(
      shown.map((one) => one?.attention),
      ['EVENT_RESTORED', 'DIVERGED', undefined],
    )
  })
})

test('finds the bookings that go on as another, also those closed before they were ever seen', async () => {
  const happened = async (events: EventStore) => {
    const closed = (bookingUid: string, next?: string) =>
      eventsOfBooking(bookingUid).closed(next === undefined ? {} : { rescheduledToUid: next })
    await append(events, 'booking', 'a', a.tracked(), closed('a', 'x'))
    await append(events, 'booking', 'b', closed('b', 'x'))
    await append(events, 'booking', 'c', eventsOfBooking('c').tracked(), closed('c'))
    await append(events, 'booking', 'd', closed('d', 'x|'))
  }
  await withReadModels([bookings], happened, async (readStore) => {
    assert.equal((await rescheduledInto(readStore, 'x')).sort(), ['a', 'b'])
    assert.equal(await rescheduledInto(readStore, 'x|'), ['d'])
    assert.equal(await rescheduledInto(readStore, 'a'), [])
  })
})

test.run()
