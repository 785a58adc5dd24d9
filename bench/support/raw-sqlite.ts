// SQLite by node:sqlite alone, opened and used as anybody would who knows what the service's own stores ask of it.
import { DatabaseSync } from 'node:sqlite'

export type RawRow = {
  position: number
  stream: string
  revision: number
  id: string
  type: string
  data: string
  metadata: string
  recorded_at: string
}

/** A file with the pragmas of the service's own. */
export function openRaw(path: string, synchronous: 'FULL' | 'NORMAL' = 'FULL'): DatabaseSync {
  const sql = new DatabaseSync(path)
  sql.exec(`PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous};
    PRAGMA fullfsync=ON; PRAGMA journal_size_limit=${64 * 1024 * 1024}; PRAGMA cache_size=-${32 * 1024}`)
  return sql
}

/** All rows of `events` in their order, `size` at a time. */
export function* rawPages(sql: DatabaseSync, size: number): Generator<RawRow[], void> {
  const page = sql.prepare(
    `SELECT position, stream, revision, id, type, data, metadata, recorded_at FROM events
     WHERE position > ? ORDER BY position LIMIT ?`,
  )
  for (let after = 0; ; ) {
    // The columns of RawRow, as the statement names them.
    const rows = page.all(after, size) as unknown as RawRow[]
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    after = last.position
  }
}

/** Rows committed in groups: all that are asked for in one turn of the event loop share a transaction. */
export function rawGroupCommit(sql: DatabaseSync): (work: () => void) => Promise<void> {
  const begin = sql.prepare('BEGIN IMMEDIATE')
  const commit = sql.prepare('COMMIT')
  let waiting: { work: () => void; done: () => void }[] = []
  const flush = () => {
    const group = waiting
    waiting = []
    begin.run()
    for (const { work } of group) work()
    commit.run()
    for (const { done } of group) done()
  }
  return (work) =>
    new Promise((done) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ work, done })
    })
}
