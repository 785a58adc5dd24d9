import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Lost webhooks')

const MINUTE = 60_000

const healed: [
  string,
  (sync: SyncFixture, booking: Linked) => ReturnType<SyncFixture['calcom']['cancel']>,
  string | RegExp,
][] = [
  [
    'rescheduling',
    (sync, { uid, start }) => sync.calcom.reschedule(uid, { start: start.add({ hours: 5 }) }),
    /^RESCHEDULED to/,
  ],
  ['cancellation', (sync, { uid }) => sync.calcom.cancel(uid), 'CANCELLED_IN_CALCOM'],
]
for (const [name, change, expected] of healed)
  test(
    `a ${name} whose webhook and push were lost heals when bookings are read again`,
    inSync({ bookingReconcileMs: 60 * MINUTE, settings: { reconcileMs: 1e9 } }, async (sync) => {
      const booking = await sync.book(await sync.host())
      sync.calcom.faults.dropWebhooks = 1
      sync.google.settings.push.drop = 1
      const uid = await finish(sync, change(sync, booking))
      assert.is(await kindOf(sync, booking.uid), 'OPEN')
      await sync.pass(62 * MINUTE)
      assert.match(await kindOf(sync, booking.uid), expected)
      if (uid !== booking.uid) {
        const state = await sync.booking(uid)
        assert.is(state.kind === 'OPEN' && state.references.length, 1)
      }
      assert.equal(await sync.published(), [])
    }),
  )

test(
  'a creation whose webhook was lost heals when bookings are read again',
  inSync({ bookingReconcileMs: 60 * MINUTE }, async (sync) => {
    const host = await sync.host()
    sync.calcom.faults.dropWebhooks = 1
    const booking = await sync.book(host)
    assert.is(await kindOf(sync, booking.uid), 'UNTRACKED')
    await sync.pass(62 * MINUTE)
    const state = await sync.booking(booking.uid)
    assert.is(state.kind === 'OPEN' && state.references.length, 1)
  }),
)

test.run()
