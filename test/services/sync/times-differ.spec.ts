// An event that was decided on for the times that its booking had before Cal.com changed them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingById } from '../../../projections/bookings.ts'
import { begins, linkedTo, namedByHand } from '../../support/story-acts.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Times that differ')

const MINUTE = 60_000
const QUIET = { settings: { cronMs: 20 * MINUTE, reconcileMs: 60 * MINUTE } }

async function attention(sync: SyncFixture, uid: string): Promise<string | undefined> {
  await sync.projections.caughtUp('all')
  return (await bookingById(sync.ports.readStore, uid))?.attention
}

for (const view of [true, false])
  test(
    `the host moves an event back before Cal.com's word of the move has come: told after an hour, until both are alike${view ? '' : ', without the API'}`,
    inSync({ ...QUIET, view }, async (sync) => {
      const host = await sync.host()
      const booking = await sync.book(host)
      const event = { ...booking, eventId: sync.calcom.store.booking(booking.uid)?.references[0]?.uid ?? '' }
      await namedByHand(sync, event)
      sync.calcom.faults.delayWebhooksMs = 7_000
      const { uid, settled } = begins(
        sync.calcom.reschedule(booking.uid, { start: booking.start.add({ hours: 1 }) }),
      )
      // Cal.com has written the event.
      await sync.pass(0)
      sync.drag(event, booking.start)
      await sync.during(settled)
      await sync.settle()
      await sync.pass(30 * MINUTE)
      assert.is(await attention(sync, uid), undefined)
      await sync.pass(60 * MINUTE)
      await sync.settle()
      assert.is(await attention(sync, uid), 'TIMES_DIFFER')
      assert.equal(await sync.published(), [])
      sync.drag(linkedTo(sync, { ...host }, uid), booking.start.add({ hours: 1 }))
      await sync.pass(90 * MINUTE)
      await sync.settle()
      assert.is(await attention(sync, uid), undefined)
      assert.equal(await sync.published(), [])
    }),
  )

test(
  "a reschedule in Cal.com that is written into the calendar is nobody's to look at",
  inSync(QUIET, async (sync) => {
    const booking = await sync.book(await sync.host())
    const before = sync.asked('get').length
    const { uid, settled } = begins(
      sync.calcom.reschedule(booking.uid, { start: booking.start.add({ hours: 1 }) }),
    )
    await sync.during(settled)
    await sync.settle()
    await sync.pass(90 * MINUTE)
    assert.is(await attention(sync, uid), undefined)
    assert.ok(sync.asked('get').length - before <= 3, `${sync.asked('get').length - before} calls`)
  }),
)

test.run()
