import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterSelectedCalendar } from '../../../commands/register-selected-calendar.ts'
import { RemoveCalendarSync } from '../../../commands/remove-calendar-sync.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Reading calendars without a push')

const MINUTE = 60_000
const readAt = (sync: SyncFixture, calendarId: string) =>
  sync.asked('list', calendarId).map(({ at }) => at.epochMilliseconds)

for (const push of [true, false])
  test(
    `each calendar is read at least every RECONCILE_MINUTES, ${push ? 'though no push arrives' : 'where none can be sent'}`,
    inSync({ push, settings: { reconcileMs: 15 * MINUTE } }, async (sync) => {
      const hosts = [await sync.host(1), await sync.host(2), await sync.host(3)]
      sync.google.settings.push.drop = 1
      await sync.pass(180 * MINUTE)
      for (const { calendarId } of hosts) {
        const read = readAt(sync, calendarId)
        const gaps = [...read.slice(1), sync.google.nowMs()].map((at, index) => at - (read[index] ?? 0))
        assert.ok(Math.max(...gaps) <= 15 * MINUTE + 2_000, `${gaps.map((gap) => gap / MINUTE)}`)
        assert.ok(read.length <= 16, `${read.length} times in three hours`)
      }
    }),
  )

test(
  'a change that nobody pushed is found',
  inSync({ settings: { reconcileMs: 15 * MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.settings.push.drop = 1
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(16 * MINUTE)
    const [moved] = await sync.published()
    assert.is(moved?.type, 'BookingRescheduled')
    assert.equal(moved?.metadata.cause, { poll: true, reason: 'RECONCILE' })
  }),
)

test(
  'a selected calendar is read where nothing can be pushed',
  inSync({ push: false }, async (sync) => {
    const host = await sync.host(1, { registered: false })
    const { userId, calendarId: externalCalendarId, credentialId } = host
    await sync.command(RegisterSelectedCalendar, {
      userId,
      provider: 'google',
      externalCalendarId,
      credentialId,
    })
    await sync.pass(40 * MINUTE)
    assert.ok(sync.asked('list', externalCalendarId).length >= 2)
  }),
)

test(
  'a calendar that is registered is read, however far its read model is behind',
  inSync(
    {
      push: false,
      wrap: behind,
    },
    async (sync) => {
      const { calendarId } = await sync.host()
      await sync.pass(2 * MINUTE)
      assert.ok(sync.asked('list', calendarId).length >= 1)
    },
  ),
)

test(
  'a calendar that nobody needs is not read',
  inSync({ push: false }, async (sync) => {
    const host = await sync.host()
    const [one] = await syncsOfUser(sync.ports.readStore, host.userId)
    await sync.command(RemoveCalendarSync, { calendarSyncId: one?.calendarSyncId })
    await sync.pass(MINUTE)
    const before = sync.asked('list').length
    await sync.pass(60 * MINUTE)
    assert.is(sync.asked('list').length, before)
  }),
)

test(
  'a restart reads no calendar again that was just read',
  inSync({ push: false }, async (sync) => {
    await sync.host()
    const before = sync.asked('list').length
    await sync.restart()
    await sync.pass(2 * MINUTE)
    assert.is(sync.asked('list').length, before)
  }),
)

test(
  'calendars are read again after the queue was lost, at the next start',
  inSync({ push: false }, async (sync) => {
    const host = await sync.host()
    await sync.ports.queue.remove({ kind: 'calendar', key: host.calendarKey })
    const before = sync.asked('list').length
    await sync.restart()
    await sync.pass(2 * MINUTE)
    assert.ok(sync.asked('list').length > before)
  }),
)

/** Its calendars show only to those who wait for them. */
function behind(ports: ServicePorts): ServicePorts {
  let [late, noticed] = [true, false]
  const find: ServicePorts['readStore']['find'] = async (collection, index, range, page) => {
    const ofOne = collection.startsWith('calendar-syncs.') && 'prefix' in range && range.prefix !== ''
    if (!ofOne || !late) return ports.readStore.find(collection, index, range, page)
    noticed = true
    return { items: [], next: null }
  }
  const caughtUp: ServicePorts['caughtUp'] = async (projection) => {
    await ports.caughtUp(projection)
    if (noticed) late = false
  }
  return { ...ports, readStore: { ...ports.readStore, find }, caughtUp }
}

test.run()
