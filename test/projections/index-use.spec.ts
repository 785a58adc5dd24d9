import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { activeChannel } from '../../projections/active-channels.ts'
import { allProjections } from '../../projections/all-projections.ts'
import * as references from '../../projections/booking-references.ts'
import * as bookings from '../../projections/bookings.ts'
import * as feeds from '../../projections/calendar-feeds.ts'
import * as syncs from '../../projections/calendar-syncs.ts'
import { between, indexKey, instantKey, under } from '../../projections/index-key.ts'
import * as publications from '../../projections/publications.ts'
import * as selected from '../../projections/selected-calendars.ts'
import * as subscriptions from '../../projections/subscriptions.ts'
import { openStores } from '../support/projected-events.ts'

const test = suite('queries and their indexes')
const now = Temporal.Instant.from('2026-03-02T08:00:00Z')

test('each query reads by id, by the list of all, or by an index that its collection declares, and none is in vain', async () => {
  const stores = openStores()
  await stores.readStore.prepare(allProjections.map(({ collection }) => collection))
  const used = new Set<string>()
  const recording: ReadStore = {
    ...stores.readStore,
    find(collection, index, range, page) {
      used.add(`${collection} ${index}`)
      return stores.readStore.find(collection, index, range, page)
    },
    count(collection, index, range) {
      used.add(`${collection} ${index}`)
      return stores.readStore.count(collection, index, range)
    },
  }
  await everyQuery(recording)
  const declared = allProjections.flatMap(({ collection: { name, indexes } }) =>
    indexes.map((index) => `${name} ${index}`),
  )
  assert.equal([...used].sort(), declared.sort())
  await stores.close()
})

test('a push is looked up by one read', async () => {
  const stores = openStores()
  let reads = 0
  const get: ReadStore['get'] = async () => {
    reads += 1
    return undefined
  }
  const none = () => Promise.reject(new Error('another read'))
  await activeChannel({ ...stores.readStore, get, find: none, getMany: none, list: none }, 'c1')
  assert.is(reads, 1)
  await stores.close()
})

test('parts of a key cannot run into one another, and instants sort by time', () => {
  assert.not.equal(indexKey('a|b', 'c'), indexKey('a', 'b|c'))
  assert.not.equal(indexKey('a%7Cb'), indexKey('a|b'))
  assert.equal(under('a|b'), { prefix: 'a%7Cb|' })
  const [half, full] = ['2026-03-02T08:00:00.5Z', '2026-03-02T08:00:00Z']
  assert.ok(instantKey(full) < instantKey(half))
  assert.is(instantKey('2026-03-02T09:00:00+01:00'), instantKey(now))
  assert.equal(between(['a'], { from: now }), { from: 'a|2026-03-02T08:00:00.000Z', to: 'a|~' })
})

async function everyQuery(readStore: ReadStore): Promise<void> {
  const page = { limit: 1 }
  await bookings.findBookings(readStore, { userId: 'u' }, page)
  await bookings.findBookings(readStore, {}, page)
  await bookings.bookingsNeedingAttention(readStore, page)
  await bookings.rescheduledInto(readStore, 'a')
  await bookings.changedBySecondWriter(readStore, now)
  await references.bookingsOfEvents(readStore, 'k', ['e'])
  await references.bookingsOfOccurrences(readStore, 'k', [
    { recurringEventId: 'r', originalStart: now.toString() },
  ])
  await references.bookingsOfSeries(readStore, 'k', ['r'])
  await Array.fromAsync(references.openBookingsFrom(readStore, 'k', now))
  await Array.fromAsync(references.restoredBookingsFrom(readStore, 'k', now))
  await Array.fromAsync(references.openBookingsOfUser(readStore, 'u', now))
  await references.openBookings(readStore, now, page)
  await Array.fromAsync(references.openBookingsStarting(readStore, now, now.add({ hours: 1 })))
  await Array.fromAsync(references.bookingsOfMinute(readStore, 7, now))
  await feeds.failingCalendarFeeds(readStore, page)
  await feeds.calendarFeedsWithHeld(readStore, page)
  await feeds.countCalendarFeeds(readStore)
  await syncs.syncsOfCalendar(readStore, 'k')
  await syncs.syncsOfUser(readStore, 'u')
  await syncs.syncsOfCredential(readStore, 'c')
  await publications.cancellationsSince(readStore, 'k', now)
  await publications.movedSince(readStore, 'k', now)
  await publications.movesSince(readStore, 'k', now)
  await publications.publicationsWithoutOutcome(readStore, page)
  await publications.unreportedToCome(readStore, now, page)
  await selected.selectedCalendarsOf(readStore, 'k')
  await selected.selectedCalendarsOfCredential(readStore, 'c')
  await subscriptions.subscriptionsWithStatus(readStore, 'ACTIVE')
  await subscriptions.subscriptionsLeftOpen(readStore)
  await subscriptions.subscriptionsOfOneResource(readStore)
  await subscriptions.countPolled(readStore)
}

test.run()
