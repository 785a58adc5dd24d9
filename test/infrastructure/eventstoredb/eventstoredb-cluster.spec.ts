import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type {
  EventStoreDbEventStore,
  EventStoreDbOptions,
} from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { eventually, following, unavailable } from '../../support/following.ts'

const cluster = suite('EventStoreDB in a cluster')

type Nodes = { first: EventStoreDbDouble; second: EventStoreDbDouble }

/** `urlOf` tells how the two nodes are named to the client; the first leads. */
const test = (
  title: string,
  urlOf: (nodes: Nodes) => string,
  body: (store: EventStoreDbEventStore, nodes: Nodes) => Promise<void>,
  options: Partial<EventStoreDbOptions> = {},
) =>
  cluster(title, async () => {
    const first = await startEventStoreDbDouble()
    const second = await startEventStoreDbDouble({ cluster: first.cluster })
    const store = openEventStoreDb(urlOf({ first, second }), options)
    try {
      await withDeadline(20_000, () => body(store, { first, second }))
    } finally {
      await store.close()
      await second.close()
      await first.close()
    }
  })

const both = ({ first, second }: Nodes) =>
  `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false&gossipTimeout=1`
const filter = { categories: ['a'] }

for (const [named, urlOf] of [
  ['both nodes', both],
  ['one node, to be discovered', ({ second }: Nodes) => second.url.replace('esdb', 'esdb+discover')],
  ['the follower alone', ({ second }: Nodes) => second.url],
] as const)
  test(
    `of a connection string with ${named}, the leader is found`,
    urlOf,
    async (store, { first, second }) => {
      assert.ok((await store.append('a-1', 'no-stream', someEvents(2))).ok)
      assert.is((await store.readStream('a-1')).length, 2)
      assert.is((await readToEnd(store, { after: START, filter, limit: 10 })).length, 2)
      const follower = following(store, { after: START, filter })
      await follower.until((events) => events.length === 2)
      await follower.end()
      assert.is(first.calls.get('BatchAppend'), 1)
      assert.ok((second.calls.get('BatchAppend') ?? 0) <= 1)
    },
  )

for (const how of ['stays as a follower', 'is gone'] as const)
  test(
    `when another node becomes the leader and the old one ${how}, every call goes on`,
    both,
    async (store, nodes) => {
      const { first, second } = nodes
      const follower = following(store, { after: START, filter })
      await store.append('a-1', 'no-stream', someEvents(3))
      await follower.until((events) => events.length === 3)
      for (const [round, [from, to]] of [
        [first, second],
        [second, first],
        [first, second],
      ].entries()) {
        if (!from || !to) return
        const writing = Array.from({ length: 20 }, (_, n) =>
          store.append(`a-${round}-${n}`, 'no-stream', someEvents(2)),
        )
        if (how === 'is gone') await from.kill()
        to.lead()
        const results = await Promise.all(writing)
        assert.ok(results.every((result) => result.ok && result.revision === 1))
        assert.ok((await store.append(`b-${round}`, 'no-stream', [someEvent()])).ok)
        assert.is((await store.readStream(`a-${round}-0`)).length, 2)
        await store.head()
        if (how === 'is gone') await from.start()
      }
      const truth = await readToEnd(first.store, { after: START, filter, limit: 1000 })
      assert.is(truth.length, 3 + 3 * 20 * 2)
      await follower.until((events) => events.length >= truth.length)
      assert.equal(
        (await follower.end()).map(({ id }) => id),
        truth.map(({ id }) => id),
      )
    },
  )

test(
  'while nobody leads calls wait, and go on with the one that is elected',
  both,
  async (store, { first, second }) => {
    await store.append('a-1', 'no-stream', [someEvent()])
    const follower = following(store, { after: START, filter })
    await follower.until((events) => events.length === 1)
    first.isolate()
    const appending = store.append('a-1', 0, [someEvent()])
    const reading = store.readStream('a-1')
    while ((first.calls.get('BatchAppend') ?? 0) < 1) await store.head().catch(() => 'nobody leads')
    second.lead()
    const appended = await appending
    assert.ok(appended.ok && appended.revision === 1)
    assert.ok((await reading).length >= 1)
    await follower.until((events) => events.length === 2)
    await follower.end()
  },
)

test(
  'a node that is cut off from the others is left for the new leader',
  both,
  async (store, { first, second }) => {
    await store.append('a-1', 'no-stream', [someEvent()])
    first.isolate()
    second.lead()
    // The old one still answers: that it knows no leader.
    for (let revision = 1; revision < 4; revision++) {
      const result = await eventually(() => store.append('a-1', revision - 1, [someEvent()]))
      assert.ok(result.ok && result.revision === revision)
    }
    assert.is((await store.readStream('a-1')).length, 4)
    assert.ok((second.calls.get('BatchAppend') ?? 0) >= 1)
  },
)

test(
  'when a cluster loses its quorum and then its last node, calls are refused and nothing else breaks',
  both,
  async (store, { first, second }) => {
    const uncaught: unknown[] = []
    const keep = (reason: unknown) => uncaught.push(reason)
    process.on('unhandledRejection', keep)
    try {
      await store.append('a-1', 'no-stream', [someEvent()])
      await second.kill()
      first.isolate()
      await unavailable(store.head())
      const looked = first.calls.get('Gossip') ?? 0
      const again = unavailable(store.head())
      // The client looks for a leader: what breaks now has to wait for that, and that fails.
      while ((first.calls.get('Gossip') ?? 0) <= looked) await nextTurn()
      await first.kill()
      await again
      await unavailable(store.append('a-1', 0, [someEvent()]))
      await first.start()
      first.lead()
      const appended = await eventually(() => store.append('a-1', 0, [someEvent()]))
      assert.ok(appended.ok)
      assert.equal(uncaught.map(String), [])
    } finally {
      process.off('unhandledRejection', keep)
    }
  },
  // What comes after the waits is tested, not the waits.
  { retryWithinMs: 300 },
)

cluster.run()
