import { randomInt } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { errorCode } from '../logging/error-facts.ts'
import { isLockFailure, isStorageFailure } from './storage-failure.ts'

/** The data folder is held by another process, or already open in this one. */
export class DataFolderInUse extends Error {
  readonly code = 'DATA_FOLDER_IN_USE'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'DataFolderInUse'
  }
}

/**
 * One SQLite file, held by this process alone, with group commit. All writes that are asked for in the same turn of the
 * event loop share one transaction, and so one fsync. WAL and `synchronous=FULL`: a write whose promise has resolved
 * survives kill -9 and power loss.
 *
 * The hold on the file is a POSIX lock, which the system drops when this process closes any handle on that file. Copy
 * it with `VACUUM INTO` or `backup` of node:sqlite, never through node:fs while it is open here.
 */
export type SqliteDatabase = {
  /**
   * For reads and prepared statements. Writing through it outside of `write` is a mistake. An iterator must not stay
   * open across turns of the event loop: it would see half of a group, and the write-ahead log would grow on.
   */
  readonly sql: DatabaseSync
  /**
   * Runs `work` inside the next group transaction, in the order asked for, once. `work` must be synchronous: a promise
   * as its result is a TypeError. Resolves with its result after COMMIT. If `work` throws, its own savepoint alone is
   * rolled back and the promise rejects with that error. If the storage fails or the transaction cannot be committed,
   * none of the group is stored, and every write of it rejects with StoreUnavailable.
   *
   * `ordered` asks for less than `durable`, the default. It survives kill -9 all the same. A power cut may take it,
   * with all that was written after it and nothing before it. It costs no fsync unless the group has a durable write.
   *
   * `single` says that `work` writes by one statement at most and throws nothing after it. It needs no savepoint then,
   * which is half of what a small write costs besides its fsync.
   */
  write<T>(work: () => T, durability?: Durability, extent?: Extent): Promise<T>
  /**
   * Resolves if writes are stored, as far as is known. After a group that could not be stored, it tries one that leaves
   * nothing. It rejects with StoreUnavailable while that fails too: there may be no writer to find out.
   */
  writable(): Promise<void>
  /** Commits what waits, then closes the file and frees the folder. Later writes reject with StoreUnavailable. */
  close(): Promise<void>
}

export type Durability = 'durable' | 'ordered'
export type Extent = 'single' | 'several'

/** Asks for room, as a write would, and gives it back. */
const PROBE = `CREATE TABLE storage_probe (content);
  INSERT INTO storage_probe VALUES (zeroblob(32768));
  DROP TABLE storage_probe`

type Waiting = {
  work: () => unknown
  durability: Durability
  extent: Extent
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/**
 * Opens (or creates) the file at `path`, or a private database for ':memory:'. Throws DataFolderInUse; any other error
 * of SQLite's (no such folder, no database, not writable) is thrown as it is.
 */
export function openDatabase(path: string): SqliteDatabase {
  const sql = openExclusively(path)
  const begin = sql.prepare('BEGIN IMMEDIATE')
  const commit = sql.prepare('COMMIT')
  const rollback = sql.prepare('ROLLBACK')
  const runItem = apart(sql)
  const syncAs = synchronousSetting(sql)

  let waiting: Waiting[] = []
  let scheduled = false
  let closed = false
  let failing = false

  function flush(): void {
    scheduled = false
    const group = waiting
    waiting = []
    if (group.length === 0) return
    const settled: (() => void)[] = []
    try {
      // Still open only where a failing disk refused the ROLLBACK of an earlier group.
      if (sql.isTransaction) rollback.run()
      syncAs(group.some(({ durability }) => durability === 'durable') ? 'durable' : 'ordered')
      begin.run()
      for (const item of group) settled.push(runItem(item))
      commit.run()
      failing = false
    } catch (error) {
      failing = true
      const cause = rolledBack(error)
      const unavailable = new StoreUnavailable('the embedded store cannot write', { cause })
      for (const item of group) item.reject(unavailable)
      return
    }
    for (const settle of settled) settle()
  }

  function rolledBack(error: unknown): unknown {
    try {
      if (sql.isTransaction) rollback.run()
      return error
    } catch (rollbackError) {
      return new AggregateError([error, rollbackError], 'the transaction failed, and so did its rollback')
    }
  }

  function write<T>(
    work: () => T,
    durability: Durability = 'durable',
    extent: Extent = 'several',
  ): Promise<T> {
    if (closed) return Promise.reject(new StoreUnavailable('the embedded store is closed'))
    return new Promise<T>((resolve, reject) => {
      // The queue holds writes of every result type; each is resolved with what its own `work` gave.
      waiting.push({ work, durability, extent, resolve: resolve as (value: unknown) => void, reject })
      if (!scheduled) {
        scheduled = true
        setImmediate(flush)
      }
    })
  }

  return {
    sql,
    write,
    async writable() {
      if (failing) await write(() => sql.exec(PROBE))
    },
    async close() {
      if (closed) return
      closed = true
      flush()
      sql.close()
    },
  }
}

/** In a write-ahead log, FULL is one fsync at each commit and NORMAL none: the order of what is in it stays. */
function synchronousSetting(sql: DatabaseSync): (durability: Durability) => void {
  let now: Durability = 'durable'
  return (durability) => {
    if (durability === now) return
    sql.exec(durability === 'durable' ? 'PRAGMA synchronous=FULL' : 'PRAGMA synchronous=NORMAL')
    now = durability
  }
}

/** Upper bound of the log's size on disk once its content has been moved into the file, in bytes. */
const LOG_SIZE_LIMIT = 64 * 1024 * 1024
/** Page cache, in KiB: enough to keep the inner pages of the indexes of some million events. */
const CACHE_KIB = 32 * 1024

/**
 * Two processes that start at the same instant can each keep the other from the lock, so that neither would get it.
 * They therefore try again, each after a random while; who is refused this often meets one that really holds it.
 */
const TRIES = 6
const LONGEST_WAIT_MS = 40

function openExclusively(path: string): DatabaseSync {
  makeOwnedFile(path)
  for (let tried = 1; ; tried++) {
    const sql = new DatabaseSync(path, { timeout: 0 })
    try {
      takeHold(sql, path)
      return sql
    } catch (error) {
      sql.close()
      if (!isLockFailure(error)) throw error
      if (tried === TRIES) throw new DataFolderInUse(`${path} is in use by another process`, { cause: error })
    }
    // Opening is synchronous and done once, at the start: nothing else has to run meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, randomInt(1, LONGEST_WAIT_MS))
  }
}

/** SQLite would make the file readable for all; the log beside the file gets the file's own mode. */
function makeOwnedFile(path: string): void {
  if (path === ':memory:') return
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Whatever else is wrong with the path, SQLite says in its own words.
    if (errorCode(error) === undefined) throw error
  }
}

function takeHold(sql: DatabaseSync, path: string): void {
  // The locking mode comes first: then the log's index lives in this process's memory. The lock that keeps others out
  // is taken by the first access and held until the file is closed.
  sql.exec('PRAGMA locking_mode=EXCLUSIVE')
  const journal = sql.prepare('PRAGMA journal_mode=WAL').get()?.journal_mode
  if (journal !== 'wal' && journal !== 'memory')
    throw new Error(`${path} cannot be written through a write-ahead log (journal mode ${journal})`)
  // fullfsync matters on macOS only, where a plain fsync does not reach the platter.
  sql.exec('PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA trusted_schema=OFF')
  sql.exec(`PRAGMA journal_size_limit=${LOG_SIZE_LIMIT}; PRAGMA cache_size=-${CACHE_KIB}`)
  sql.exec('BEGIN IMMEDIATE; COMMIT')
}

/**
 * How to run one write so that its failure is its own. The answer tells the caller, once the whole group is committed.
 * Throws if the group is lost.
 */
function apart(sql: DatabaseSync): (item: Waiting) => () => void {
  const savepoint = sql.prepare('SAVEPOINT item')
  const release = sql.prepare('RELEASE item')
  const rollbackTo = sql.prepare('ROLLBACK TO item')
  return (item) => {
    const several = item.extent === 'several'
    if (several) savepoint.run()
    try {
      const result = item.work()
      if (result instanceof Promise) throw new TypeError('a write must be synchronous')
      if (several) release.run()
      return () => item.resolve(result)
    } catch (error) {
      // After a storage failure the transaction is of no use, whether SQLite has ended it already or not.
      if (!sql.isTransaction || isStorageFailure(error)) throw error
      if (several) {
        rollbackTo.run()
        release.run()
      }
      return () => item.reject(error)
    }
  }
}
