import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStoreDbEventStore } from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { following } from '../../support/following.ts'

const patience = suite('EventStoreDB at default patience')

const test = (
  title: string,
  body: (store: EventStoreDbEventStore, double: EventStoreDbDouble) => Promise<void>,
) =>
  patience(title, async () => {
    const double = await startEventStoreDbDouble()
    const store = openEventStoreDb(double.url)
    try {
      await withDeadline(25_000, () => body(store, double))
    } finally {
      await store.close()
      await double.close()
    }
  })

const filter = { categories: ['a'] }

test('a node that restarts under load is noticed by no caller, and everything is stored once', async (store, double) => {
  const follower = following(store, { after: START, filter })
  const over = new AbortController()
  let stored = 0
  const write = async (writer: number) => {
    for (let last: number | 'no-stream' = 'no-stream'; !over.signal.aborted; ) {
      const result = await store.append(`a-${writer}`, last, someEvents(2))
      if (!result.ok) return assert.unreachable(`a-${writer} is at ${result.actual}, not at ${last}`)
      last = result.revision
      stored += 2
      await store.readStream(`a-${writer}`)
    }
  }
  const read = async () => {
    while (!over.signal.aborted)
      await Promise.all([store.head(), store.readAll({ after: START, filter, limit: 10 })])
  }
  const working = Promise.all([...Array.from({ length: 20 }, (_, writer) => write(writer)), read()])
  while (stored < 100) await Promise.race([working, nextTurn()])
  await Promise.race([double.restart(), working])
  const before = stored
  while (stored < before + 100) await Promise.race([working, nextTurn()])
  over.abort()
  await working
  const truth = await readToEnd(double.store, { after: START, filter, limit: 1000 })
  assert.is(truth.length, stored)
  await follower.until((events) => events.length >= stored)
  assert.equal(
    (await follower.end()).map(({ id }) => id),
    truth.map(({ id }) => id),
  )
})

for (const accepted of ['KEPT', 'LOST'] as const)
  test(`an append that is answered Timeout, and ${accepted.toLowerCase()} later, is stored once`, async (store, double) => {
    await store.append('a-1', 'no-stream', [someEvent()])
    double.replication.stop()
    const events = someEvents(2)
    const appending = store.append('a-1', 0, events)
    while (double.replication.timeouts === 0) await nextTurn()
    assert.is((await double.store.readStream('a-1')).length, 1)
    double.replication.goOn(accepted)
    const appended = await appending
    assert.ok(appended.ok && appended.revision === 2)
    const [, ...stored] = await double.store.readStream('a-1')
    assert.equal(
      stored.map(({ id }) => id),
      events.map(({ id }) => id),
    )
  })

patience('an election as long as the longest that was seen is noticed by no caller', async () => {
  const first = await startEventStoreDbDouble()
  const second = await startEventStoreDbDouble({ cluster: first.cluster })
  const store = openEventStoreDb(`esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false`)
  try {
    await store.append('a-1', 'no-stream', [someEvent()])
    first.isolate()
    const calls = [store.append('a-1', 0, [someEvent()]), store.readStream('a-1'), store.head()] as const
    await second.leadAfterElection()
    const [appended, read] = await Promise.all(calls)
    assert.ok(appended.ok && appended.revision === 1)
    assert.ok(read.length >= 1)
  } finally {
    await store.close()
    await second.close()
    await first.close()
  }
})

patience.run()
