import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CalendarFeedEvent,
  evolveCalendarFeed,
  initialCalendarFeed,
} from '../../domain/calendar/feed.ts'
import {
  evolveSelectedCalendar,
  initialSelectedCalendar,
  type SelectedCalendarEvent,
} from '../../domain/calendar/selected.ts'
import {
  type CalendarSubscriptionEvent,
  evolveCalendarSubscription,
  initialCalendarSubscription,
} from '../../domain/calendar/subscription.ts'
import {
  type CalendarSyncEvent,
  evolveCalendarSync,
  initialCalendarSync,
} from '../../domain/calendar/sync.ts'
import type { Category, EventsOf } from '../../domain/domain-event.ts'
import { activeChannel, activeChannels } from '../../projections/active-channels.ts'
import { calendarFeedByKey, calendarFeeds } from '../../projections/calendar-feeds.ts'
import { calendarSyncById, calendarSyncs } from '../../projections/calendar-syncs.ts'
import type { Projection } from '../../projections/projection.ts'
import { selectedCalendars, selectedCalendarsOf } from '../../projections/selected-calendars.ts'
import { subscriptionById, subscriptionState, subscriptions } from '../../projections/subscriptions.ts'
import { append, type Stores, withReadModels } from '../support/projected-events.ts'

const test = suite('calendar read models and the domain')
const at = fc.constantFrom('2026-03-02T08:00:00Z', '2026-03-02T09:00:00.25Z', '2026-03-03T08:00:00Z')
const later = '2026-03-09T08:00:00Z'
const name = fc.constantFrom('1', '2', '3')

/** Whatever happens, in whatever order: each model shows what the domain's fold says. */
async function agreeAlways<C extends Category>(
  category: C,
  event: fc.Arbitrary<EventsOf[C]>,
  projections: readonly Projection[],
  agrees: (readStore: Stores['readStore'], history: EventsOf[C][]) => Promise<void>,
): Promise<void> {
  const always = fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 20 }), (history) =>
    withReadModels(
      projections,
      (events) => append(events, category, 'one', ...history),
      (readStore) => agrees(readStore, history),
    ),
  )
  await fc.assert(always, { numRuns: 100 })
}

test('a calendar sync is as registered, paused and used as the domain has it', async () => {
  const calendarSyncId = 'one'
  const registration = { calendarSyncId, userId: 'u', provider: 'google', calendarKey: 'k' }
  const change = fc.constantFrom(
    'CalendarSyncPaused',
    'CalendarSyncResumed',
    'CalendarSyncRemoved',
    'CalendarSyncUsed',
  )
  const event = fc.oneof(
    fc.tuple(at, fc.option(name)).map(
      ([at, credentialId]): CalendarSyncEvent => ({
        type: 'CalendarSyncRegistered',
        data: { ...registration, ...(credentialId !== null && { credentialId }), at },
      }),
    ),
    fc.tuple(at, change).map(([at, type]): CalendarSyncEvent => ({ type, data: { calendarSyncId, at } })),
  )
  await agreeAlways('calendarSync', event, [calendarSyncs], async (readStore, history) => {
    const state = history.reduce(evolveCalendarSync, initialCalendarSync)
    const shown = await calendarSyncById(readStore, calendarSyncId)
    if (state.kind !== 'REGISTERED') assert.is(shown?.status ?? 'REMOVED', 'REMOVED')
    else {
      const { status, credentialId, lastUsedAt } = state
      assert.equal(
        [shown?.status, shown?.credentialId, shown?.lastUsedAt],
        [status, credentialId, lastUsedAt?.toString()],
      )
    }
  })
})

test('a selected calendar is registered exactly as the domain has it', async () => {
  const selectedCalendarId = 'one'
  const registration = { selectedCalendarId, userId: 'u', provider: 'google', calendarKey: 'k' }
  const event = fc.oneof(
    fc.tuple(at, name).map(
      ([at, credentialId]): SelectedCalendarEvent => ({
        type: 'SelectedCalendarRegistered',
        data: { ...registration, credentialId, at },
      }),
    ),
    at.map(
      (at): SelectedCalendarEvent => ({ type: 'SelectedCalendarRemoved', data: { selectedCalendarId, at } }),
    ),
  )
  await agreeAlways('selectedCalendar', event, [selectedCalendars], async (readStore, history) => {
    const state = history.reduce(evolveSelectedCalendar, initialSelectedCalendar)
    const [shown] = await selectedCalendarsOf(readStore, 'k')
    if (state.kind !== 'REGISTERED') assert.is(shown, undefined)
    else assert.equal([shown?.status, shown?.credentialId], ['REGISTERED', state.credentialId])
  })
})

test('a calendar fails and holds what the domain says', async () => {
  const uids = fc.uniqueArray(name)
  const event = fc
    .tuple(at, uids, fc.integer({ min: 0, max: 6 }))
    .map(([at, bookingUids, kind]): CalendarFeedEvent => {
      const data = { calendarKey: 'one', at }
      const all: CalendarFeedEvent[] = [
        { type: 'SyncTokenExpired', data: { ...data, reason: 'fullSyncRequired' } },
        { type: 'FullSyncCompleted', data: { ...data, events: 1 } },
        { type: 'FetchingFailed', data: { ...data, code: `CODE_${bookingUids.length}` } },
        { type: 'FetchingRecovered', data },
        { type: 'ChangesHeld', data: { ...data, reason: 'MASS_CHANGE', bookingUids } },
        { type: 'HeldChangesReleased', data: { ...data, bookingUids } },
        { type: 'HeldChangesDiscarded', data: { ...data, bookingUids } },
      ]
      return all[kind] ?? { type: 'FetchingRecovered', data }
    })
  await agreeAlways('calendarFeed', event, [calendarFeeds], async (readStore, history) => {
    const state = history.reduce(evolveCalendarFeed, initialCalendarFeed)
    const shown = await calendarFeedByKey(readStore, 'one')
    assert.is(shown?.failing?.code, state.failing)
    assert.equal(
      shown?.held.map(({ bookingUid }) => bookingUid),
      state.held,
    )
  })
})

test('a subscription is as the domain has it, and its channels are those that a push may come from', async () => {
  const subscriptionId = 'one'
  const event = fc
    .tuple(at, name, fc.integer({ min: 0, max: 6 }))
    .map(([at, channelId, kind]): CalendarSubscriptionEvent => {
      const data = { subscriptionId, at }
      const opened = { ...data, channelId, resourceId: `r${channelId}`, expiresAt: later }
      const failed = { ...data, code: 'RATE_LIMITED', retryAt: later }
      const opening = { ...data, channelId, credentialId: 'c', requestedExpiresAt: later }
      const all: CalendarSubscriptionEvent[] = [
        { type: 'SubscriptionActivated', data: opened },
        { type: 'SubscriptionRenewed', data: opened },
        { type: 'SubscriptionActivationFailed', data: { ...failed, channelId, permanent: false } },
        { type: 'ChannelStopped', data: { ...data, channelId, outcome: 'STOPPED' } },
        { type: 'SubscriptionSuspended', data: failed },
        { type: 'SubscriptionReleased', data },
      ]
      return all[kind] ?? { type: 'ChannelOpening', data: opening }
    })
  const requested: CalendarSubscriptionEvent = {
    type: 'SubscriptionRequested',
    data: { subscriptionId, provider: 'google', calendarKey: 'k', at: '2026-03-02T07:00:00Z' },
  }
  const projections = [subscriptions, activeChannels]
  await agreeAlways('calendarSubscription', event, projections, async (readStore) => {
    // Nothing happens to a subscription that nobody asked for.
    assert.is(await subscriptionById(readStore, subscriptionId), undefined)
  })
  const always = fc.asyncProperty(
    fc.array(event, { maxLength: 20 }),
    fc.array(event, { maxLength: 5 }),
    (some, more) => {
      const history = [requested, ...some, requested, ...more]
      return withReadModels(
        projections,
        (events) => append(events, 'calendarSubscription', 'k', ...history),
        async (readStore) => {
          const state = history.reduce(evolveCalendarSubscription, initialCalendarSubscription)
          const shown = await subscriptionById(readStore, subscriptionId)
          assert.equal(plain(shown && subscriptionState(shown)), plain(state))
          if (state.kind === 'NONE') throw new Error('it was requested')
          const known = new Set([...state.channels, ...state.openings].map(({ channelId }) => channelId))
          for (const channelId of ['1', '2', '3']) {
            const channel = await activeChannel(readStore, channelId)
            const opened = state.channels.find((one) => one.channelId === channelId)
            assert.equal(
              [channel?.channelId, channel?.resourceId],
              [known.has(channelId) ? channelId : undefined, opened?.resourceId],
            )
          }
        },
      )
    },
  )
  await fc.assert(always, { numRuns: 100 })
})

/** Instants as text, as assert compares no Temporal values. */
const plain = (value: unknown): unknown => value && JSON.parse(JSON.stringify(value))

test.run()
