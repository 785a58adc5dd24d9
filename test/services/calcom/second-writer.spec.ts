import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { eventConsumer } from '../../support/event-consumer.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Cal.com’s own calendar sync beside this service')

const DAY = 86_400_000
const told = async (sync: SyncFixture, inMs = 0) => {
  const now = () => sync.clock.now().add({ milliseconds: inMs })
  return (await whatNeedsPerson({ ...sync.ports, now })).filter(({ code }) => code === 'SECOND_WRITER')
}
const noticed = async (sync: SyncFixture) =>
  (await sync.eventsOf('booking')).filter(({ type }) => type === 'SecondWriterNoticed').length
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

for (const view of [true, false])
  for (const newReferences of [true, false])
    test(
      `that is first moves the booking, once, and a person is told${view ? '' : ' (without the API)'}${newReferences ? '' : ' (the new booking has no references)'}`,
      inSync({ view, settings: { echoGraceMs: 10_000 } }, async (sync) => {
        sync.calcom.ownSync.set({ newReferences })
        const booking = await sync.book(await sync.host())
        assert.equal(await told(sync), [])
        sync.drag(booking, booking.start.add({ hours: 3 }))
        const [next = ''] = await sync.during(sync.calcom.ownSync.run())
        await sync.settle()
        await sync.pass(60_000)
        assert.is(await kindOf(sync, booking.uid), `RESCHEDULED to ${next}`)
        assert.equal(await published(sync), [])
        const [one, ...more] = await told(sync)
        assert.equal([one?.bookingUid, more], [undefined, []], 'the deployment is told of, not a booking')
        assert.ok(one?.sentence.includes(`the booking ${next}`), one?.sentence)

        assert.is((await told(sync, 6 * DAY)).length, 1)
        assert.equal(await told(sync, 8 * DAY), [], 'no longer once it has not been seen for a week')
      }),
    )

test(
  'that cancels first cancels once, and a person is told',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.during(sync.calcom.ownSync.run())
    await sync.settle()
    await sync.pass(60_000)
    assert.is(await kindOf(sync, booking.uid), 'CANCELLED_IN_CALCOM')
    assert.equal(await published(sync), [])
    assert.is((await told(sync)).length, 1)
  }),
)

test(
  'that comes second has nothing left to do',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const consumer = eventConsumer(sync)
    sync.drag(booking, booking.start.add({ hours: 3 }))
    await sync.settle()
    await consumer.consume()
    await sync.settle()
    assert.equal(await sync.during(sync.calcom.ownSync.run()), [])
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.equal(await told(sync), [])
  }),
)

test(
  'is not suspected where guest and host reschedule and cancel, nor for what it did long ago',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { start } = booking
    const by = 'host-1@example.com'
    const reason = 'event moved in calendar'
    const b = await finish(
      sync,
      sync.calcom.reschedule(booking.uid, { start: start.add({ hours: 5 }), by, reason }),
    )
    await finish(sync, sync.calcom.cancel(b, { by, reason: 'Cancelled' }))
    await sync.pass(60_000)
    assert.equal(await told(sync), [])

    const other = await sync.book(booking.host, { inHours: 1000 })
    sync.drag(other, other.start.add({ hours: 3 }))
    const [moved = ''] = await sync.during(sync.calcom.ownSync.run())
    await sync.settle()
    await sync.pass(DAY / 12)
    assert.is(await noticed(sync), 1)
    // What its mark was noted with is handed on to the next booking.
    await finish(sync, sync.calcom.reschedule(moved, { start: other.start.add({ hours: 9 }) }))
    await sync.pass(60_000)
    assert.is(await noticed(sync), 1)
  }),
)

test.run()
