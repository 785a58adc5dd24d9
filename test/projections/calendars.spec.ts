import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CalendarFeedEvent } from '../../domain/calendar/feed.ts'
import type { SelectedCalendarEvent } from '../../domain/calendar/selected.ts'
import type { CalendarSyncEvent } from '../../domain/calendar/sync.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import {
  calendarFeedByKey,
  calendarFeeds,
  calendarFeedsWithHeld,
  countCalendarFeeds,
  failingCalendarFeeds,
} from '../../projections/calendar-feeds.ts'
import {
  calendarSyncById,
  calendarSyncs,
  calendarsWithSyncs,
  listCalendarSyncs,
  syncsOfCalendar,
  syncsOfCredential,
  syncsOfUser,
} from '../../projections/calendar-syncs.ts'
import {
  calendarsSelected,
  selectedCalendars,
  selectedCalendarsOf,
  selectedCalendarsOfCredential,
} from '../../projections/selected-calendars.ts'
import { append, withReadModels } from '../support/projected-events.ts'

const test = suite('calendar syncs, selected calendars, feeds')
const at = '2026-03-02T08:00:00Z'
const later = '2026-03-03T08:00:00Z'

const registered = (
  calendarSyncId: string,
  data: Partial<Extract<CalendarSyncEvent, { type: 'CalendarSyncRegistered' }>['data']> = {},
): CalendarSyncEvent => ({
  type: 'CalendarSyncRegistered',
  data: { calendarSyncId, userId: 'user-1', provider: 'google', calendarKey: 'key-1', at, ...data },
})
const sync = (
  type: 'CalendarSyncPaused' | 'CalendarSyncResumed' | 'CalendarSyncRemoved' | 'CalendarSyncUsed',
  calendarSyncId: string,
): CalendarSyncEvent => ({ type, data: { calendarSyncId, at: later } })
const idsOf = (found: readonly { calendarSyncId: string }[]) =>
  found.map(({ calendarSyncId }) => calendarSyncId)

test('shows a calendar sync: registered, used, given a credential later', async () => {
  const happened = (events: EventStore) =>
    append(
      events,
      'calendarSync',
      's1',
      registered('s1'),
      sync('CalendarSyncUsed', 's1'),
      registered('s1', { credentialId: 'cred-1', organizationId: 'org-1', at: later }),
      sync('CalendarSyncPaused', 's1'),
    )
  await withReadModels([calendarSyncs], happened, async (readStore) => {
    const shown = {
      calendarSyncId: 's1',
      userId: 'user-1',
      organizationId: 'org-1',
      provider: 'google',
      calendarKey: 'key-1',
      credentialId: 'cred-1',
      status: 'PAUSED',
      lastUsedAt: later,
      registeredAt: at,
    }
    assert.equal(await calendarSyncById(readStore, 's1'), shown)
    assert.equal((await listCalendarSyncs(readStore, { limit: 5 })).items, [shown])
    assert.equal(await syncsOfCredential(readStore, 'cred-1'), [shown])
  })
})

test('lists the syncs of a calendar and the calendars that syncs need, without removed ones', async () => {
  const happened = async (events: EventStore) => {
    await append(events, 'calendarSync', 's1', registered('s1'), sync('CalendarSyncPaused', 's1'))
    await append(events, 'calendarSync', 's2', registered('s2', { userId: 'user-2' }))
    await append(events, 'calendarSync', 's3', registered('s3', { calendarKey: 'key-2' }))
    await append(events, 'calendarSync', 's3', sync('CalendarSyncRemoved', 's3'))
    await append(events, 'calendarSync', 's4', registered('s4', { calendarKey: 'key-3' }))
  }
  await withReadModels([calendarSyncs], happened, async (readStore) => {
    assert.equal(idsOf(await syncsOfCalendar(readStore, 'key-1')), ['s1', 's2'])
    assert.equal(idsOf(await syncsOfCalendar(readStore, 'key-2')), [])
    assert.equal(idsOf(await syncsOfUser(readStore, 'user-1')), ['s1', 's3', 's4'])
    const needed = await Array.fromAsync(calendarsWithSyncs(readStore))
    assert.equal(
      needed.map(({ provider, calendarKey, syncs }) => [provider, calendarKey, ...idsOf(syncs)]),
      [
        ['google', 'key-1', 's1', 's2'],
        ['google', 'key-3', 's4'],
      ],
    )
    assert.is((await calendarSyncById(readStore, 's3'))?.status, 'REMOVED')
  })
})

test('shows a sync that was removed and registered again as new', async () => {
  const happened = (events: EventStore) =>
    append(
      events,
      'calendarSync',
      's1',
      registered('s1'),
      sync('CalendarSyncRemoved', 's1'),
      registered('s1', { at: later }),
      sync('CalendarSyncPaused', 's1'),
      sync('CalendarSyncResumed', 's1'),
    )
  await withReadModels([calendarSyncs], happened, async (readStore) => {
    const shown = await calendarSyncById(readStore, 's1')
    assert.equal([shown?.status, shown?.registeredAt], ['ACTIVE', later])
  })
})

test('finds selected calendars by calendar and credential', async () => {
  const selected = (selectedCalendarId: string, userId: string): SelectedCalendarEvent => ({
    type: 'SelectedCalendarRegistered',
    data: {
      selectedCalendarId,
      userId,
      provider: 'google',
      calendarKey: 'key-1',
      credentialId: `cred-of-${userId}`,
      at,
    },
  })
  const happened = async (events: EventStore) => {
    await append(events, 'selectedCalendar', 'c1', selected('c1', 'user-1'))
    await append(events, 'selectedCalendar', 'c2', selected('c2', 'user-2'))
    await append(events, 'selectedCalendar', 'c3', selected('c3', 'user-3'))
    await append(events, 'selectedCalendar', 'c3', {
      type: 'SelectedCalendarRemoved',
      data: { selectedCalendarId: 'c3', at: later },
    })
  }
  await withReadModels([selectedCalendars], happened, async (readStore) => {
    const shown = {
      selectedCalendarId: 'c1',
      userId: 'user-1',
      provider: 'google',
      calendarKey: 'key-1',
      credentialId: 'cred-of-user-1',
      status: 'REGISTERED',
      registeredAt: at,
    }
    assert.equal(await selectedCalendarsOfCredential(readStore, 'cred-of-user-1'), [shown])
    assert.equal(await selectedCalendarsOfCredential(readStore, 'cred-of-user-3'), [])
    assert.is((await selectedCalendarsOf(readStore, 'key-1')).length, 2)
    const needed = await Array.fromAsync(calendarsSelected(readStore))
    assert.equal(needed, [{ provider: 'google', calendarKey: 'key-1' }])
  })
})

test('shows which calendars fail, since when, and which hold changes', async () => {
  const of = (calendarKey: string) => ({ calendarKey, at })
  const feed: CalendarFeedEvent[] = [
    { type: 'FetchingFailed', data: { ...of('key-1'), code: 'RATE_LIMITED' } },
    { type: 'FetchingFailed', data: { ...of('key-1'), code: 'UNAUTHORIZED', at: later } },
    { type: 'ChangesHeld', data: { ...of('key-1'), reason: 'MASS_CHANGE', bookingUids: ['a', 'b'] } },
    { type: 'ChangesHeld', data: { ...of('key-1'), reason: 'FIRST_LOOK', bookingUids: ['b', 'c'] } },
    { type: 'HeldChangesReleased', data: { ...of('key-1'), bookingUids: ['a'] } },
  ]
  const mended: CalendarFeedEvent[] = [
    { type: 'FetchingFailed', data: { ...of('key-2'), code: 'RATE_LIMITED' } },
    { type: 'FetchingRecovered', data: of('key-2') },
    { type: 'SyncTokenExpired', data: { ...of('key-2'), reason: 'fullSyncRequired' } },
    { type: 'FullSyncCompleted', data: { ...of('key-2'), events: 3 } },
    { type: 'ChangesHeld', data: { ...of('key-2'), reason: 'MASS_CHANGE', bookingUids: ['d'] } },
    { type: 'HeldChangesDiscarded', data: { ...of('key-2'), bookingUids: ['d'] } },
  ]
  const happened = async (events: EventStore) => {
    await append(events, 'calendarFeed', 'key-1', ...feed)
    await append(events, 'calendarFeed', 'key-2', ...mended)
  }
  await withReadModels([calendarFeeds], happened, async (readStore) => {
    const failing = {
      calendarKey: 'key-1',
      held: [
        { bookingUid: 'b', reason: 'MASS_CHANGE', since: at },
        { bookingUid: 'c', reason: 'FIRST_LOOK', since: at },
      ],
      failing: { code: 'UNAUTHORIZED', since: at },
    }
    assert.equal((await failingCalendarFeeds(readStore, { limit: 5 })).items, [failing])
    assert.equal((await calendarFeedsWithHeld(readStore, { limit: 5 })).items, [failing])
    assert.equal(await countCalendarFeeds(readStore), { failing: 1, withHeld: 1 })
    assert.equal(await calendarFeedByKey(readStore, 'key-2'), {
      calendarKey: 'key-2',
      held: [],
      syncTokenExpiredAt: at,
      fullSyncCompletedAt: at,
    })
  })
})

test.run()
