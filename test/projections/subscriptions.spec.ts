import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CalendarSubscriptionEvent,
  evolveCalendarSubscription,
  initialCalendarSubscription,
} from '../../domain/calendar/subscription.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { activeChannel, activeChannels } from '../../projections/active-channels.ts'
import {
  countSubscriptions,
  listSubscriptions,
  subscriptionById,
  subscriptionState,
  subscriptions,
  subscriptionsWithStatus,
} from '../../projections/subscriptions.ts'
import { append, withReadModels } from '../support/projected-events.ts'

const test = suite('subscriptions and their channels')
const subscriptionId = 'sub-1'
const at = '2026-03-02T08:00:00Z'
const expiresAt = '2026-03-09T08:00:00Z'
const requested: CalendarSubscriptionEvent = {
  type: 'SubscriptionRequested',
  data: { subscriptionId, provider: 'google', calendarKey: 'key 1', at },
}
const opening = (channelId: string): CalendarSubscriptionEvent => ({
  type: 'ChannelOpening',
  data: { subscriptionId, channelId, credentialId: 'cred-1', requestedExpiresAt: expiresAt, at },
})
const activated = (channelId: string): CalendarSubscriptionEvent => ({
  type: 'SubscriptionActivated',
  data: { subscriptionId, channelId, resourceId: 'resource-1', expiresAt, at },
})
const failed = (channelId: string): CalendarSubscriptionEvent => ({
  type: 'SubscriptionActivationFailed',
  data: { subscriptionId, channelId, code: 'RATE_LIMITED', permanent: false, retryAt: expiresAt, at },
})
const stopped = (channelId: string): CalendarSubscriptionEvent => ({
  type: 'ChannelStopped',
  data: { subscriptionId, channelId, outcome: 'STOPPED', at },
})

const after =
  (...happened: CalendarSubscriptionEvent[]) =>
  (events: EventStore) =>
    append(events, 'calendarSubscription', 'key 1', ...happened)

test('shows a subscription with its open channel and one still being opened', async () => {
  const happened = [requested, opening('c1'), activated('c1'), opening('c2')]
  await withReadModels([subscriptions], after(...happened), async (readStore) => {
    const shown = await subscriptionById(readStore, subscriptionId)
    const opened = { credentialId: 'cred-1', openedAt: at, expiresAt }
    assert.equal(shown, {
      subscriptionId,
      provider: 'google',
      calendarKey: 'key 1',
      status: 'ACTIVE',
      channels: [{ channelId: 'c1', resourceId: 'resource-1', ...opened }],
      openings: [{ channelId: 'c2', credentialId: 'cred-1', at, requestedExpiresAt: expiresAt }],
      failures: 0,
      pushRefusedForGood: false,
    })
    assert.equal((await listSubscriptions(readStore, { limit: 5 })).items, [shown])
  })
})

test('gives the state of the domain back as it was', async () => {
  const happened = [requested, opening('c1'), activated('c1'), opening('c2'), failed('c2'), opening('c3')]
  await withReadModels([subscriptions], after(...happened), async (readStore) => {
    const document = await subscriptionById(readStore, subscriptionId)
    const state = happened.reduce(evolveCalendarSubscription, initialCalendarSubscription)
    assert.is(document?.lastError, 'RATE_LIMITED')
    assert.equal(
      JSON.stringify(sorted(document && subscriptionState(document))),
      JSON.stringify(sorted(state)),
    )
  })
})

test('finds subscriptions by status', async () => {
  const suspended: CalendarSubscriptionEvent = {
    type: 'SubscriptionSuspended',
    data: { subscriptionId, code: 'UNAUTHORIZED', retryAt: expiresAt, at },
  }
  await withReadModels([subscriptions], after(requested, suspended), async (readStore) => {
    assert.is(await countSubscriptions(readStore, 'SUSPENDED'), 1)
    assert.is((await subscriptionsWithStatus(readStore, 'SUSPENDED'))[0]?.subscriptionId, subscriptionId)
    assert.equal(await subscriptionsWithStatus(readStore, 'PENDING'), [])
  })
})

test('knows a channel from before the provider is asked until it is stopped', async () => {
  await withReadModels([activeChannels], after(requested, opening('c1')), async (readStore) => {
    const asked = { channelId: 'c1', subscriptionId, calendarKey: 'key 1' }
    assert.equal(await activeChannel(readStore, 'c1'), asked)
    assert.is(await activeChannel(readStore, 'c2'), undefined)
  })
  await withReadModels(
    [activeChannels],
    after(requested, opening('c1'), activated('c1'), opening('c2'), failed('c2')),
    async (readStore) => {
      const known = { channelId: 'c1', subscriptionId, calendarKey: 'key 1' }
      assert.equal(await activeChannel(readStore, 'c1'), { ...known, resourceId: 'resource-1', expiresAt })
      assert.is(await activeChannel(readStore, 'c2'), undefined)
    },
  )
  await withReadModels(
    [activeChannels],
    after(requested, opening('c1'), activated('c1'), stopped('c1')),
    async (readStore) => assert.is(await activeChannel(readStore, 'c1'), undefined),
  )
})

test('knows a channel that pushed although the answer to its opening failed', async () => {
  const happened = [requested, opening('c1'), activated('c1'), failed('c1')]
  await withReadModels([activeChannels, subscriptions], after(...happened), async (readStore) => {
    assert.is((await activeChannel(readStore, 'c1'))?.resourceId, 'resource-1')
    assert.is((await subscriptionById(readStore, subscriptionId))?.channels.length, 1)
  })
})

/** The same value with its fields in one order. */
const sorted = (state: object | undefined) => Object.entries(state ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))

test.run()
