import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { RegisterSelectedCalendar } from '../../../commands/register-selected-calendar.ts'
import { RemoveCalendarSync } from '../../../commands/remove-calendar-sync.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import { subscriptionById } from '../../../projections/subscriptions.ts'
import { credentialStored } from '../../../services/channels/credential-stored.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, REFRESH_TOKEN, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Push subscriptions')

const HOUR = 3_600_000
const subscription = (sync: SyncFixture, { calendarKey }: Host) =>
  subscriptionById(sync.ports.readStore, calendarKey)
const history = async (sync: SyncFixture) =>
  (await sync.eventsOf('calendarSubscription')).map(({ type }) => type)
const open = (sync: SyncFixture) =>
  sync.google
    .channels()
    .filter(({ stoppedMs, expiration }) => stoppedMs === undefined && expiration > sync.google.nowMs())
const register = (sync: SyncFixture, { userId, calendarId, credentialId }: Host) =>
  sync.command(RegisterCalendarSync, {
    userId,
    provider: 'google',
    externalCalendarId: calendarId,
    credentialId,
  })
async function removeSync(sync: SyncFixture, host: Host): Promise<void> {
  const [one] = await syncsOfUser(sync.ports.readStore, host.userId)
  await sync.command(RemoveCalendarSync, { calendarSyncId: one?.calendarSyncId })
}

test(
  'a registered calendar is live without waiting for a cron',
  inSync({}, async (sync) => {
    const host = await sync.host()
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    assert.equal(await history(sync), ['SubscriptionRequested', 'ChannelOpening', 'SubscriptionActivated'])
    assert.ok(sync.clock.now().since('2026-03-02T08:00:00Z').total('seconds') < 5)
  }),
)

test(
  'a channel of a short life is stopped before it ends, too',
  inSync({ channelTtlMs: 120_000, settings: { cronMs: 1_000 } }, async (sync) => {
    await sync.host()
    await sync.pass(100_000)
    assert.is(open(sync).length, 2, 'both run in the overlap')
    await sync.pass(15_000)
    assert.is(open(sync).length, 1)
    assert.equal((await history(sync)).slice(3), ['ChannelOpening', 'SubscriptionRenewed', 'ChannelStopped'])
    assert.is(sync.asked('stop').length, 1)
  }),
)

test(
  'a channel near its end is followed by another, and stopped after the overlap',
  inSync({ channelTtlMs: 10 * HOUR }, async (sync) => {
    const host = await sync.host()
    await sync.pass(8 * HOUR + 30_000)
    assert.is(open(sync).length, 2, 'both run in the overlap')
    await sync.pass(150_000)
    assert.is(open(sync).length, 1)
    assert.equal((await history(sync)).slice(3), ['ChannelOpening', 'SubscriptionRenewed', 'ChannelStopped'])
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    await sync.pass(12 * HOUR)
    assert.is(open(sync).length, 1)
  }),
)

/** How often it was asked whether anybody needs a calendar. */
const checked = new Map<string, number>()
const countsChecks = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  readStore: {
    ...ports.readStore,
    find(collection, index, range, page) {
      if (collection.startsWith('calendar-syncs.') && 'prefix' in range) {
        const [calendarKey = ''] = /[0-9a-f]{32}/.exec(range.prefix) ?? []
        checked.set(calendarKey, (checked.get(calendarKey) ?? 0) + 1)
      }
      return ports.readStore.find(collection, index, range, page)
    },
  },
})

const lost = { is: false }
const losesAnswers: Parameters<typeof inSync>[0] = {
  channelTtlMs: 10 * HOUR,
  wrap: (ports) => ({
    ...ports,
    provider: {
      ...ports.provider,
      async watch(...request) {
        const answer = await ports.provider.watch(...request)
        if (lost.is) throw new Error('broken off')
        return answer
      },
    },
  }),
}

test(
  'a channel whose watch answer was lost is learned from its sync message',
  inSync(losesAnswers, async (sync) => {
    lost.is = true
    const host = await sync.host()
    lost.is = false
    await sync.settle()
    const { status, channels } = (await subscription(sync, host)) ?? {}
    assert.equal([status, channels?.length], ['ACTIVE', 1])
    assert.is(open(sync).length, 1, 'no second one was opened')
  }),
)

test(
  'a channel whose answer and sync message were lost is followed by another, and forgotten when it has expired',
  inSync(losesAnswers, async (sync) => {
    lost.is = true
    sync.google.settings.push.syncDelayMs = 1e9
    const host = await sync.host()
    lost.is = false
    await sync.pass(150_000)
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    assert.is((await subscription(sync, host))?.openings.length, 1)
    await sync.pass(11 * HOUR)
    assert.equal((await subscription(sync, host))?.openings, [])
    assert.is(open(sync).length, 1)
  }),
)

test(
  'a calendar that Google does not push for is polled, and watched for no more',
  inSync({ settings: { reconcileMs: 900_000 } }, async (sync) => {
    const calendarId = 'host-1@example.com'
    sync.google.faults.set({ methods: ['watch'], reason: 'pushNotSupportedForRequestedResource' })
    const host = await sync.host()
    await sync.pass(3 * HOUR)
    assert.is(sync.asked('watch').length, 1)
    assert.ok(sync.asked('list', calendarId).length >= 12)
    assert.is((await subscription(sync, host))?.pushRefusedForGood, true)
  }),
)

test(
  'a refused credential suspends, is tried again for ever by its schedule, and another one activates at once',
  inSync({}, async (sync) => {
    const host = await sync.host()
    sync.google.access.settings.refreshTokens[REFRESH_TOKEN] = { revoked: true }
    sync.google.notify(host.calendarId)
    await sync.settle()
    assert.is((await subscription(sync, host))?.status, 'SUSPENDED')
    await sync.pass(6 * HOUR)
    const failed = (await history(sync)).filter((type) => type === 'SubscriptionActivationFailed').length
    assert.ok(failed > 4 && failed < 11, `${failed} tries, from a minute doubling to a day`)
    assert.is((await subscription(sync, host))?.status, 'SUSPENDED')
    await sync.ports.vault.put(host.credentialId, { kind: 'oauth', refreshToken: 'another' })
    await credentialStored(sync.ports, host.credentialId, sync.wakeCrons)
    await sync.settle()
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    assert.ok((await sync.eventsOf('calendarFeed')).some(({ type }) => type === 'FetchingRecovered'))
  }),
)

test(
  'where nothing can be pushed, a subscription is suspended only as long as its calendar cannot be read',
  inSync({ push: false }, async (sync) => {
    const host = await sync.host()
    sync.google.access.settings.refreshTokens[REFRESH_TOKEN] = { revoked: true }
    await sync.pass(HOUR)
    assert.is((await subscription(sync, host))?.status, 'SUSPENDED')
    sync.google.access.settings.refreshTokens[REFRESH_TOKEN] = { revoked: false }
    await sync.pass(HOUR)
    assert.is((await subscription(sync, host))?.status, 'PENDING')
    assert.equal(await whatNeedsPerson(sync.ports), [])
    assert.equal(await history(sync), [
      'SubscriptionRequested',
      'SubscriptionSuspended',
      'SubscriptionRequested',
    ])
  }),
)

test(
  'a calendar that nobody needs is let go: channels stopped, released, read no more; needed again, live again',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await removeSync(sync, host)
    await sync.settle()
    assert.is((await subscription(sync, host))?.status, 'RELEASED')
    assert.equal(open(sync), [])
    const lists = sync.asked('list').length
    await sync.pass(2 * HOUR)
    assert.is(sync.asked('list').length, lists)
    await register(sync, host)
    await sync.settle()
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    assert.is(open(sync).length, 1)
    assert.is(sync.asked('list').length > lists, true)
  }),
)

test(
  'a channel of ours that pushes and is on no record is stopped; one without our token is not',
  inSync({}, async (sync) => {
    const { calendarId, calendarKey } = await sync.host()
    const opened = (id: string, token: string) =>
      sync.google.watch(calendarId, {
        id,
        type: 'web_hook',
        address: 'https://calendar-sync.example/webhooks/google',
        token,
      })
    const [orphan, strangers] = [`${calendarKey}-orphan`, `${calendarKey}-strangers`]
    opened(orphan, `token-of-${orphan}`)
    opened(strangers, 'another')
    sync.google.faults.set({ methods: ['stop'], times: 1, reason: 'backendError' })
    sync.google.notify(calendarId)
    await sync.settle()
    assert.is(open(sync).length, 3, 'the first try failed')
    await sync.pass(60_000)
    sync.google.notify(calendarId)
    await sync.settle()
    const left = open(sync).map(({ id }) => id)
    assert.is(left.length, 2)
    assert.not(left.includes(orphan))
    assert.ok(left.includes(strangers))
  }),
)

test(
  'a calendar that was let go takes no more of the cron',
  inSync({ wrap: countsChecks }, async (sync) => {
    const host = await sync.host()
    await removeSync(sync, host)
    await sync.pass(HOUR)
    assert.is((await subscription(sync, host))?.status, 'RELEASED')
    checked.clear()
    await sync.pass(HOUR)
    assert.is(checked.get(host.calendarKey) ?? 0, 0)
  }),
)

test(
  'a channel that could not be stopped stays on record and is stopped later',
  inSync({}, async (sync) => {
    const host = await sync.host()
    sync.google.faults.set({ id: 'f', methods: ['stop'], reason: 'backendError' })
    await removeSync(sync, host)
    await sync.pass(300_000)
    assert.is((await subscription(sync, host))?.channels.length, 1)
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(120_000)
    assert.equal((await subscription(sync, host))?.channels, [])
    assert.equal(open(sync), [])
  }),
)

test(
  'two users of one calendar share its channel, which stays as long as one needs it',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const { calendarId, credentialId } = host
    const other = { userId: '8', provider: 'google', externalCalendarId: calendarId, credentialId }
    await sync.command(RegisterSelectedCalendar, other)
    await sync.settle()
    assert.is(open(sync).length, 1)
    await removeSync(sync, host)
    await sync.pass(120_000)
    assert.is(open(sync).length, 1)
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
  }),
)

test(
  'a calendar without a credential waits, visibly, and goes on when one is stored',
  inSync({}, async (sync) => {
    const host = await sync.host(1, { credential: false, registered: false })
    const booked = sync.calcom.book({ userId: 1, start: sync.clock.now().add({ hours: 30 }) })
    if (booked.ok) await sync.during(booked.settled)
    await sync.pass(600_000)
    assert.is((await subscription(sync, host))?.status, 'PENDING')
    const [one] = await syncsOfUser(sync.ports.readStore, host.userId)
    assert.equal([one?.status, one?.credentialId], ['ACTIVE', host.credentialId])
    await sync.ports.vault.put(host.credentialId, { kind: 'oauth', refreshToken: REFRESH_TOKEN })
    await credentialStored(sync.ports, host.credentialId, sync.wakeCrons)
    await sync.settle()
    assert.is((await subscription(sync, host))?.status, 'ACTIVE')
    if (!booked.ok) return assert.unreachable()
    assert.is((await sync.decisions(booked.booking.uid)).at(-1), 'NO_TIME_CHANGE')
  }),
)

test.run()
