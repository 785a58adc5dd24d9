import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingById } from '../../../projections/bookings.ts'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('An old link that reschedules twice')

type Twice = { first: Linked; b: string; c: string }

/** A is rescheduled to B, and by its old link to C: both are accepted, and the one event stands at C's time. */
async function twice(sync: SyncFixture, deliver: 'in order' | 'reversed'): Promise<Twice> {
  const first = await sync.book(await sync.host())
  sync.calcom.settings.oldLinks = 'open'
  sync.calcom.faults.holdWebhooks = deliver === 'reversed'
  const { start } = first
  const b = await finish(sync, sync.calcom.reschedule(first.uid, { start: start.add({ hours: 3 }) }))
  await sync.pass(5_000)
  const c = await finish(sync, sync.calcom.reschedule(first.uid, { start: start.add({ hours: 6 }) }))
  if (deliver === 'reversed') {
    const held = sync.calcom.webhooks.log.filter(({ fate }) => fate === 'HELD').map(({ number }) => number)
    await sync.during(sync.calcom.webhooks.release(held.toReversed()))
    sync.calcom.faults.holdWebhooks = false
    await sync.settle()
  }
  await sync.pass(10_000)
  return { first, b, c }
}

for (const order of ['in order', 'reversed'] as const)
  test(
    `its webhooks come ${order}: nothing is published for the first, of which a person is told`,
    inSync({}, async (sync) => {
      const { first, b, c } = await twice(sync, order)
      assert.equal([await kindOf(sync, b), await kindOf(sync, c)], ['OPEN', 'OPEN'])
      const events = async () => (await sync.published()).map(({ type, data }) => [type, data.bookingUid])
      assert.equal(await events(), [])
      // To a time that is neither's: it is the newer booking's.
      sync.drag(first, first.start.add({ hours: 9 }))
      await sync.settle()
      assert.equal(await events(), [['BookingRescheduled', c]])
      assert.is((await bookingById(sync.ports.readStore, b))?.attention, 'EVENT_SHARED')
      sync.google.delete(first.host.calendarId, first.eventId)
      await sync.settle()
      await sync.pass(60_000)
      assert.equal((await events()).slice(1), [['BookingCancelled', c]])
    }),
  )

test(
  'a deletion before any move cancels the booking whose time the event shows',
  inSync({}, async (sync) => {
    const { first, b, c } = await twice(sync, 'in order')
    sync.google.delete(first.host.calendarId, first.eventId)
    await sync.settle()
    await sync.pass(60_000)
    assert.equal(
      (await sync.published()).map(({ type, data }) => [type, data.bookingUid]),
      [['BookingCancelled', c]],
    )
    assert.is(await kindOf(sync, b), 'OPEN')
  }),
)

test.run()
