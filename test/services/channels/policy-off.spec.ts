import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { RegisterSelectedCalendar } from '../../../commands/register-selected-calendar.ts'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import { subscriptionById } from '../../../projections/subscriptions.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('channels of a calendar whose mode is off')

const open = (sync: SyncFixture) =>
  sync.google
    .channels()
    .filter(({ stoppedMs, expiration }) => stoppedMs === undefined && expiration > sync.google.nowMs()).length
const statusOf = async (sync: SyncFixture, { calendarKey }: Host) =>
  (await subscriptionById(sync.ports.readStore, calendarKey))?.status
const registration = (host: Host, more: object = {}) => ({
  userId: host.userId,
  provider: 'google',
  externalCalendarId: host.calendarId,
  credentialId: host.credentialId,
  ...more,
})
async function set(sync: SyncFixture, scope: object, mode: string): Promise<void> {
  await sync.command(SetSyncPolicy, { ...scope, mode })
  await sync.settle()
}

const organizationId = 'o1'
type ScopeOf = (sync: SyncFixture, host: Host) => Promise<object>
const scopes: Record<string, ScopeOf> = {
  organisation: async () => ({ organizationId }),
  user: async (_, { userId }) => ({ userId }),
  calendar: async (sync, { userId }) => {
    const [one] = await syncsOfUser(sync.ports.readStore, userId)
    return { calendarSyncId: one?.calendarSyncId }
  },
}

for (const [name, scopeOf] of Object.entries(scopes))
  for (const back of ['apply', 'observe', 'default'])
    test(
      `off for the ${name} stops them, and ${back} opens them again`,
      inSync({}, async (sync) => {
        const host = await sync.host(1, { registered: false })
        await sync.command(RegisterCalendarSync, registration(host, { organizationId }))
        await sync.settle()
        assert.is(open(sync), 1)
        const scope = await scopeOf(sync, host)
        await set(sync, scope, 'off')
        assert.equal([open(sync), await statusOf(sync, host)], [0, 'RELEASED'])
        const [lists, watches] = [sync.asked('list').length, sync.asked('watch').length]
        await sync.pass(2 * 3_600_000)
        assert.equal([sync.asked('list').length, sync.asked('watch').length], [lists, watches])
        await set(sync, scope, back)
        assert.equal([open(sync), await statusOf(sync, host)], [1, 'ACTIVE'])
      }),
    )

test(
  'they stay for another user of the calendar, and end when that user is off too',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await sync.command(RegisterCalendarSync, registration(host, { userId: '8' }))
    await sync.settle()
    await set(sync, { userId: host.userId }, 'off')
    await sync.pass(120_000)
    assert.equal([open(sync), await statusOf(sync, host)], [1, 'ACTIVE'])
    await set(sync, { userId: '8' }, 'off')
    assert.equal([open(sync), await statusOf(sync, host)], [0, 'RELEASED'])
  }),
)

test(
  'they stay for another user who selected the calendar, not for a selection of the same user',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await sync.command(RegisterSelectedCalendar, registration(host, { userId: '8' }))
    await sync.command(RegisterSelectedCalendar, registration(host))
    await set(sync, { userId: host.userId }, 'off')
    await sync.pass(120_000)
    assert.is(open(sync), 1)
    await set(sync, { userId: '8' }, 'off')
    assert.is(open(sync), 0)
  }),
)

test(
  'a narrower mode than that of the organisation keeps them open',
  inSync({}, async (sync) => {
    const host = await sync.host(1, { registered: false })
    await set(sync, { userId: host.userId }, 'observe')
    await set(sync, { organizationId }, 'off')
    await sync.command(RegisterCalendarSync, registration(host, { organizationId }))
    await sync.settle()
    assert.is(open(sync), 1)
  }),
)

test(
  'an emergency stop leaves them open',
  inSync({}, async (sync) => {
    await sync.host()
    await set(sync, {}, 'off')
    await sync.pass(120_000)
    assert.is(open(sync), 1)
  }),
)

for (const push of [true, false])
  test(
    `a meeting that is moved meanwhile is carried back afterwards, ${push ? 'with' : 'without'} pushes`,
    inSync({ push }, async (sync) => {
      const host = await sync.host()
      const meeting = await sync.book(host)
      await set(sync, { userId: host.userId }, 'off')
      await sync.pass(120_000)
      sync.drag(meeting, meeting.start.add({ hours: 1 }))
      await sync.settle()
      assert.equal(await sync.published(), [])
      await set(sync, { userId: host.userId }, 'default')
      assert.is((await sync.published()).length, 1)
      const lists = sync.asked('list').length
      sync.drag(meeting, meeting.start.add({ hours: 2 }))
      await sync.pass(3_600_000)
      assert.ok(sync.asked('list').length > lists)
      assert.is((await sync.published()).length, 2)
    }),
  )

test.run()
