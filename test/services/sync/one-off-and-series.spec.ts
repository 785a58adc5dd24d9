import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { open } from '../../support/booking-story.ts'
import { dailySeries, trackDay } from '../../support/daily-series.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('One-off events that become series, and series that become one-off events')

const HOUR = 3_600_000
const stamp = (at: Temporal.Instant) => at.toString().replaceAll(/[-:]/g, '')
const weekday = (at: Temporal.Instant, days = 0) =>
  ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][
    (at.toZonedDateTimeISO('Europe/London').dayOfWeek - 1 + days) % 7
  ]

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const attention = async (sync: SyncFixture, uid: string) => (await sync.decisions(uid)).at(-1)

/** The event of the booking repeats from now on, by this rule. */
async function repeats(sync: SyncFixture, { host, eventId }: Linked, rule: string, more = {}) {
  sync.google.patch(host.calendarId, eventId, { recurrence: [`RRULE:${rule}`], ...more })
  await sync.settle()
}

/** A booking of an event of its own; without a view of Cal.com it is told of directly. */
async function bookOne(sync: SyncFixture, view: boolean): Promise<Linked> {
  const host = await sync.host()
  if (view) return sync.book(host)
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
  const end = start.add({ minutes: 30 })
  const { id: eventId } = sync.google.insert(host.calendarId, {
    start: { dateTime: start.toString(), timeZone: 'Europe/London' },
    end: { dateTime: end.toString(), timeZone: 'Europe/London' },
  })
  await sync.command(TrackBooking, {
    bookingUid: 'one',
    userId: host.userId,
    start: start.toString(),
    end: end.toString(),
    references: [{ provider: 'google', externalCalendarId: host.calendarId, externalEventId: eventId }],
  })
  await sync.settle()
  return { uid: 'one', eventId, start, end, host }
}

const referenceOf = async (sync: SyncFixture, uid: string) => {
  const [reference] = open(await sync.booking(uid)).references
  return reference?.stored
}

for (const view of [true, false]) {
  const how = view ? '' : ', where Cal.com cannot be asked'

  test(
    `an event made to repeat: the booking stands for the occurrence at its start, and is cancelled with it${how}`,
    inSync({ view }, async (sync) => {
      const booking = await bookOne(sync, view)
      await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5')
      const occurrence = `${booking.eventId}_${stamp(booking.start)}`
      const stored = await referenceOf(sync, booking.uid)
      assert.is(stored?.externalEventId, occurrence)
      assert.is(stored?.recurringEventId, booking.eventId)
      assert.is(stored?.originalStart, booking.start.toString())
      assert.equal(await sync.published(), [])
      sync.google.delete(booking.host.calendarId, occurrence)
      await sync.settle()
      assert.equal(await published(sync), ['BookingCancelled'])
    }),
  )

  test(
    `made to repeat and its first occurrence removed before anybody looked${how}`,
    inSync({ view }, async (sync) => {
      const booking = await bookOne(sync, view)
      const { calendarId } = booking.host
      sync.google.settings.push.drop = 1
      sync.google.patch(calendarId, booking.eventId, { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=5'] })
      sync.google.delete(calendarId, `${booking.eventId}_${stamp(booking.start)}`)
      await sync.pass(HOUR)
      assert.equal(await published(sync), ['BookingCancelled'])
      sync.google.patch(calendarId, booking.eventId, { summary: 'The others go on' })
      await sync.pass(HOUR)
      assert.is(
        (await sync.decisions(booking.uid)).at(-1),
        'BookingCancelled',
        'its event is not there again',
      )
    }),
  )
}

test(
  'another occurrence is nobody’s: neither its deletion nor its move says anything of the booking',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5')
    const [second, third] = [7, 14].map((days) => booking.start.add({ hours: 24 * days }))
    if (!second || !third) return assert.unreachable()
    sync.google.delete(calendarId, `${booking.eventId}_${stamp(second)}`)
    const moved = { start: third.add({ hours: 2 }).toString() }
    sync.google.drag(calendarId, `${booking.eventId}_${stamp(third)}`, moved)
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.is(open(await sync.booking(booking.uid)).agreement, 'AGREED')
  }),
)

test(
  'the occurrence of the booking is moved by itself: so is the booking',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5')
    const to = booking.start.add({ hours: 5 }).toString()
    sync.google.drag(booking.host.calendarId, `${booking.eventId}_${stamp(booking.start)}`, { start: to })
    await sync.settle()
    const [moved] = await sync.published()
    assert.is(moved?.type === 'BookingRescheduled' && moved.data.next.start, to)
    assert.is((await sync.published()).length, 1)
  }),
)

test(
  'the whole series is dragged: the booking moves with its occurrence',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await repeats(sync, booking, `FREQ=WEEKLY;BYDAY=${weekday(booking.start)}`)
    const to = booking.start.add({ hours: 24 })
    sync.google.drag(booking.host.calendarId, booking.eventId, { start: to.toString() })
    await sync.settle()
    const [moved] = await sync.published()
    assert.is(moved?.type === 'BookingRescheduled' && moved.data.next.start, to.toString())
    assert.is((await sync.published()).length, 1)
  }),
)

for (const full of [false, true])
  test(
    `another rule leaves no occurrence at the booking's start: cancelled${full ? ', found by a full sync' : ''}`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5')
      if (full) {
        sync.google.settings.push.drop = 1
        sync.google.expireSyncTokens(booking.host.calendarId)
      }
      await repeats(sync, booking, `FREQ=WEEKLY;COUNT=5;BYDAY=${weekday(booking.start, 2)}`)
      if (full) await sync.pass(HOUR)
      assert.equal(await published(sync), ['BookingCancelled'])
    }),
  )

test(
  'made to repeat on another day at once: cancelled',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await repeats(sync, booking, `FREQ=WEEKLY;COUNT=5;BYDAY=${weekday(booking.start, 2)}`)
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'moved and made to repeat at once: the first occurrence is what the event was moved to',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const [start, end] = [booking.start, booking.end].map((at) => ({
      dateTime: at.add({ hours: 3 }).toString(),
      timeZone: 'Europe/London',
    }))
    await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5', { start, end })
    const [moved] = await sync.published()
    assert.is(
      moved?.type === 'BookingRescheduled' && moved.data.next.start,
      booking.start.add({ hours: 3 }).toString(),
    )
  }),
)

test(
  'another rule that meets the same day at another hour is told, not guessed at',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await repeats(sync, booking, 'FREQ=WEEKLY;COUNT=5')
    const [start, end] = [booking.start, booking.end].map((at) => ({
      dateTime: at.add({ hours: 3 }).toString(),
      timeZone: 'Europe/London',
    }))
    await repeats(sync, booking, 'FREQ=DAILY;COUNT=5', { start, end })
    assert.equal(await sync.published(), [])
    assert.is(await attention(sync, booking.uid), 'SERIES_CHANGED')
  }),
)

for (const gone of ['404', 'cancelled'] as const)
  test(
    `a series that no longer repeats: one booking follows the event, the others are told (instances ${gone})`,
    inSync({}, async (sync) => {
      const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 24 })
      const made = await dailySeries(sync, first)
      for (let day = 0; day < 4; day++)
        await trackDay(sync, made, day, `${made.masterId}_${made.at(day).replaceAll(/[-:]/g, '')}`)
      await sync.settle()
      if (gone === 'cancelled')
        sync.google.changeCalendar(made.calendarId, { settings: { formerInstances: 'cancelled' } })
      sync.google.patch(made.calendarId, made.masterId, { recurrence: [] })
      await sync.settle()
      await sync.pass(HOUR)
      assert.equal(await sync.published(), [])
      for (const day of [1, 2, 3]) assert.is(await attention(sync, `day-${day}`), 'SERIES_CHANGED', `${day}`)
      const stored = await referenceOf(sync, 'day-0')
      assert.is(stored?.externalEventId, made.masterId)
      assert.is(stored?.recurringEventId, undefined)
      sync.google.drag(made.calendarId, made.masterId, { start: made.at(0, 60) })
      await sync.settle()
      assert.equal(
        (await sync.published()).map(({ type, data }) => `${type} ${data.bookingUid}`),
        ['BookingRescheduled day-0'],
      )
    }),
  )

test(
  'an instance leaves its series, then the series is deleted: its booking stays, the others are cancelled',
  inSync({ view: false, settings: { massChangeLimit: 3 } }, async (sync) => {
    const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 1 })
    const made = await dailySeries(sync, first)
    const nameOf = (day: number) => `${made.masterId}_${made.at(day).replaceAll(/[-:]/g, '')}`
    for (let day = 0; day < 4; day++) await trackDay(sync, made, day, nameOf(day))
    await sync.settle()
    sync.google.habits.detach(made.calendarId, nameOf(2))
    await sync.settle()
    assert.is((await referenceOf(sync, 'day-2'))?.recurringEventId, undefined)
    sync.google.delete(made.calendarId, made.masterId)
    await sync.settle()
    assert.equal((await sync.published()).map(({ data }) => data.bookingUid).toSorted(), [
      'day-0',
      'day-1',
      'day-3',
    ])
    sync.google.drag(made.calendarId, nameOf(2), { start: made.at(2, 60) })
    await sync.settle()
    assert.is((await sync.published()).at(-1)?.data.bookingUid, 'day-2')
  }),
)

test(
  'an instance leaves its series and the series is deleted before anybody looked',
  inSync({ view: false }, async (sync) => {
    const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 1 })
    const made = await dailySeries(sync, first)
    const nameOf = (day: number) => `${made.masterId}_${made.at(day).replaceAll(/[-:]/g, '')}`
    for (let day = 0; day < 4; day++) await trackDay(sync, made, day, nameOf(day))
    await sync.settle()
    sync.google.settings.push.drop = 1
    sync.google.habits.detach(made.calendarId, nameOf(2))
    sync.google.delete(made.calendarId, made.masterId)
    await sync.pass(HOUR)
    assert.equal((await sync.published()).map(({ data }) => data.bookingUid).toSorted(), [
      'day-0',
      'day-1',
      'day-3',
    ])
    assert.is((await referenceOf(sync, 'day-2'))?.externalEventId, nameOf(2))
  }),
)

test.run()
