import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { errorCode } from '../../../infrastructure/logging/error-facts.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { eventQueries, filteredQuery } from '../../../infrastructure/sqlite/sqlite-event-schema.ts'
import { sqliteEventStore } from '../../../infrastructure/sqlite/sqlite-event-store.ts'
import { type EventPage, START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { eventStoreContract } from '../../ports/event-store/event-store.contract.ts'
import { appendNext } from '../../support/append-next.ts'
import { withDeadline } from '../../support/deadline.ts'
import { readToEnd, someEvent, someEvents } from '../../support/events.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

eventStoreContract('the embedded event store, in memory', async () => {
  const { database, store } = openStore(':memory:')
  return { store, close: () => database.close() }
})

eventStoreContract('the embedded event store, on a file', async () => {
  const folder = temporaryFolder()
  let opened = openStore(join(folder.path, 'data.db'))
  return {
    store: opened.store,
    async close() {
      await opened.database.close()
      folder.remove()
    },
    async reopen() {
      await opened.database.close()
      opened = openStore(join(folder.path, 'data.db'))
      return opened.store
    },
  }
})

const own = suite('the embedded event store')
const test = (title: string, body: () => Promise<void>) => own(title, () => withDeadline(10_000, body))

test('a long stream is read whole, and leaves others their turn', async () => {
  const { database, store } = openStore()
  for (let written = 0; written < 2_500; written += 500)
    await appendNext(store, 'booking-long', someEvents(500))
  let turns = 0
  const count = () => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const read = await store.readStream('booking-long', { fromRevision: 100 })
  clearImmediate(next)
  assert.equal(
    read.map(({ revision }) => revision),
    Array.from({ length: 2_400 }, (_, n) => n + 100),
  )
  assert.ok(turns >= 2, `${turns} turns`)
  await database.close()
})

test('an empty store has START as its head and is caught up', async () => {
  const { database, store } = openStore()
  assert.is(await store.head(), START)
  const page = await store.readAll({ after: START, limit: 10 })
  assert.equal(page, { events: [], position: START, caughtUp: true })
  await database.close()
})

test('positions are the numbers of the events, 20 digits, without gaps even after refused appends', async () => {
  const { database, store } = openStore()
  await store.append('a-1', 'no-stream', someEvents(2))
  await Promise.all([
    store.append('a-1', 'no-stream', someEvents(2)),
    database.write(() => database.sql.exec('INSERT INTO events (stream) VALUES (1)')).catch(() => 'refused'),
    store.append('b-1', 'no-stream', someEvents(1)),
  ])
  assert.equal(
    (await readToEnd(store, { after: START, limit: 10 })).map((event) => event.position),
    ['00000000000000000001', '00000000000000000002', '00000000000000000003'],
  )
  assert.is(await store.head(), '00000000000000000003')
  await database.close()
})

test("the time recorded is the given clock's, in UTC, to the millisecond", async () => {
  const clock = virtualClock('2026-03-29T01:00:00Z')
  const database = openDatabase(':memory:')
  const store = sqliteEventStore(database, { clock })
  await appendNext(store, 'a-1', [someEvent()])
  await clock.advance(1234)
  await appendNext(store, 'a-1', [someEvent()])
  assert.equal(
    (await store.readStream('a-1')).map((event) => event.recordedAt),
    ['2026-03-29T01:00:00.000Z', '2026-03-29T01:00:01.234Z'],
  )
  await database.close()
})

test('known ids with another expected revision are a wrong one, also where it is the last', async () => {
  const { database, store } = openStore()
  const events = someEvents(2)
  await store.append('a-1', 'no-stream', events)
  const wrong = { ok: false, error: 'WRONG_EXPECTED_REVISION', actual: 1 }
  assert.equal(await store.append('a-1', 0, events), wrong)
  assert.equal(await store.append('a-1', 1, events), wrong)
  assert.equal(await store.append('a-1', 'no-stream', events.toReversed()), wrong)
  assert.equal(await store.append('a-1', 1, [someEvent(), ...events]), wrong)
  const twice = someEvent()
  await store.append('a-2', 'no-stream', [twice, twice]).then(
    () => assert.unreachable(),
    (error: unknown) => assert.instance(error, TypeError),
  )
  await database.close()
})

test('every query finds its rows through an index or by position, and sorts nothing', async () => {
  const { database, store } = openStore()
  await appendNext(store, 'a-1', someEvents(10))
  const { insert: _, ...reading } = eventQueries
  const texts = [
    ...Object.values(reading),
    ...[1, 2, 3, 30].flatMap((count) => {
      const names = Array.from({ length: count }, (_, n) => `name${n}`)
      return [filteredQuery({ categories: names }).text, filteredQuery({ types: names }).text]
    }),
  ]
  for (const text of texts) {
    const plan = database.sql
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map((row) => String(row.detail))
    assert.ok(plan.length > 0)
    for (const step of plan) {
      // The one scan allowed takes a single row from the end of the table.
      const allowed =
        text === eventQueries.head ? /^SCAN events$/ : /^SEARCH events USING|^MERGE|^LEFT$|^RIGHT$/
      assert.match(step, allowed, `${text}: ${step}`)
    }
  }
  const plan = (text: string) => database.sql.prepare(`EXPLAIN QUERY PLAN ${text}`).get()?.detail
  assert.is(
    plan(filteredQuery({ categories: ['a'] }).text),
    'SEARCH events USING INDEX events_by_category (category=? AND rowid>?)',
  )
  assert.is(
    plan(filteredQuery({ types: ['a'] }).text),
    'SEARCH events USING INDEX events_by_type (type=? AND rowid>?)',
  )
  assert.is(plan(eventQueries.all), 'SEARCH events USING INTEGER PRIMARY KEY (rowid>?)')
  await database.close()
})

test('an empty filter matches nothing and moves on', async () => {
  const { database, store } = openStore()
  await appendNext(store, 'a-1', someEvents(3))
  const head = await store.head()
  for (const filter of [{ categories: [] }, { types: [] }])
    assert.equal(await store.readAll({ after: START, filter, limit: 10 }), {
      events: [],
      position: head,
      caughtUp: true,
    })
  await database.close()
})

test('a page of big events ends before its limit, and the next one goes on', async () => {
  const { database, store } = openStore()
  for (let n = 0; n < 20; n++)
    await appendNext(store, 'a-1', [someEvent('Big', { n, text: 'x'.repeat(1_000_000) })])
  const first = await store.readAll({ after: START, limit: 1000 })
  assert.ok(first.events.length < 12)
  assert.not.ok(first.caughtUp)
  const rest = await readToEnd(store, { after: first.position, limit: 1000 })
  assert.equal(
    [...first.events, ...rest].map((event) => event.data.n),
    Array.from({ length: 20 }, (_, n) => n),
  )
  await database.close()
})

test('catching up leaves turns to everything else in the process', async () => {
  const { database, store } = openStore()
  await appendNext(store, 'a-1', someEvents(100))
  const end = new AbortController()
  let turns = 0
  const count = () => {
    turns += 1
    if (!end.signal.aborted) setImmediate(count)
  }
  count()
  for await (const page of store.subscribe({ after: START, limit: 1, signal: end.signal }))
    if (page.caughtUp) end.abort()
  assert.ok(turns >= 99, `${turns} turns`)
  await database.close()
})

test('a position of another store and a limit that is none are RangeErrors; one beyond the end is caught up', async () => {
  const { database, store } = openStore()
  for (const options of [
    { after: 'x', limit: 1 },
    { after: '0'.repeat(40), limit: 1 },
    { after: START, limit: 0 },
    { after: START, limit: 1.5 },
  ])
    await store.readAll(options).then(
      () => assert.unreachable(),
      (error: unknown) => assert.instance(error, RangeError),
    )
  const beyond = '00000000000000000099'
  assert.equal(await store.readAll({ after: beyond, limit: 1 }), {
    events: [],
    position: beyond,
    caughtUp: true,
  })
  await database.close()
})

test('a full disk makes an append unavailable, stores nothing of it, and passes', async () => {
  const { database, store } = openStore()
  await store.append('a-1', 'no-stream', someEvents(3))
  const pages = database.sql.prepare('PRAGMA page_count').get()?.page_count
  database.sql.exec(`PRAGMA max_page_count=${pages}`)
  const batch = [someEvent(), someEvent('Big', { text: 'x'.repeat(100_000) })]
  await store.append('a-1', 2, batch).then(
    () => assert.unreachable(),
    (error: unknown) => assert.instance(error, StoreUnavailable),
  )
  assert.is((await store.readStream('a-1')).length, 3)
  database.sql.exec('PRAGMA max_page_count=1000000')
  const result = await store.append('a-1', 2, batch)
  assert.ok(result.ok && result.revision === 4)
  await database.close()
})

test('closing ends waiting subscriptions with StoreUnavailable, commits what waits and refuses the rest', async () => {
  const { database, store } = openStore()
  const live = store.subscribe({ after: START, signal: new AbortController().signal })[Symbol.asyncIterator]()
  await live.next()
  const waiting = unavailable(live.next())
  const appending = appendNext(store, 'a-1', [someEvent()])
  await store.close()
  await waiting
  assert.ok((await appending).ok)
  await unavailable(appendNext(store, 'a-1', [someEvent()]))
  await unavailable(store.readStream('a-1'))
  await unavailable(store.readAll({ after: START, limit: 1 }))
  await unavailable(store.head())
  await store.close()
  await database.close()
})

test('where the database was closed first, every call is StoreUnavailable', async () => {
  const { database, store } = openStore()
  const pages: EventPage[] = []
  const live = store.subscribe({ after: START, signal: new AbortController().signal })
  await database.close()
  await unavailable(
    (async () => {
      for await (const page of live) pages.push(page)
    })(),
  )
  assert.equal(pages, [])
  await unavailable(appendNext(store, 'a-1', [someEvent()]))
  await unavailable(store.readStream('a-1'))
  await unavailable(store.head())
})

test('tables of a later version are refused and left as they are', async () => {
  const { database, store } = openStore()
  await appendNext(store, 'a-1', [someEvent()])
  assert.is((await sqliteEventStore(database, { clock: systemClock }).readStream('a-1')).length, 1)
  database.sql.exec("UPDATE schema_versions SET version = 99 WHERE part = 'event store'")
  assert.throws(
    () => sqliteEventStore(database, { clock: systemClock }),
    (error: unknown) =>
      errorCode(error) === 'SCHEMA_TOO_NEW' && /event store .* version 99/.test(String(error)),
  )
  assert.is(database.sql.prepare('SELECT version FROM schema_versions').get()?.version, 99)
  assert.not.ok(database.sql.isTransaction)
  await database.close()
})

own.run()

function openStore(path = ':memory:') {
  const database = openDatabase(path)
  return { database, store: sqliteEventStore(database, { clock: systemClock }) }
}

async function unavailable(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
  assert.instance(outcome, StoreUnavailable)
}
