import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStoreDbEventStore } from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { following } from '../../support/following.ts'

const retention = suite('EventStoreDB with streams that others shorten or delete')

const test = (
  title: string,
  body: (
    store: EventStoreDbEventStore,
    operator: EventStoreDBClient,
    double: EventStoreDbDouble,
  ) => Promise<void>,
) =>
  retention(title, async () => {
    const double = await startEventStoreDbDouble()
    const store = openEventStoreDb(double.url)
    const operator = EventStoreDBClient.connectionString(double.url)
    try {
      await withDeadline(20_000, () => body(store, operator, double))
    } finally {
      await operator.dispose()
      await store.close()
      await double.close()
    }
  })

const filter = { categories: ['a'] }
const revisions = async (store: EventStoreDbEventStore, fromRevision?: number) =>
  (await store.readStream('a-1', fromRevision === undefined ? {} : { fromRevision })).map(
    ({ revision }) => revision,
  )

test('of a shortened stream, what is left is read and what follows is appended', async (store, operator) => {
  await store.append('a-1', 'no-stream', someEvents(6))
  await operator.setStreamMetadata('a-1', { truncateBefore: 2 })
  assert.equal(await revisions(store), [2, 3, 4, 5])
  assert.equal(await revisions(store, 1), [2, 3, 4, 5])
  await operator.setStreamMetadata('a-1', { maxCount: 2 })
  assert.equal(await revisions(store), [4, 5])
  await operator.setStreamMetadata('a-1', { truncateBefore: 100 })
  assert.equal(await revisions(store), [])
  assert.equal(await store.append('a-1', 'no-stream', [someEvent()]), {
    ok: false,
    error: 'WRONG_EXPECTED_REVISION',
    actual: 5,
  })
  const next = await store.append('a-1', 5, [someEvent()])
  assert.is(next.ok && next.revision, 6)
  // Until it is scavenged the log keeps everything.
  assert.is((await readToEnd(store, { after: START, filter, limit: 100 })).length, 7)
})

test('a deleted stream is none, and goes on counting when it is written again', async (store, operator) => {
  await store.append('a-1', 'no-stream', someEvents(3))
  await operator.deleteStream('a-1')
  assert.equal(await store.readStream('a-1'), [])
  const again = await store.append('a-1', 'no-stream', someEvents(2))
  assert.is(again.ok && again.revision, 4)
  assert.equal(await revisions(store), [3, 4])
})

test('repeating what a stream does not keep any more is a success, at a place from which all of it was read', async (store, operator) => {
  const first = someEvents(2)
  await store.append('a-1', 'no-stream', first)
  await store.append('a-1', 1, someEvents(3))
  await operator.setStreamMetadata('a-1', { maxCount: 2 })
  assert.equal(await store.append('a-1', 'no-stream', first), {
    ok: true,
    revision: 1,
    position: await store.head(),
  })
  await operator.deleteStream('a-1')
  assert.equal(await store.append('a-1', 'no-stream', first), {
    ok: true,
    revision: 1,
    position: await store.head(),
  })
  assert.equal(await store.readStream('a-1'), [])
})

test('a stream that is deleted for good is an error that nobody repeats', async (store, operator) => {
  await store.append('a-1', 'no-stream', someEvents(3))
  await operator.tombstoneStream('a-1')
  for (const call of [store.readStream('a-1'), store.append('a-1', 2, [someEvent()])]) {
    const error = await call.then(
      () => assert.unreachable('it should have been rejected'),
      (reason: unknown) => reason,
    )
    assert.not.instance(error, StoreUnavailable)
    assert.match(String(error), 'a-1')
  }
})

test("the server's own events in a category, such as that of a deletion, are passed over", async (store, operator) => {
  await store.append('a-1', 'no-stream', someEvents(2))
  const follower = following(store, { after: START, filter })
  await follower.until((events) => events.length === 2)
  await operator.appendToStream('a-2', jsonEvent({ type: '$>', data: {} }))
  await operator.tombstoneStream('a-1')
  const page = await store.readAll({ after: START, filter, limit: 100 })
  assert.equal(
    page.events.map(({ type }) => type),
    ['Happened', 'Happened'],
  )
  assert.is(page.position, await store.head())
  assert.equal(await store.readStream('a-2'), [])
  await store.append('a-3', 'no-stream', [someEvent('Last')])
  await follower.until((events) => events.some(({ type }) => type === 'Last'))
  assert.is((await follower.end()).length, 3)
})

test('a long stretch of what others wrote moves the position of a reader that catches up', async (store, _, double) => {
  for (let n = 0; n < 120; n++) await double.store.append(`x-${n}`, 'no-stream', someEvents(500))
  await double.store.append('a-1', 'no-stream', [someEvent()])
  const positions: string[] = []
  for await (const page of store.subscribe({ after: START, filter, signal: new AbortController().signal })) {
    positions.push(page.position)
    if (page.events.length > 0 || page.caughtUp) break
  }
  assert.ok(positions.length >= 3, `${positions.length} pages`)
  assert.equal([...new Set(positions)].sort(), positions)
})

retention.run()
