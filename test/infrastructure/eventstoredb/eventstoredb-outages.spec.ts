import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type {
  EventStoreDbEventStore,
  EventStoreDbOptions,
} from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { appendNext } from '../../support/append-next.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { eventually, following, unavailable } from '../../support/following.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const outages = suite('EventStoreDB that fails')

const test = (
  title: string,
  options: Partial<EventStoreDbOptions>,
  body: (store: EventStoreDbEventStore, double: EventStoreDbDouble) => Promise<void>,
) =>
  outages(title, async () => {
    const double = await startEventStoreDbDouble()
    const store = openEventStoreDb(double.url, options)
    try {
      await withDeadline(20_000, () => body(store, double))
    } finally {
      await store.close()
      await double.close()
    }
  })

/** Short waits: what is tested is what happens when they are over. */
const IMPATIENT = { callTimeoutMs: 300, retryWithinMs: 100 }

for (const how of ['is killed and started again', 'ends it as at a shutdown'] as const)
  test(`a subscription whose server ${how} misses nothing and doubles nothing`, {}, async (store, double) => {
    const filter = { categories: ['a'] }
    const follower = following(store, { after: START, filter })
    await store.append('a-1', 'no-stream', someEvents(50))
    await follower.until((events) => events.length === 50)
    for (let round = 0; round < 5; round++) {
      const writing = Promise.all(
        Array.from({ length: 20 }, (_, n) => store.append(`a-${round}-${n}`, 'no-stream', someEvents(3))),
      )
      if (how === 'ends it as at a shutdown') double.endReadings()
      else {
        await double.kill()
        await double.start()
      }
      await writing
      await appendNext(store, 'b-1', [someEvent()])
    }
    const truth = await readToEnd(double.store, { after: START, filter, limit: 1000 })
    assert.is(truth.length, 50 + 5 * 20 * 3)
    await follower.until((events) => events.length >= truth.length)
    assert.equal(ids(await follower.end()), ids(truth))
  })

test(
  'an append whose answer is lost is stored once, and gives the first revision and position',
  {},
  async (store, double) => {
    for (const expected of ['no-stream', 1, 3] as const) {
      double.loseNextAnswer()
      const events = someEvents(2)
      const result = await store.append('a-1', expected, events)
      const stored = await store.readStream('a-1')
      assert.equal(ids(stored.slice(-2)), ids(events))
      assert.equal(result, { ok: true, revision: stored.length - 1, position: stored.at(-1)?.position })
    }
    assert.is((await double.store.readStream('a-1')).length, 6)
  },
)

test(
  'an append whose answer is lost is still the one that was stored when others have written after it',
  {},
  async (store, double) => {
    await store.append('a-1', 'no-stream', someEvents(2))
    for (const expected of [1, 'no-stream'] as const) {
      const stream = expected === 'no-stream' ? 'a-2' : 'a-1'
      const before = (await double.store.readStream(stream)).length
      const events = someEvents(3)
      double.loseNextAnswer()
      const appending = store.append(stream, expected, events)
      while ((await double.store.readStream(stream)).length === before) await nextTurn()
      await appendNext(double.store, stream, someEvents(2))
      assert.equal(await appending, {
        ok: true,
        revision: before + 2,
        position: (await store.readStream(stream))[before + 2]?.position,
      })
      assert.equal(ids((await double.store.readStream(stream)).slice(before, before + 3)), ids(events))
      assert.is((await double.store.readStream(stream)).length, before + 5)
    }
  },
)

test(
  'of many appends under way when a connection breaks, each is stored once or refused, and nothing else breaks',
  {},
  async (store, double) => {
    const appending = Array.from({ length: 300 }, (_, n) =>
      store.append(`a-${n}`, 'no-stream', [someEvent('Happened', { text: 'x'.repeat(10_000) })]),
    )
    double.loseNextAnswer()
    const results = await Promise.all(appending)
    assert.ok(results.every((result) => result.ok && result.revision === 0))
    assert.is(
      (await readToEnd(double.store, { after: START, filter: { categories: ['a'] }, limit: 1000 })).length,
      300,
    )
  },
)

outages(
  'what became of an append is told as not known only where it was sent, and none of its tries answered',
  async () => {
    const double = await startEventStoreDbDouble({ commitTimeoutMs: 50 })
    const store = openEventStoreDb(double.url, { ...IMPATIENT, callTimeoutMs: 500 })
    const append = async (): Promise<string> => {
      try {
        return (await store.append(`a-${randomUUID()}`, 'no-stream', [someEvent()])).ok ? 'stored' : 'wrong'
      } catch (error) {
        return error instanceof StoreUnavailable ? error.code : String(error)
      }
    }
    try {
      assert.is(await append(), 'stored')
      double.replication.stop()
      assert.is(await append(), 'OUTCOME_UNKNOWN')
      double.replication.goOn('KEPT')
      double.freeze()
      assert.is(await append(), 'OUTCOME_UNKNOWN')
      double.thaw()
      double.refuse('ACCESS_DENIED')
      assert.is(await append(), 'STORE_UNAVAILABLE')
      double.refuse(undefined)
      double.isolate()
      assert.is(await append(), 'STORE_UNAVAILABLE')
      double.lead()
      while ((await append()) !== 'stored') await nextTurn()
      await double.kill()
      await unavailable(store.head())
      assert.is(await append(), 'STORE_UNAVAILABLE')
      assert.is(await store.head().catch((error: StoreUnavailable) => error.code), 'STORE_UNAVAILABLE')
    } finally {
      await store.close()
      await double.close()
    }
  },
)

test(
  'a server that does not answer makes every call StoreUnavailable in time, and works on when it does',
  IMPATIENT,
  async (store, double) => {
    await store.append('a-1', 'no-stream', [someEvent()])
    double.freeze()
    const begun = performance.now()
    await Promise.all([
      unavailable(store.append('a-1', 0, [someEvent()])),
      unavailable(store.readStream('a-1')),
      unavailable(store.readAll({ after: START, limit: 10 })),
      unavailable(store.head()),
    ])
    const took = performance.now() - begun
    assert.ok(took >= 290 && took < 1500, `${took} ms`)
    double.thaw()
    // What was sent before is stored now or never: as the port says, the ids decide.
    assert.ok((await store.append('b-1', 'no-stream', [someEvent()])).ok)
  },
)

test(
  'a server that comes up later is waited for by nobody and used by all',
  IMPATIENT,
  async (store, double) => {
    await double.kill()
    await unavailable(store.head())
    await unavailable(store.append('a-1', 'no-stream', [someEvent()]))
    await unavailable(store.readStream('a-1'))
    const waiting = following(store, { after: START, filter: { categories: ['a'] } })
    await double.start()
    await eventually(() => store.append('a-1', 'no-stream', someEvents(3)))
    await waiting.until((events) => events.length === 3)
    assert.is((await waiting.end()).length, 3)
  },
)

test(
  'a subscription that nobody answers for long rejects, so that its reader can tell',
  { ...IMPATIENT, reconnectWithinMs: 500 },
  async (store, double) => {
    await double.kill()
    const pages = store.subscribe({ after: START, signal: new AbortController().signal })
    await unavailable(pages[Symbol.asyncIterator]().next())
  },
)

test('a short restart is not noticed by callers', {}, async (store, double) => {
  await store.append('a-1', 'no-stream', [someEvent()])
  await double.kill()
  const calls = [store.append('a-1', 0, [someEvent()]), store.head(), store.readStream('a-1')] as const
  await double.start()
  const [appended, head] = await Promise.all(calls)
  assert.ok(appended.ok && appended.revision === 1)
  assert.is(typeof head, 'string')
})

test('a user without rights is told so at once', {}, async (store, double) => {
  double.refuse('ACCESS_DENIED')
  const begun = performance.now()
  await unavailable(store.head())
  await unavailable(appendNext(store, 'a-1', [someEvent()]))
  assert.ok(performance.now() - begun < 1000)
  double.refuse(undefined)
  assert.ok((await appendNext(store, 'a-1', [someEvent()])).ok)
})

test('closing ends live subscriptions with StoreUnavailable and refuses what comes later', {}, async (store) => {
  const live = store
    .subscribe({ after: await store.head(), signal: new AbortController().signal })
    [Symbol.asyncIterator]()
  await live.next()
  const waiting = unavailable(live.next())
  await store.close()
  await waiting
  await unavailable(appendNext(store, 'a-1', [someEvent()]))
  await unavailable(store.readStream('a-1'))
  await unavailable(store.head())
})

outages('what was stored is there after the server was started again on its data', async () => {
  const folder = temporaryFolder()
  const path = `${folder.path}/server.db`
  const first = await startEventStoreDbDouble({ path })
  const store = openEventStoreDb(first.url)
  await store.append('a-1', 'no-stream', someEvents(3))
  await first.close()
  const second = await startEventStoreDbDouble({ path, port: first.port })
  assert.is((await eventually(() => store.readStream('a-1'))).length, 3)
  await store.close()
  await second.close()
  folder.remove()
})

outages.run()

const ids = (events: readonly { id: string }[]) => events.map((event) => event.id)
