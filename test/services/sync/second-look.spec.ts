import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('The second look')

const MINUTE = 60_000
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

test(
  'deleted and restored within the grace is nothing',
  inSync({ settings: { cancelGraceMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.pass(30_000)
    sync.google.restoreEvent(booking.host.calendarId, booking.eventId)
    await sync.pass(10 * MINUTE)
    assert.equal(await sync.published(), [])
    assert.is((await sync.booking(booking.uid)).kind, 'OPEN')
  }),
)

test(
  'an event that stays deleted is looked at once more after the grace, and then cancels',
  inSync({ settings: { cancelGraceMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.pass(50_000)
    assert.equal(await sync.published(), [])
    await sync.pass(20_000)
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'a move waits for no cancellation grace',
  inSync({ settings: { cancelGraceMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(10_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

const failures = [
  ['404', { status: 404, reason: 'notFound' }],
  ['403', { status: 403, reason: 'forbidden' }],
  ['410', { status: 410, reason: 'deleted' }],
  ['500', { status: 500, reason: 'backendError' }],
  ['no answer', { drop: true }],
] as const

for (const [name, fault] of failures)
  test(
    `${name} from events.get decides nothing; a person is told once after an hour; it acts once there is an answer`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      const { calendarId } = booking.host
      sync.google.faults.set({ id: 'f', calendarId, methods: ['get'], ...fault })
      sync.google.delete(calendarId, booking.eventId)
      await sync.pass(50 * MINUTE)
      assert.equal(await sync.decisions(booking.uid), ['NO_TIME_CHANGE'])
      await sync.pass(120 * MINUTE)
      assert.equal(await sync.decisions(booking.uid), ['NO_TIME_CHANGE', 'UNKNOWN'])
      assert.is((await bookingById(sync.ports.readStore, booking.uid))?.attention, 'UNKNOWN')
      assert.equal(await sync.published(), [])
      sync.google.faults.clear({ id: 'f' })
      await sync.pass(16 * MINUTE)
      assert.equal(await published(sync), ['BookingCancelled'])
    }),
  )

test(
  'a person is told no longer of an event that answers again as it did before',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    const attention = async () => (await bookingById(sync.ports.readStore, booking.uid))?.attention
    sync.google.faults.set({ id: 'f', calendarId, methods: ['get'], status: 403, reason: 'forbidden' })
    await sync.command(SetSyncPolicy, { mode: 'apply' })
    await sync.pass(90 * MINUTE)
    assert.is(await attention(), 'UNKNOWN')
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(30 * MINUTE)
    assert.is(await attention(), undefined)
  }),
)

test(
  'a look that Google asks to wait for is taken then, and not before',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const before = sync.asked('get').length
    sync.google.faults.set({
      methods: ['get'],
      times: 1,
      reason: 'rateLimitExceeded',
      retryAfterSeconds: 300,
    })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(290_000)
    assert.is(sync.asked('get').length - before, 1)
    await sync.pass(20_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'of two calendars that hold a booking, the one that does not answer is told of, though the other does',
  inSync({}, async (sync) => {
    const [host, other] = [await sync.host(1), await sync.host(2)]
    const booking = await sync.book(host)
    const at = { dateTime: booking.start.toString() }
    const second = sync.google.insert(other.calendarId, {
      start: at,
      end: { dateTime: booking.end.toString() },
    })
    const stored = sync.calcom.store.booking(booking.uid)
    if (stored === undefined) throw new Error('no booking')
    sync.calcom.store.addReference(stored, {
      externalEventId: second.id,
      externalCalendarId: other.calendarId,
    })
    await sync.ports.queue.signal({ kind: 'references', key: booking.uid }, { cause: { poll: true } })
    await sync.settle()
    sync.google.faults.set({ calendarId: other.calendarId, methods: ['get'], reason: 'backendError' })
    sync.google.delete(other.calendarId, second.id)
    await sync.pass(120 * MINUTE)
    assert.is((await bookingById(sync.ports.readStore, booking.uid))?.attention, 'UNKNOWN')
  }),
)

test.run()
