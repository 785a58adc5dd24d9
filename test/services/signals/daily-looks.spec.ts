import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { bookingReferences } from '../../../projections/booking-references.ts'
import type { ChangedDocument } from '../../../projections/projection.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { someEvent } from '../../support/events.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Looks that nothing but the time asks for')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Few turns and few lists, so that a day passes quickly. */
const slow = { cronMs: 10 * MINUTE, reconcileMs: 12 * HOUR }

const silent = (sync: SyncFixture, { host }: Linked, writes = 1) =>
  sync.google.changeCalendar(host.calendarId, { settings: { unlistedWrites: writes } })

/** The minute of the day (UTC) under which the booking is found. */
function minuteOf(uid: string): number {
  const { tracked, linked } = eventsOfBooking(uid)
  const stored = { stream: `booking-${uid}`, revision: 0, position: '', recordedAt: '' }
  let found: ChangedDocument | undefined
  for (const { type, data } of [tracked(), linked()]) {
    const [document] = bookingReferences.changes({ ...someEvent(type, data), ...stored })
    found = document?.change(found === 'remove' ? undefined : found?.put)
  }
  const [key] = (found !== 'remove' && found?.keys.byMinute) || []
  return Number(key?.split('|')[0])
}

/** A booking in so many hours whose minute of the day comes in about so many minutes. */
async function book(sync: SyncFixture, host: Host, inHours: number, inMinutes: number): Promise<Linked> {
  const now = Math.floor(sync.clock.now().epochMilliseconds / MINUTE)
  const isMeant = (uid: string) => (minuteOf(uid) + 1_440 - ((now + inMinutes) % 1_440)) % 1_440 < 10
  const uid = Array.from({ length: 20_000 }, (_, n) => `booking-${n}`).find(isMeant) ?? ''
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: inHours })
  const end = start.add({ minutes: 30 })
  const [from, to] = [start, end].map((at) => ({ dateTime: at.toString(), timeZone: 'Europe/London' }))
  const { id: eventId } = sync.google.insert(host.calendarId, { ...(from && to && { start: from, end: to }) })
  const reference = { provider: 'google', externalCalendarId: host.calendarId, externalEventId: eventId }
  const times = { start: start.toString(), end: end.toString() }
  await sync.command(TrackBooking, {
    bookingUid: uid,
    userId: host.userId,
    ...times,
    references: [reference],
  })
  await sync.settle()
  return { uid, eventId, start, end, host }
}

test(
  'a change that no list ever mentions is found within a day',
  inSync({ view: false, settings: slow }, async (sync) => {
    const host = await sync.host()
    const booking = await book(sync, host, 60, 60)
    const same = await book(sync, host, 62, 70)
    silent(sync, booking)
    const to = booking.start.add({ hours: 1 })
    sync.drag(booking, to)
    await sync.settle()
    assert.equal(await sync.published(), [])
    await sync.pass(2 * HOUR)
    const [moved, ...more] = await sync.published()
    assert.is(moved?.type === 'BookingRescheduled' && moved.data.next.start, to.toString())
    assert.equal(moved?.metadata.cause, { poll: true, reason: 'DAILY' })
    assert.equal(more, [])
    assert.equal(await sync.decisions(same.uid), ['NO_TIME_CHANGE'])
  }),
)

test(
  'of a cancelled booking whose event was there again nobody is told any longer once no list mentions that it is gone',
  inSync({ view: false, settings: { ...slow, cancelGraceMs: 0 } }, async (sync) => {
    const booking = await book(sync, await sync.host(), 60, 60)
    const { calendarId } = booking.host
    sync.google.delete(calendarId, booking.eventId)
    await sync.pass(2 * MINUTE)
    sync.google.restoreEvent(calendarId, booking.eventId)
    await sync.settle()
    assert.is((await sync.decisions(booking.uid)).at(-1), 'EVENT_RESTORED')
    silent(sync, booking)
    sync.google.delete(calendarId, booking.eventId)
    await sync.pass(2 * HOUR)
    assert.is((await sync.decisions(booking.uid)).at(-1), 'RESTORED_NO_MORE')
    await sync.pass(30 * HOUR)
    assert.equal(sync.dailyLooks, ['DAILY'])
  }),
)

test(
  'timed to all-day and back, both silent: told, and taken back',
  inSync({ view: false, settings: { ...slow, cronMs: MINUTE } }, async (sync) => {
    const booking = await book(sync, await sync.host(), 3, 60)
    const { calendarId } = booking.host
    const day = booking.start.toZonedDateTimeISO('Europe/London').toPlainDate()
    silent(sync, booking, 2)
    sync.google.drag(calendarId, booking.eventId, {
      start: day.toString(),
      end: day.add({ days: 1 }).toString(),
    })
    await sync.pass(90 * MINUTE)
    assert.is((await sync.decisions(booking.uid)).at(-1), 'ALL_DAY')
    sync.drag(booking, booking.start, booking.end)
    await sync.pass(2 * HOUR)
    assert.equal((await sync.decisions(booking.uid)).slice(-2), ['ALL_DAY', 'NO_TIME_CHANGE'])
    assert.equal(sync.dailyLooks, ['DAILY', 'BEFORE_START'])
    assert.equal(await sync.published(), [])
  }),
)

test(
  'shortly before it starts a booking is looked at once more',
  inSync({ settings: { ...slow, cronMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host(), { inHours: 3 })
    const minutes = (before: number) =>
      sync.clock.now().until(booking.start).total('milliseconds') - before * MINUTE
    await sync.pass(minutes(60))
    silent(sync, booking)
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.pass(minutes(32))
    assert.equal(await sync.published(), [])
    await sync.pass(minutes(15))
    const [cancelled] = await sync.published()
    assert.is(cancelled?.type, 'BookingCancelled')
    assert.equal(cancelled?.metadata.cause, { poll: true, reason: 'BEFORE_START' })
  }),
)

test(
  'each booking is looked at once a day, at a minute of its own, and counted; restarts and wakes double nothing',
  inSync({ settings: slow }, async (sync) => {
    const host = await sync.host()
    const bookings: Linked[] = []
    for (let n = 0; n < 12; n++) bookings.push(await sync.book(host, { inHours: 100 + n }))
    const before = sync.asked('get').length
    for (let step = 0; step < 24; step++) {
      await sync.pass(HOUR)
      sync.wakeCrons()
      if (step === 11) await sync.restart()
    }
    const daily = sync.dailyLooks.filter((why) => why === 'DAILY').length
    assert.ok(Math.abs(daily - 12) <= 1, `${daily} looks in a day at twelve bookings`)
    assert.is(sync.asked('get').length - before, sync.dailyLooks.length, 'one call each')
    assert.equal(await sync.published(), [])
  }),
)

test('the minutes of many bookings are spread over the day', () => {
  const perHour = Array<number>(24).fill(0)
  const count = 24_000
  for (let n = 0; n < count; n++) {
    const hour = Math.floor(minuteOf(`booking-${n}-of-many`) / 60)
    perHour[hour] = (perHour[hour] ?? 0) + 1
  }
  assert.ok(Math.min(...perHour) > 800 && Math.max(...perHour) < 1200, perHour.join(' '))
})

test(
  'what was missed while the service stood still is caught up with, little by little',
  inSync({ settings: { ...slow, cronMs: MINUTE } }, async (sync) => {
    const host = await sync.host()
    for (let n = 0; n < 12; n++) await sync.book(host, { inHours: 100 + n })
    await sync.pass(2 * MINUTE)
    const role = { kind: 'role-daily-looks', key: 'daily-looks' } as const
    await sync.ports.queue.signal(role, { cause: { poll: true } })
    const lease = await sync.ports.queue.lease({ leaseMs: 1_000, kinds: [role.kind] })
    if (lease === undefined) return assert.unreachable()
    const now = Math.floor(sync.clock.now().epochMilliseconds / MINUTE)
    await sync.ports.queue.complete(lease, { memo: { daily: now - 24 * 60, soon: now } })
    const before = sync.dailyLooks.length
    await sync.pass(10 * MINUTE)
    const soon = sync.dailyLooks.length - before
    await sync.pass(3 * HOUR)
    assert.ok(soon < 6, `${soon} in ten minutes`)
    assert.ok(sync.dailyLooks.length - before >= 12)
  }),
)

test(
  'a calendar that cannot be read is left alone: it is told of once, not once a booking',
  inSync({ view: false, settings: { ...slow, reconcileMs: 15 * MINUTE } }, async (sync) => {
    const booking = await book(sync, await sync.host(), 90, 60)
    const other = await book(sync, await sync.host(2), 90, 70)
    sync.google.changeCalendar(booking.host.calendarId, { settings: { gone: true } })
    await sync.pass(2 * HOUR)
    assert.equal(sync.dailyLooks, ['DAILY'])
    assert.is(
      sync.asked('get', booking.host.calendarId).length,
      2,
      'when linked, and before it is held as gone',
    )
    assert.is(sync.asked('get', other.host.calendarId).length, 2)
    assert.equal(await sync.published(), [])
  }),
)

test.run()
