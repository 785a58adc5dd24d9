import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { finish } from '../../support/calcom-changes.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('The brake asks Cal.com before it counts')

const MINUTE = 60_000
const limit = { settings: { massChangeLimit: 3 } }
const held = async (sync: SyncFixture, host: Host) =>
  ((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held ?? []).length

/** Bookings whose events are all deleted, or moved, while Cal.com takes no connection. */
async function changedInOutage(
  sync: SyncFixture,
  count: number,
  change: (booking: Linked) => unknown,
): Promise<{ host: Host; bookings: Linked[] }> {
  const host = await sync.host()
  const bookings: Linked[] = []
  for (let made = 0; made < count; made++) bookings.push(await sync.book(host, { inHours: 48 + made }))
  sync.calcom.faults.apiDown = true
  for (const booking of bookings) change(booking)
  await sync.pass(10 * MINUTE)
  assert.is(await held(sync, host), 0, 'nothing is held unasked')
  assert.equal(await sync.published(), [])
  return { host, bookings }
}

const changes = [
  ['deletions', (sync: SyncFixture) => (one: Linked) => sync.google.delete(one.host.calendarId, one.eventId)],
  ['moves', (sync: SyncFixture) => (one: Linked) => sync.drag(one, one.start.add({ minutes: 30 }))],
] as const

for (const [what, change] of changes) {
  test(
    `more ${what} than the limit wait until Cal.com can be reached, and then are held together`,
    inSync(limit, async (sync) => {
      const { host } = await changedInOutage(sync, 5, change(sync))
      sync.calcom.faults.apiDown = false
      await sync.pass(20 * MINUTE)
      assert.is(await held(sync, host), 5)
      assert.equal(await sync.published(), [])
    }),
  )

  test(
    `${what} of bookings that Cal.com has cancelled meanwhile count for nothing, and the others go out`,
    inSync(limit, async (sync) => {
      const { host, bookings } = await changedInOutage(sync, 5, change(sync))
      sync.calcom.faults.dropWebhooks = 2
      for (const { uid } of bookings.slice(0, 2)) await finish(sync, sync.calcom.cancel(uid))
      sync.calcom.faults.apiDown = false
      await sync.pass(20 * MINUTE)
      assert.is(await held(sync, host), 0)
      const published = (await sync.published()).map(({ data }) => data.bookingUid)
      assert.equal(
        published.sort(),
        bookings
          .slice(2)
          .map(({ uid }) => uid)
          .sort(),
      )
    }),
  )
}

test(
  'another change of that fetch does not wait for those that are too many',
  inSync(limit, async (sync) => {
    const host = await sync.host()
    const bookings: Linked[] = []
    for (let made = 0; made < 6; made++) bookings.push(await sync.book(host, { inHours: 48 + made }))
    const [moved, ...deleted] = bookings
    if (moved === undefined) return assert.unreachable()
    sync.calcom.faults.apiFailures = 1
    for (const { eventId } of deleted) sync.google.delete(host.calendarId, eventId)
    sync.drag(moved, moved.start.add({ minutes: 30 }))
    await sync.pass(5 * MINUTE)
    assert.equal(
      (await sync.published()).map(({ data }) => data.bookingUid),
      [moved.uid],
    )
    assert.is(await held(sync, host), 5)
  }),
)

test.run()
