import { createServer, type Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStoreDbEventStore } from '../../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { type NewEvent, START } from '../../../ports/event-store/event-store.ts'
import { appendNext } from '../../support/append-next.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { type EventStoreDbDouble, startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'

const own = suite('EventStoreDB')

const test = (
  title: string,
  body: (store: EventStoreDbEventStore, double: EventStoreDbDouble) => Promise<void>,
) =>
  own(title, async () => {
    const double = await startEventStoreDbDouble()
    const store = openEventStoreDb(double.url)
    try {
      await withDeadline(60_000, () => body(store, double))
    } finally {
      await store.close()
      await double.close()
    }
  })

test('a position is commit and prepare, 20 digits each', async (store) => {
  const result = await store.append('a-1', 'no-stream', [someEvent()])
  assert.match(result.ok ? result.position : '', /^\d{40}$/)
  const [event] = await store.readStream('a-1')
  assert.is(event?.position, result.ok && result.position)
})

test('a position of another store and a limit that is none are RangeErrors', async (store) => {
  for (const options of [
    { after: 'x', limit: 1 },
    { after: '0'.repeat(20), limit: 1 },
    { after: START, limit: 0 },
    { after: START, limit: 1.5 },
  ])
    assert.instance(await rejection(store.readAll(options)), RangeError)
})

test('a position beyond the end is caught up, and stays', async (store) => {
  const after = '9'.repeat(40)
  assert.equal(await store.readAll({ after, limit: 1 }), { events: [], position: after, caughtUp: true })
})

test("the server's own events are left out, and move the position all the same", async (store, double) => {
  await store.append('a-1', 'no-stream', [someEvent()])
  await double.writeSystemEvents(700)
  const page = await store.readAll({ after: START, limit: 10 })
  assert.equal(
    page.events.map(({ stream }) => stream),
    ['a-1'],
  )
  assert.is(page.position, await store.head())
  assert.ok(page.caughtUp)
})

for (const filter of [undefined, { categories: ['a'] }, { types: ['Happened'] }, { categories: [] }])
  test(`a live reader of ${JSON.stringify(filter) ?? 'everything'} reaches the head, whatever was appended last`, async (store, double) => {
    const after = await store.head()
    const end = new AbortController()
    let rounds = 0
    let wanted = ''
    for await (const page of store.subscribe({ after, ...(filter && { filter }), signal: end.signal })) {
      if (!page.caughtUp || page.position < wanted) continue
      assert.ok(page.position <= (await store.head()))
      if (rounds === 6) break
      rounds += 1
      if (rounds % 3 === 0) await double.writeSystemEvents(2)
      else if (rounds % 3 === 1) await appendNext(store, 'b-1', someEvents(3, 'Other'))
      else await appendNext(store, 'a-1', someEvents(3))
      wanted = await store.head()
    }
    assert.is(rounds, 6)
  })

test('types are taken as they are written, whatever a pattern would make of them', async (store) => {
  for (const type of ['Moved', 'MovedOn', 'xMoved', 'M.ved', 'M(o|v)*ed'])
    await appendNext(store, 'a-1', [someEvent(type)])
  const read = async (types: string[]) =>
    (await readToEnd(store, { after: START, filter: { types }, limit: 100 })).map(({ type }) => type)
  assert.equal(await read(['Moved']), ['Moved'])
  assert.equal(await read(['M.ved', 'M(o|v)*ed']), ['M.ved', 'M(o|v)*ed'])
  assert.equal(await read([]), [])
})

test('what JSON cannot hold is refused before anything is sent', async (store, double) => {
  await store.append('a-1', 'no-stream', [someEvent()])
  const before = new Map(double.calls)
  for (const value of [10n, undefined, Number.NaN]) {
    // The type forbids it; what is tested is a caller that got around the type.
    const data = { value } as unknown as NewEvent['data']
    assert.instance(await rejection(appendNext(store, 'a-1', [someEvent('Bad', data)])), TypeError)
  }
  assert.equal(new Map(double.calls), before)
  assert.is((await store.readStream('a-1')).length, 1)
})

test('50 appends at once to streams of their own are all stored', async (store) => {
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, n) => store.append(`a-${n}`, 'no-stream', someEvents(4))),
  )
  assert.ok(results.every((result) => result.ok && result.revision === 3))
  assert.is((await readToEnd(store, { after: START, filter: { categories: ['a'] }, limit: 33 })).length, 200)
})

test('all appends of a process go over one call', async (store, double) => {
  for (let n = 0; n < 5; n++)
    await Promise.all([
      appendNext(store, `a-${n}`, [someEvent()]),
      appendNext(store, `b-${n}`, [someEvent()]),
    ])
  assert.is(double.calls.get('BatchAppend'), 1)
})

test('a page of big events ends before its limit, and the next one goes on', async (store) => {
  for (let n = 0; n < 20; n++)
    await appendNext(store, 'a-1', [someEvent('Big', { n, text: 'x'.repeat(1_000_000) })])
  const first = await store.readAll({ after: START, limit: 1000 })
  assert.ok(first.events.length < 12 && !first.caughtUp)
  const rest = await readToEnd(store, { after: first.position, limit: 1000 })
  assert.equal(
    [...first.events, ...rest].map((event) => event.data.n),
    Array.from({ length: 20 }, (_, n) => n),
  )
})

test('a slow reader of 100,000 events holds a few hundred of them, and keeps nobody else waiting', async (store, double) => {
  for (let n = 0; n < 200; n++) await appendNext(double.store, 'a-1', someEvents(500))
  const end = new AbortController()
  const filter = { categories: ['a'] }
  const pages = store
    .subscribe({ after: START, filter, limit: 100, signal: end.signal })
    [Symbol.asyncIterator]()
  let taken = 0
  let most = 0
  const heap: number[] = []
  for (let page = await pages.next(); !page.done; page = await pages.next()) {
    taken += page.value.events.length
    most = Math.max(most, double.eventsSent - taken)
    // While this reader thinks, others are served on the same connection.
    if (taken % 10_000 === 0) {
      await appendNext(store, 'b-1', [someEvent()])
      heap.push(process.memoryUsage().heapUsed)
    }
    if (page.value.caughtUp) end.abort()
  }
  assert.is(taken, 100_000)
  // What is under way: buffers of HTTP/2 (64 KiB and more of some 300 bytes an event) and of the streams.
  assert.ok(most < 3_000, `${most} events were sent ahead`)
  const [first = 0] = heap
  assert.ok(
    Math.max(...heap) < first + 80 * 1024 * 1024,
    `${heap.map((bytes) => Math.round(bytes / 1e6)).join(' ')} MB`,
  )
})

test('it describes a server that can be worked with', async (store) => {
  assert.equal(await store.describe(), { ok: true, version: '24.10.0', head: await store.head() })
})

test('it says why a server cannot be worked with', async (_, double) => {
  const why = async (url: string) => {
    const store = openEventStoreDb(url, { callTimeoutMs: 1000, retryWithinMs: 0 })
    const condition = await store.describe()
    await store.close()
    return condition.ok ? 'OK' : condition.trouble
  }
  const connections = new Set<Socket>()
  const silent = createServer((socket) => void connections.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const silentPort = typeof address === 'object' && address ? address.port : 0
  assert.is(await why('esdb://no-such-host.invalid:2113?tls=false'), 'DNS')
  assert.is(await why('esdb://127.0.0.1:1?tls=false'), 'REFUSED')
  assert.is(await why('esdb://127.0.0.1:1,127.0.0.1:2?tls=false&maxDiscoverAttempts=1'), 'REFUSED')
  assert.is(await why(`esdb://127.0.0.1:${double.port}`), 'TLS')
  assert.is(await why(`esdb://127.0.0.1:${silentPort}?tls=false`), 'TIMEOUT')
  double.refuse('ACCESS_DENIED')
  assert.is(await why(double.url), 'AUTHENTICATION')
  silent.close()
  for (const connection of connections) connection.destroy()
  const old = await startEventStoreDbDouble({ version: '22.10.4' })
  assert.is(await why(old.url), 'TOO_OLD')
  await old.close()
})

own('an event that is more than the server takes is a RangeError that nobody repeats', async () => {
  const double = await startEventStoreDbDouble({ version: '26.1.1', maxEventBytes: 1000 })
  const store = openEventStoreDb(double.url)
  try {
    const big = someEvent('Big', { text: 'x'.repeat(2000) })
    assert.instance(await rejection(store.append('a-1', 'no-stream', [big])), RangeError)
    assert.ok((await store.append('a-1', 'no-stream', [someEvent()])).ok)
    assert.is(double.calls.get('BatchAppend'), 1)
  } finally {
    await store.close()
    await double.close()
  }
})

own.run()

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable('it should have been rejected'),
    (error: unknown) => error,
  )
