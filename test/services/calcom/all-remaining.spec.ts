import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('All that remain of recurring bookings')

/** So many weekly bookings, each linked to its instance of one series. */
async function recurring(sync: SyncFixture, count: number): Promise<{ host: Host; uids: string[] }> {
  const host = await sync.host()
  const recurs = { frequency: 'WEEKLY' as const, interval: 1, count }
  const { id: eventTypeId } = sync.calcom.createEventType(1, { lengthMinutes: 30, recurring: recurs })
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
  const first = await finish(sync, sync.calcom.book({ userId: 1, eventTypeId, start }))
  await sync.pass(5_000)
  const { recurringEventId = '' } = sync.calcom.store.booking(first) ?? {}
  return { host, uids: sync.calcom.store.recurrences(recurringEventId).map(({ uid }) => uid) }
}

const states = async (sync: SyncFixture, uids: readonly string[]) =>
  new Set(await Promise.all(uids.map((uid) => kindOf(sync, uid))))
const held = async (sync: SyncFixture, { calendarKey }: Host) =>
  (await calendarFeedByKey(sync.ports.readStore, calendarKey))?.held ?? []

for (const [count, lag] of [
  [6, 250],
  [30, 250],
  [6, 20_000],
] as const)
  test(
    `${count} that Cal.com cancels with one webhook (stored ${lag} ms later) are closed: nothing is published, nothing held`,
    inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
      const { host, uids } = await recurring(sync, count)
      assert.is(uids.length, count)
      sync.calcom.settings.beforeCancelStoredMs = lag
      await finish(sync, sync.calcom.cancel(uids[0] ?? '', { remaining: 'ALL' }))
      await sync.pass(120_000)
      assert.equal([...(await states(sync, uids))], ['CANCELLED_IN_CALCOM'])
      assert.equal(await sync.published(), [])
      assert.equal(await held(sync, host), [])
    }),
  )

test(
  'those from one on are closed as they are read again, and those before go on',
  inSync({ bookingReconcileMs: 10 * 60_000 }, async (sync) => {
    const { uids } = await recurring(sync, 6)
    await finish(sync, sync.calcom.cancel(uids[3] ?? '', { remaining: 'SUBSEQUENT' }))
    await sync.pass(15 * 60_000)
    assert.equal([...(await states(sync, uids.slice(0, 3)))], ['OPEN'])
    assert.equal([...(await states(sync, uids.slice(3)))], ['CANCELLED_IN_CALCOM'])
    assert.equal(await sync.published(), [])
  }),
)

test(
  'that the host deletes in the calendar, in place of Cal.com, are held',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host, uids } = await recurring(sync, 6)
    const [reference] = sync.calcom.store.booking(uids[0] ?? '')?.references ?? []
    sync.google.delete(host.calendarId, reference?.thirdPartyRecurringEventId ?? '')
    await sync.settle()
    await sync.pass(120_000)
    assert.equal(await sync.published(), [])
    assert.is((await held(sync, host)).length, 6)
  }),
)

test.run()
