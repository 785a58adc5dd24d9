import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase, type SqliteDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteReadStore } from '../../../infrastructure/sqlite/sqlite-read-store.ts'
import type { ReadStore } from '../../../ports/read-store/read-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { readStoreContract } from '../../ports/read-store/read-store.contract.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

readStoreContract('SQLite in memory', async () => {
  const database = openDatabase(':memory:')
  return { store: sqliteReadStore(database), close: () => database.close() }
})

readStoreContract('SQLite on a file', async () => {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder.path, 'store.sqlite'))
  return {
    store: sqliteReadStore(database),
    async close() {
      await database.close()
      folder.remove()
    },
  }
})

const test = suite('SQLite read store')
const bookings = { name: 'bookings', indexes: ['event'] }

test('leaves others their turn between the pages of a list', async () => {
  const database = openDatabase(':memory:')
  const store = sqliteReadStore(database)
  await store.prepare([bookings])
  const put = (id: string) => ({
    collection: 'bookings',
    id,
    put: {},
    keys: { event: ['e'] },
    position: '05',
  })
  await store.write(['a', 'b'].map(put), { projection: 'p', position: '05' })
  const page = await store.find('bookings', 'event', { prefix: '' }, { limit: 1 })
  let others = 0
  setImmediate(() => others++)
  await store.find('bookings', 'event', { prefix: '' }, { limit: 1, after: page.next ?? '' })
  assert.is(others, 1)
  await database.close()
})

test('has after a restart what was written before', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'store.sqlite')
  const first = openDatabase(path)
  const before = sqliteReadStore(first)
  await before.prepare([bookings])
  await before.write(
    [{ collection: 'bookings', id: 'a', put: { n: 1 }, keys: { event: ['e'] }, position: '05' }],
    { projection: 'p', position: '05' },
  )
  await first.close()

  const second = openDatabase(path)
  const after = sqliteReadStore(second)
  await after.prepare([bookings])
  const found = await after.find('bookings', 'event', { oneOf: ['e'] }, { limit: 1 })
  assert.equal(found.items, [{ id: 'a', key: 'e', document: { n: 1 } }])
  assert.is(await after.checkpoint('p'), '05')
  await after.write([{ collection: 'bookings', id: 'a', put: { n: 0 }, position: '04' }])
  assert.equal(await after.get('bookings', 'a'), { n: 1 })
  await second.close()
  folder.remove()
})

test('answers StoreUnavailable when the file is closed', async () => {
  const database = openDatabase(':memory:')
  const store = sqliteReadStore(database)
  await store.prepare([bookings])
  await database.close()
  const calls = [
    store.get('bookings', 'a'),
    store.write([{ collection: 'bookings', id: 'a', put: {}, position: '1' }]),
    store.find('bookings', 'event', { prefix: '' }, { limit: 1 }),
  ]
  for (const call of calls) {
    const error = await call.catch((error: unknown) => error)
    assert.instance(error, StoreUnavailable)
  }
})

test('answers every query from an index', async () => {
  const database = openDatabase(':memory:')
  const recorded = recording(database)
  const store = sqliteReadStore(recorded.database)
  await store.prepare([bookings])
  await everyQuery(store)
  const queries = [...recorded.texts].filter((text) => text.trimStart().startsWith('SELECT'))
  assert.ok(queries.length >= 12, 'the recording sees the queries')
  for (const query of queries) {
    const plan = database.sql
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map((row) => String(row.detail))
    const own = plan.filter((step) => !step.includes('json_each'))
    for (const step of own) {
      assert.not.match(step, /^SCAN/, `${query}: ${step}`)
      assert.not.match(step, /AUTOMATIC/, `${query}: ${step}`)
    }
    if (!query.includes('json_each')) assert.not.match(plan.join('; '), /TEMP B-TREE/, query)
    if (query.includes('read_key')) {
      assert.match(plan.join('; '), /SEARCH entry USING (COVERING INDEX|PRIMARY KEY).*key/, query)
    }
  }
  await database.close()
})

test('bounds a range on both sides in the index', async () => {
  const database = openDatabase(':memory:')
  const recorded = recording(database)
  const store = sqliteReadStore(recorded.database)
  await store.prepare([bookings])
  await everyQuery(store)
  const plans = [...recorded.texts]
    .filter((text) => text.includes('entry.key < ?'))
    .map((text) => JSON.stringify(database.sql.prepare(`EXPLAIN QUERY PLAN ${text}`).all()))
  assert.ok(plans.some((plan) => plan.includes('(collection=? AND index_name=? AND key>? AND key<?)')))
  assert.ok(
    plans.some((plan) => plan.includes('(collection=? AND index_name=? AND (key,id)>(?,?) AND key<?)')),
  )
  await database.close()
})

test('looks up 2,500 keys among 20,000 documents in milliseconds', async () => {
  const database = openDatabase(':memory:')
  const store = sqliteReadStore(database)
  await store.prepare([bookings])
  const write = (n: number) => ({
    collection: 'bookings',
    id: `booking-${n}`,
    put: { bookingUid: `booking-${n}`, status: 'ACCEPTED', references: [{ externalEventId: `e${n}` }] },
    keys: { event: [`c/event-${n}`] },
    position: String(n).padStart(20, '0'),
  })
  for (let from = 0; from < 20_000; from += 1000) {
    await store.write(Array.from({ length: 1000 }, (_, n) => write(from + n)))
  }
  const oneOf = Array.from({ length: 2500 }, (_, n) => `c/event-${n * 8}`)
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    const { items } = await store.find('bookings', 'event', { oneOf }, { limit: 2500 })
    times.push(performance.now() - start)
    assert.is(items.length, 2500)
  }
  // Generous, since the machine may be busy: a scan a key would take seconds.
  assert.ok(Math.min(...times) < 100, `took ${times.map((time) => time.toFixed(1))} ms`)
  await database.close()
})

test.run()

/** The same database, with every statement's text noted. */
function recording(database: SqliteDatabase): { database: SqliteDatabase; texts: Set<string> } {
  const texts = new Set<string>()
  const sql = new Proxy(database.sql, {
    get(target, name) {
      if (name === 'prepare') {
        return (text: string) => {
          texts.add(text)
          return target.prepare(text)
        }
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { database: { ...database, sql }, texts }
}

async function everyQuery(store: ReadStore): Promise<void> {
  await store.write(
    ['a', 'b', 'c'].map((id) => ({
      collection: 'bookings',
      id,
      put: {},
      keys: { event: ['ea', 'eb'] },
      position: '1',
    })),
    { projection: 'p', position: '1' },
  )
  await store.get('bookings', 'a')
  await store.getMany('bookings', ['a', 'b'])
  await store.checkpoint('p')
  const listed = await store.list('bookings', { limit: 1 })
  await store.list('bookings', { limit: 1, after: listed.next ?? '' })
  const ranges = [{ oneOf: ['ea', 'eb'] }, { prefix: 'e' }, { prefix: '' }, { from: 'e', to: 'f' }]
  for (const range of ranges) {
    const page = await store.find('bookings', 'event', range, { limit: 1 })
    await store.find('bookings', 'event', range, { limit: 1, after: page.next ?? '' })
    await store.count('bookings', 'event', range)
  }
}
