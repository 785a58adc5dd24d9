import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { START } from '../../ports/event-store/event-store.ts'
import { declaredIndexes } from '../../ports/read-store/declared-indexes.ts'
import { inRange } from '../../ports/read-store/key-range.ts'
import { badCursor, fromCursor, toCursor } from '../../ports/read-store/page-cursor.ts'
import type { Document, DocumentWrite, FoundPage, ReadStore } from '../../ports/read-store/read-store.ts'
import { nextTurn } from '../../ports/turns.ts'
import type { SqliteDatabase } from './database.ts'
import { reading } from './reading.ts'
import { indexQuery } from './sqlite-index-query.ts'

/**
 * A document removed keeps its row, without a body, as the guard. `keys` repeats its index entries, so that a write
 * that leaves them as they are touches no index.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS read_document (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    position TEXT NOT NULL,
    body TEXT,
    keys TEXT NOT NULL,
    UNIQUE (collection, id)
  );
  CREATE TABLE IF NOT EXISTS read_key (
    collection TEXT NOT NULL,
    index_name TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (collection, index_name, key, id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS read_checkpoint (projection TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
`

type Stored = { position: string; keys: string }
type Entry = readonly [index: string, key: string]
const NO_KEYS = '[]'

/** Read models in the embedded store. The database stays its opener's. */
export function sqliteReadStore(database: SqliteDatabase): ReadStore {
  const { sql } = database
  sql.exec(SCHEMA)
  const { declare, indexesOf, checkIndex, checkWrites } = declaredIndexes()
  const prepared = new Map<string, StatementSync>()

  const stored = sql.prepare('SELECT position, keys FROM read_document WHERE collection = ? AND id = ?')
  const put = sql.prepare(`
    INSERT INTO read_document (collection, id, position, body, keys) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET position = excluded.position, body = excluded.body, keys = excluded.keys`)
  const addKey = sql.prepare('INSERT INTO read_key (collection, index_name, key, id) VALUES (?, ?, ?, ?)')
  const dropKey = sql.prepare(
    'DELETE FROM read_key WHERE collection = ? AND index_name = ? AND key = ? AND id = ?',
  )
  const setCheckpoint = sql.prepare(`
    INSERT INTO read_checkpoint (projection, position) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET position = excluded.position WHERE excluded.position > position`)

  /** Each text is compiled once; there are few. */
  function statement(text: string): StatementSync {
    const known = prepared.get(text) ?? sql.prepare(text)
    prepared.set(text, known)
    return known
  }

  function writeOne(write: DocumentWrite & { position: string }): void {
    const { collection, id, position } = write
    // The columns' own types: both are TEXT NOT NULL.
    const before = stored.get(collection, id) as Stored | undefined
    if (before !== undefined && before.position >= position) return
    const body = 'put' in write ? JSON.stringify(write.put) : null
    const entries = 'put' in write ? entriesOf(write.keys ?? {}) : []
    const keys = entries.length === 0 ? NO_KEYS : JSON.stringify(entries)
    put.run(collection, id, position, body, keys)
    const keysBefore = before?.keys ?? NO_KEYS
    if (keys === keysBefore) return
    for (const [index, key] of without(entriesIn(keysBefore), entries))
      dropKey.run(collection, index, key, id)
    for (const [index, key] of without(entries, entriesIn(keysBefore))) addKey.run(collection, index, key, id)
  }

  function rows(text: string, parameters: SQLInputValue[]): FoundPage['items'] {
    return statement(text)
      .all(...parameters)
      .map((row) => ({ id: String(row.id), key: String(row.key), document: documentIn(row.body) }))
  }

  return {
    async prepare(collections) {
      declare(collections)
    },

    get: (collection, id) =>
      reading(() => {
        const row = statement(`
          SELECT body FROM read_document WHERE collection = ? AND id = ? AND body IS NOT NULL`).get(
          collection,
          id,
        )
        return row === undefined ? undefined : documentIn(row.body)
      }),

    getMany: (collection, ids) =>
      reading(() => {
        const found = rows(
          `SELECT id, id AS key, body FROM read_document
           WHERE collection = ? AND id IN (SELECT value FROM json_each(?)) AND body IS NOT NULL`,
          [collection, JSON.stringify(ids)],
        )
        return new Map(found.map((item) => [item.id, item.document]))
      }),

    async write(writes, checkpoint) {
      checkWrites(writes)
      // Made of events, which are on the disk before they are read: what a power cut takes is made again.
      await database.write(() => {
        for (const write of writes) writeOne(write)
        if (checkpoint !== undefined) setCheckpoint.run(checkpoint.projection, checkpoint.position)
      }, 'ordered')
    },

    async find(collection, index, range, page) {
      // Whoever asks for one page after the other reads all of them: others have their turn in between.
      if (page.after !== undefined) await nextTurn()
      return reading(() => {
        checkIndex(collection, index)
        const listing = `index ${index}`
        const after = page.after === undefined ? undefined : fromCursor(listing, page.after)
        if (after !== undefined && !inRange(range, after.key)) throw badCursor()
        const entries = indexQuery(collection, index, range, after)
        const found = rows(
          `SELECT entry.id, entry.key, body FROM read_key AS entry
           CROSS JOIN read_document AS document
             ON document.collection = entry.collection AND document.id = entry.id
           WHERE ${entries.where} ORDER BY entry.key, entry.id LIMIT ?`,
          [...entries.parameters, page.limit + 1],
        )
        return toPage(listing, found, page.limit)
      })
    },

    list: (collection, page) =>
      reading(() => {
        indexesOf(collection)
        const after = page.after === undefined ? '' : fromCursor('ids', page.after).id
        const found = rows(
          `SELECT id, id AS key, body FROM read_document
           WHERE collection = ? AND id > ? AND body IS NOT NULL ORDER BY id LIMIT ?`,
          [collection, after, page.limit + 1],
        )
        return toPage('ids', found, page.limit)
      }),

    count: (collection, index, range) =>
      reading(() => {
        checkIndex(collection, index)
        const { where, parameters } = indexQuery(collection, index, range)
        return Number(
          statement(`SELECT count(*) AS n FROM read_key AS entry WHERE ${where}`).get(...parameters)?.n,
        )
      }),

    checkpoint: (projection) =>
      reading(() => {
        const row = statement('SELECT position FROM read_checkpoint WHERE projection = ?').get(projection)
        return row === undefined ? START : String(row.position)
      }),

    async clear(collection, projection) {
      await database.write(() => {
        statement('DELETE FROM read_document WHERE collection = ?').run(collection)
        statement('DELETE FROM read_key WHERE collection = ?').run(collection)
        statement('DELETE FROM read_checkpoint WHERE projection = ?').run(projection)
      })
    },
  }
}

function toPage(listing: string, found: FoundPage['items'], limit: number): FoundPage {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? toCursor(listing, last) : null }
}

/** Each pair once, in a fixed order, so that the same keys always give the same text. */
function entriesOf(keys: { [index: string]: readonly string[] }): Entry[] {
  return Object.keys(keys)
    .sort()
    .flatMap((index) => [...new Set(keys[index])].sort().map((key): Entry => [index, key]))
}

function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  return entries.filter(([index, key]) => !others.some((other) => other[0] === index && other[1] === key))
}

// Stored by `writeOne`: a JSON list of pairs.
const entriesIn = (keys: string) => JSON.parse(keys) as Entry[]
// Stored by `writeOne`: a Document's JSON.
const documentIn = (body: unknown) => JSON.parse(String(body)) as Document
