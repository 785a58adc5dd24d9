import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type AppendResult,
  type EventStore,
  type NewEvent,
  type RecordedEvent,
  START,
} from '../../../ports/event-store/event-store.ts'
import { appendNext } from '../../support/append-next.ts'
import { withDeadline } from '../../support/deadline.ts'
import { collect, readToEnd, someEvent, someEvents, uniqueName } from '../../support/events.ts'

/** Of one test: far more than a server on a busy machine needs. */
const DEADLINE_MS = 20_000

/** A store to test, and how to be done with it. `reopen` opens it again over the same data (the old one is gone). */
export type OpenedEventStore = {
  store: EventStore
  close(): Promise<void>
  reopen?(): Promise<EventStore>
}

/**
 * What every event store does. `open` is called for each test; it may give an empty store or a server that others use
 * too, so the tests look at categories and types of their own only.
 */
export function eventStoreContract(name: string, open: () => Promise<OpenedEventStore>): void {
  const contract = suite(name)

  const test = (title: string, body: (store: EventStore, opened: OpenedEventStore) => Promise<void>) =>
    contract(title, async () => {
      const opened = await open()
      try {
        await withDeadline(DEADLINE_MS, () => body(opened.store, opened))
      } finally {
        await opened.close()
      }
    })

  test('a stream that nobody wrote is empty', async (store) => {
    assert.equal(await store.readStream(`${uniqueName()}-1`), [])
    assert.equal(await store.readStream(`${uniqueName()}-1`, { fromRevision: 5 }), [])
  })

  test('an event comes back as it was appended, with its place and time', async (store) => {
    const stream = `${uniqueName()}-1`
    const event: NewEvent = {
      ...someEvent('Happened', { a: 1 }),
      metadata: {
        correlationId: randomUUID(),
        causationId: randomUUID(),
        actor: 'operator:Zoë',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        cause: { channelId: 'channel-1', messageNumber: 7, receivedAt: '2026-03-02T08:00:00.123Z' },
      },
    }
    const { revision, position } = succeeded(await store.append(stream, 'no-stream', [event]))
    const [stored, ...others] = await store.readStream(stream)
    assert.equal(others, [])
    const { recordedAt, ...rest } = found(stored)
    assert.equal(rest, { ...event, stream, revision, position })
    assert.is(revision, 0)
    assert.match(recordedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    assert.is(Number.isNaN(Date.parse(recordedAt)), false)
  })

  test('positions rise, have one width, and compare as text', async (store) => {
    const stream = `${uniqueName()}-1`
    const positions: string[] = []
    for (let n = 0; n < 12; n++) positions.push((await appendNext(store, stream, [someEvent()])).position)
    assert.equal([...new Set(positions)].sort(), positions)
    assert.is(new Set(positions.map((position) => position.length)).size, 1)
    assert.ok(positions.every((position) => position > START))
  })

  test("'no-stream' asks that the stream does not exist", async (store) => {
    const stream = `${uniqueName()}-1`
    assert.is(succeeded(await store.append(stream, 'no-stream', someEvents(2))).revision, 1)
    wrong(await store.append(stream, 'no-stream', [someEvent()]), 1)
    assert.is((await store.readStream(stream)).length, 2)
  })

  test('an exact revision asks that it is the last', async (store) => {
    const stream = `${uniqueName()}-1`
    wrong(await store.append(stream, 0, [someEvent()]), 'no-stream')
    await store.append(stream, 'no-stream', someEvents(3))
    wrong(await store.append(stream, 1, [someEvent()]), 2)
    wrong(await store.append(stream, 3, [someEvent()]), 2)
    assert.is(succeeded(await store.append(stream, 2, [someEvent()])).revision, 3)
    assert.equal(revisions(await store.readStream(stream)), [0, 1, 2, 3])
  })

  test('of 50 appends at once that all expect no stream, exactly one wins', async (store) => {
    const stream = `${uniqueName()}-1`
    const tries = Array.from({ length: 50 }, () => someEvents(2))
    const results = await Promise.all(tries.map((events) => store.append(stream, 'no-stream', events)))
    assert.is(results.filter((result) => result.ok).length, 1)
    for (const result of results) if (!result.ok) assert.is(result.error, 'WRONG_EXPECTED_REVISION')
    const winner = tries[results.findIndex((result) => result.ok)]
    assert.equal(ids(await store.readStream(stream)), ids(found(winner)))
  })

  test('a batch is stored as a whole, in its order and without others in between', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const batches = Array.from({ length: 10 }, () => someEvents(7))
    await Promise.all(batches.map((events, n) => store.append(`${category}-${n}`, 'no-stream', events)))
    const all = await readToEnd(store, { after, filter: { categories: [category] }, limit: 1000 })
    assert.is(all.length, 70)
    for (let first = 0; first < 70; first += 7) {
      const together = all.slice(first, first + 7)
      assert.is(new Set(together.map((event) => event.stream)).size, 1)
      assert.equal(revisions(together), [0, 1, 2, 3, 4, 5, 6])
    }
  })

  test('the same ids with the same expected revision are a success with the first revision and position', async (store) => {
    const stream = `${uniqueName()}-1`
    const [first, second, third] = [someEvents(2), someEvents(3), someEvents(1)]
    const one = await store.append(stream, 'no-stream', first)
    const two = await store.append(stream, 1, second)
    const three = await store.append(stream, 4, third)
    assert.is(succeeded(three).revision, 5)
    assert.equal(await store.append(stream, 'no-stream', first), one)
    assert.equal(await store.append(stream, 1, second), two)
    assert.equal(await store.append(stream, 4, third), three)
    assert.equal(revisions(await store.readStream(stream)), [0, 1, 2, 3, 4, 5])
  })

  test('the same append sent many times at once is stored once', async (store) => {
    const stream = `${uniqueName()}-1`
    const events = someEvents(2)
    const results = await Promise.all(
      Array.from({ length: 10 }, () => store.append(stream, 'no-stream', events)),
    )
    for (const result of results) assert.equal(result, results[0])
    assert.is(succeeded(found(results[0])).revision, 1)
    assert.equal(ids(await store.readStream(stream)), ids(events))
  })

  test('a batch of known and new ids is a wrong expected revision and stores nothing', async (store) => {
    const stream = `${uniqueName()}-1`
    const known = someEvents(2)
    await store.append(stream, 'no-stream', known)
    wrong(await store.append(stream, 'no-stream', [...known, someEvent()]), 1)
    wrong(await store.append(stream, 1, [...known, someEvent()]), 1)
    assert.equal(ids(await store.readStream(stream)), ids(known))
  })

  test('the same id in another stream is another event', async (store) => {
    const category = uniqueName()
    const event = someEvent()
    const one = succeeded(await store.append(`${category}-1`, 'no-stream', [event]))
    const two = succeeded(await store.append(`${category}-2`, 'no-stream', [event]))
    assert.ok(two.position > one.position)
    assert.equal(ids(await store.readStream(`${category}-2`)), [event.id])
  })

  test('a stream is read oldest first, from any revision on', async (store) => {
    const stream = `${uniqueName()}-1`
    await store.append(stream, 'no-stream', someEvents(10))
    assert.equal(numbers(await store.readStream(stream)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.equal(numbers(await store.readStream(stream, { fromRevision: 7 })), [7, 8, 9])
    assert.equal(numbers(await store.readStream(stream, { fromRevision: 10 })), [])
  })

  test('a long stream is read whole', async (store) => {
    const stream = `${uniqueName()}-1`
    for (let n = 0; n < 6; n++) await appendNext(store, stream, someEvents(100))
    assert.equal(
      revisions(await store.readStream(stream)),
      Array.from({ length: 600 }, (_, n) => n),
    )
  })

  test('data comes back exactly as it was, whatever JSON it is', async (store) => {
    const stream = `${uniqueName()}-1`
    const shapes: NewEvent['data'][] = [
      {},
      { empty: '', none: null, list: [], object: {}, yes: true, no: false },
      { numbers: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, -1.7976931348623157e308] },
      { text: 'Ünï 漢字 🗓️ \u202eright to left\u202c e\u0301 \u0000 \u2028 "\\/\n\t </script> \ud800' },
      { 'a key with spaces, "quotes" and 漢字': { '': [[[{ deep: [1, [2, [3, null]]] }]]] } },
      { z: 1, a: 2, 10: 'ten', 9: 'nine' },
    ]
    await store.append(
      stream,
      'no-stream',
      shapes.map((data) => someEvent('Happened', data)),
    )
    const stored = (await store.readStream(stream)).map((event) => event.data)
    assert.equal(stored, shapes)
    assert.is(JSON.stringify(stored), JSON.stringify(shapes))
  })

  test('what JSON would lose or change is a TypeError and nothing of its batch is stored', async (store) => {
    const stream = `${uniqueName()}-1`
    const looped: Record<string, unknown> = {}
    looped.self = looped
    const others = [
      10n,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      new Date(0),
      new Map(),
      () => 1,
      looped,
    ]
    for (const value of others) {
      // The type forbids it; what is tested is a caller that got around the type.
      const data = { list: [{ value }] } as unknown as NewEvent['data']
      const error = await rejection(appendNext(store, stream, [someEvent(), someEvent('Bad', data)]))
      assert.instance(error, TypeError)
      assert.match(String(error), 'Bad.data.list[0].value')
    }
    assert.equal(await store.readStream(stream), [])
  })

  test('an id that is no UUID and a stream without a name are TypeErrors, no events a RangeError', async (store) => {
    const stream = `${uniqueName()}-1`
    assert.instance(await rejection(appendNext(store, stream, [{ ...someEvent(), id: 'one' }])), TypeError)
    assert.instance(await rejection(appendNext(store, '', [someEvent()])), TypeError)
    assert.instance(await rejection(appendNext(store, stream, [])), RangeError)
    assert.equal(await store.readStream(stream), [])
  })

  test('an event of nearly 1 MiB is stored; a bigger one is a RangeError and stores nothing', async (store) => {
    const stream = `${uniqueName()}-1`
    const big = someEvent('Big', { text: 'x'.repeat(1024 * 1024 - 1000) })
    await store.append(stream, 'no-stream', [big])
    assert.is((await store.readStream(stream))[0]?.data.text, big.data.text)
    // Half the characters, but three bytes each.
    const bigger = someEvent('Bigger', { text: '€'.repeat(512 * 1024) })
    assert.instance(await rejection(store.append(stream, 0, [someEvent(), bigger])), RangeError)
    assert.is((await store.readStream(stream)).length, 1)
    assert.is(succeeded(await store.append(stream, 0, [someEvent()])).revision, 1)
  })

  test('the head is the position of the last event', async (store) => {
    const category = uniqueName()
    const first = await appendNext(store, `${category}-1`, someEvents(3))
    assert.ok((await store.head()) >= first.position)
    const second = await appendNext(store, `${category}-2`, someEvents(3))
    const head = await store.head()
    assert.ok(head >= second.position)
    const beyond = await readToEnd(store, { after: head, filter: { categories: [category] }, limit: 10 })
    assert.equal(beyond, [])
  })

  test('reading all gives everything after a position, in the order it was stored', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const appended: string[] = []
    for (let n = 0; n < 20; n++) {
      const events = someEvents(1 + (n % 3))
      await appendNext(store, `${category}-${n % 4}`, events)
      appended.push(...ids(events))
    }
    const all = (await readToEnd(store, { after, limit: 7 })).filter((event) =>
      event.stream.startsWith(`${category}-`),
    )
    assert.equal(ids(all), appended)
    assert.equal(
      all.map((event) => event.position),
      all.map((event) => event.position).sort(),
    )
    const byStream = await Promise.all([0, 1, 2, 3].map((n) => store.readStream(`${category}-${n}`)))
    assert.equal(
      all,
      byStream.flat().sort((a, b) => (a.position < b.position ? -1 : 1)),
    )
  })

  test('from START on, everything is read', async (store) => {
    const category = uniqueName()
    await appendNext(store, `${category}-1`, someEvents(2))
    const all = await readToEnd(store, { after: START, filter: { categories: [category] }, limit: 500 })
    assert.equal(numbers(all), [0, 1])
  })

  test('a filter by category takes the name up to the first dash, and nothing that only begins alike', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const streams = [
      `${category}-a`,
      `${category}-a-b--c-`,
      `${category}x-a`,
      `x${category}-a`,
      `${category}--`,
    ]
    for (const stream of streams) await appendNext(store, stream, [someEvent()])
    const read = async (categories: string[]) =>
      (await readToEnd(store, { after, filter: { categories }, limit: 100 })).map((event) => event.stream)
    assert.equal(await read([category]), [`${category}-a`, `${category}-a-b--c-`, `${category}--`])
    assert.equal(await read([`x${category}`, `${category}x`, `${category}x`]), [
      `${category}x-a`,
      `x${category}-a`,
    ])
    assert.equal(await read([uniqueName()]), [])
    assert.is((await store.readStream(`${category}-a-b--c-`)).length, 1)
  })

  test('a filter by type takes these types only, across categories, in order', async (store) => {
    const type = uniqueName('Type')
    const after = await store.head()
    for (let n = 0; n < 30; n++) {
      const own = [type, `${type}Too`, `Not${type}`, `${type}Third`][n % 4] ?? ''
      await appendNext(store, `${uniqueName()}-1`, [someEvent(own, { n })])
    }
    const read = async (types: string[]) =>
      numbers(await readToEnd(store, { after, filter: { types }, limit: 3 }))
    assert.equal(await read([type]), [0, 4, 8, 12, 16, 20, 24, 28])
    assert.equal(
      await read([`${type}Third`, type, `${type}Too`]),
      [0, 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20, 21, 23, 24, 25, 27, 28, 29],
    )
  })

  test('a page has at most its limit and going on from its position gives each event once', async (store) => {
    const category = uniqueName()
    const filter = { categories: [category] }
    let position = await store.head()
    for (let n = 0; n < 5; n++) {
      await appendNext(store, `${category}-1`, someEvents(5))
      await appendNext(store, `${uniqueName()}-1`, someEvents(5))
    }
    const all: RecordedEvent[] = []
    for (let caughtUp = false; !caughtUp; ) {
      const page = await store.readAll({ after: position, filter, limit: 4 })
      assert.ok(page.events.length <= 4)
      assert.ok(page.position >= (page.events.at(-1)?.position ?? position))
      all.push(...page.events)
      position = page.position
      caughtUp = page.caughtUp
    }
    assert.equal(
      revisions(all),
      Array.from({ length: 25 }, (_, n) => n),
    )
  })

  test('going on from an event gives the next one, not the same again', async (store) => {
    const category = uniqueName()
    const filter = { categories: [category] }
    const after = await store.head()
    await appendNext(store, `${category}-1`, someEvents(5))
    const all = await readToEnd(store, { after, filter, limit: 100 })
    for (const [index, event] of all.entries())
      assert.equal(
        numbers(await readToEnd(store, { after: event.position, filter, limit: 100 })),
        [0, 1, 2, 3, 4].slice(index + 1),
      )
  })

  test('a reading that finds nothing moves past what was filtered out', async (store) => {
    const category = uniqueName()
    const filter = { categories: [category] }
    const own = await appendNext(store, `${category}-1`, [someEvent()])
    for (let n = 0; n < 3; n++) await appendNext(store, `${uniqueName()}-1`, someEvents(100))
    let page = await store.readAll({ after: own.position, filter, limit: 10 })
    while (!page.caughtUp) page = await store.readAll({ after: page.position, filter, limit: 10 })
    assert.equal(page.events, [])
    assert.ok(page.position > own.position)
    await appendNext(store, `${category}-1`, [someEvent('Later')])
    const later = await readToEnd(store, { after: page.position, filter, limit: 10 })
    assert.equal(
      later.map((event) => event.type),
      ['Later'],
    )
  })

  test('a subscription gives what was there, says that it has caught up, and goes on live', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    await appendNext(store, `${category}-1`, someEvents(3))
    const end = new AbortController()
    const got: (string | number)[] = []
    let live = false
    for await (const page of store.subscribe({
      after,
      filter: { categories: [category] },
      signal: end.signal,
    })) {
      got.push(...numbers(page.events))
      if (got.length === 6) end.abort()
      if (page.caughtUp && !live) {
        live = true
        got.push('caught up')
        await appendNext(store, `${category}-2`, [someEvent('Live', { n: 7 }), someEvent('Live', { n: 8 })])
      }
    }
    assert.equal(got, [0, 1, 2, 'caught up', 7, 8])
  })

  test('a subscription where there is nothing yet says so and then gives the first event', async (store) => {
    const category = uniqueName()
    const end = new AbortController()
    const filter = { categories: [category] }
    let toldEmpty = false
    for await (const page of store.subscribe({ after: await store.head(), filter, signal: end.signal })) {
      if (page.events.length > 0) end.abort()
      else if (page.caughtUp && !toldEmpty) {
        toldEmpty = true
        await appendNext(store, `${category}-1`, [someEvent()])
      }
    }
    assert.ok(toldEmpty)
  })

  test('subscriptions miss nothing and double nothing while many write', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const write = async (writer: number) => {
      for (let n = 0; n < 25; n++)
        await store.append(`${category}-${writer}`, n === 0 ? 'no-stream' : 2 * n - 1, someEvents(2))
    }
    const filter = { categories: [category] }
    await store.append(`${category}-before`, 'no-stream', someEvents(100))
    const early = collect(store, { after, filter }, (events) => events.length >= 500)
    const writing = Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(write))
    // These begin in the middle of the writing, at different points, with pages that are always full.
    const begin = await collect(store, { after, filter, limit: 3 }, (events) => events.length >= 120)
    const resumed = collect(
      store,
      { after: begin.at(-1)?.position ?? after, filter, limit: 3 },
      (events) => events.length + begin.length >= 500,
    )
    const unfiltered = collect(
      store,
      { after },
      (events) => events.filter((event) => event.stream.startsWith(category)).length >= 500,
    )
    await writing
    const truth = await readToEnd(store, { after, filter, limit: 1000 })
    assert.is(truth.length, 500)
    assert.equal(places(await early), places(truth))
    assert.equal(places([...begin, ...(await resumed)]), places(truth))
    assert.equal(
      places((await unfiltered).filter((event) => event.stream.startsWith(category))),
      places(truth),
    )
    for (let writer = 0; writer < 8; writer++)
      assert.equal(
        revisions(truth.filter((event) => event.stream === `${category}-${writer}`)),
        Array.from({ length: 50 }, (_, n) => n),
      )
  })

  test('a slow reader gets every event, in pages of at most its limit', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const end = new AbortController()
    let appended = 0
    const got: RecordedEvent[] = []
    for await (const page of store.subscribe({
      after,
      filter: { categories: [category] },
      limit: 5,
      signal: end.signal,
    })) {
      assert.ok(page.events.length <= 5)
      got.push(...page.events)
      // More comes in than one page takes away, for as long as it is slow.
      if (appended < 120) {
        await appendNext(store, `${category}-1`, someEvents(12))
        appended += 12
      }
      if (got.length >= 120) end.abort()
    }
    assert.equal(
      revisions(got),
      Array.from({ length: 120 }, (_, n) => n),
    )
  })

  test('an abort ends a subscription without an error: before it begins, while it catches up, while it waits', async (store) => {
    const category = uniqueName()
    const after = await store.head()
    const filter = { categories: [category] }
    await appendNext(store, `${category}-1`, someEvents(20))

    const before = store.subscribe({ after, filter, signal: AbortSignal.abort() })[Symbol.asyncIterator]()
    assert.is((await before.next()).done, true)

    const catchingUp = new AbortController()
    const pages: number[] = []
    for await (const page of store.subscribe({ after, filter, limit: 4, signal: catchingUp.signal })) {
      pages.push(page.events.length)
      catchingUp.abort()
    }
    assert.is(pages.length, 1)

    const waiting = new AbortController()
    const live = store.subscribe({ after, filter, signal: waiting.signal })[Symbol.asyncIterator]()
    for (let caughtUp = false; !caughtUp; ) {
      const step = await live.next()
      caughtUp = step.done === true || step.value.caughtUp
    }
    const next = live.next()
    waiting.abort()
    assert.is((await next).done, true)
  })

  test('a subscription that its reader leaves is over', async (store) => {
    const category = uniqueName()
    await appendNext(store, `${category}-1`, someEvents(3))
    const filter = { categories: [category] }
    for await (const page of store.subscribe({ after: START, filter, signal: new AbortController().signal }))
      if (page.events.length > 0) break
    assert.is((await appendNext(store, `${category}-1`, [someEvent()])).revision, 3)
  })

  test('everything is there again after the store was opened again', async (store, opened) => {
    if (!opened.reopen) return
    const category = uniqueName()
    const filter = { categories: [category] }
    const after = await store.head()
    const first = someEvents(3)
    const result = await store.append(`${category}-1`, 'no-stream', first)
    const all = await readToEnd(store, { after, filter, limit: 100 })
    const reopened = await opened.reopen()
    assert.equal(await readToEnd(reopened, { after, filter, limit: 100 }), all)
    assert.equal(await reopened.append(`${category}-1`, 'no-stream', first), result)
    const next = succeeded(await reopened.append(`${category}-1`, 2, [someEvent()]))
    assert.ok(next.position > succeeded(result).position)
    const got = await collect(reopened, { after, filter }, (events) => events.length >= 4)
    assert.equal(revisions(got), [0, 1, 2, 3])
  })

  contract.run()
}

const ids = (events: readonly { id: string }[]) => events.map((event) => event.id)
const revisions = (events: readonly RecordedEvent[]) => events.map((event) => event.revision)
const numbers = (events: readonly RecordedEvent[]) => events.map((event) => Number(event.data.n))
const places = (events: readonly RecordedEvent[]) =>
  events.map((event) => `${event.position} ${event.stream}@${event.revision}`)

function succeeded(result: AppendResult): { revision: number; position: string } {
  if (!result.ok) throw new Error(`the append was refused: the stream is at ${result.actual}`)
  return result
}

function wrong(result: AppendResult, actual: number | 'no-stream'): void {
  assert.equal(result, { ok: false, error: 'WRONG_EXPECTED_REVISION', actual })
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable('it should have been rejected'),
    (error: unknown) => error,
  )
