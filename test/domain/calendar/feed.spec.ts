import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedAggregate } from '../../../commands/aggregates.ts'
import {
  type CalendarFeed,
  completeFullSync,
  discardHeldChanges,
  expireSyncToken,
  failFetching,
  holdChanges,
  recoverFetching,
  releaseHeldChanges,
} from '../../../domain/calendar/feed.ts'
import { given } from '../../support/given.ts'

const test = suite('calendar feed')

const fact = { calendarKey: 'key1', at: '2026-11-23T08:00:00Z' }
const completes = (state: CalendarFeed) => completeFullSync(state, { ...fact, events: 3 })
const expires = (state: CalendarFeed) => expireSyncToken(state, { ...fact, reason: 'fullSyncRequired' })
const fails = (code: string) => (state: CalendarFeed) => failFetching(state, { ...fact, code })
const recovers = (state: CalendarFeed) => recoverFetching(state, fact)
const holds =
  (...bookingUids: string[]) =>
  (state: CalendarFeed) =>
    holdChanges(state, { ...fact, reason: 'MASS_CHANGE', bookingUids })
const releases = (state: CalendarFeed) => releaseHeldChanges(state, fact)
const discards = (state: CalendarFeed) => discardHeldChanges(state, fact)
const feed = () => given(calendarFeedAggregate)

test('the first full sync is a fact, and each one that an expired token made necessary', () => {
  const done = feed().when(completes).gives('FullSyncCompleted')
  done.when(completes).gives()
  done
    .when(expires)
    .gives('SyncTokenExpired')
    .when(completes)
    .gives('FullSyncCompleted')
    .when(expires)
    .gives('SyncTokenExpired')
})

test('a token tried again before the full sync expires once', () => {
  feed().when(completes).when(expires).when(expires).gives()
})

test('failing is a change of state, not a try', () => {
  const failing = feed().when(fails('FORBIDDEN')).gives('FetchingFailed')
  failing.when(fails('FORBIDDEN')).gives()
  failing.when(fails('NOT_FOUND')).gives('FetchingFailed')
  failing.when(recovers).gives('FetchingRecovered').when(recovers).gives()
  feed().when(recovers).gives()
})

test('changes join the hold once, and leave it released or discarded', () => {
  const held = feed().when(holds('b1', 'b2')).gives('ChangesHeld')
  held.when(holds('b1')).gives()
  const more = held
    .when(holds('b2', 'b3'))
    .gives('ChangesHeld')
    .saying({ bookingUids: ['b3'] })
  assert.equal(more.state.held, ['b1', 'b2', 'b3'])
  more
    .when(releases)
    .gives('HeldChangesReleased')
    .saying({ bookingUids: ['b1', 'b2', 'b3'] })
    .when(releases)
    .gives()
  more.when(discards).gives('HeldChangesDiscarded').when(discards).gives()
  more.when(releases).when(holds('b1')).gives('ChangesHeld')
})

test('what a person released or discarded is not held again for what came before', () => {
  const since = (at: string) => (state: CalendarFeed) =>
    holdChanges(state, { ...fact, reason: 'FIRST_LOOK', bookingUids: ['b1'] }, at)
  const [before, after] = ['2026-11-23T07:59:00Z', '2026-11-23T08:00:01Z']
  for (const speaks of [releases, discards]) {
    const spoken = feed().when(since(before)).gives('ChangesHeld').when(speaks)
    spoken.when(since(before)).gives()
    spoken.when(since(after)).gives('ChangesHeld')
    spoken.when(holds('b1')).gives('ChangesHeld')
  }
})

test.run()
