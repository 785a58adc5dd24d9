import { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../store-unavailable.ts'

/** The data folder is held by another process. */
export class DataFolderInUse extends Error {
  readonly code = 'DATA_FOLDER_IN_USE'
}

/**
 * One SQLite file, held by this process alone, with group commit: every write that is asked for in the same turn of
 * the event loop shares one transaction and so one fsync. WAL and `synchronous=FULL`: a write whose promise has
 * resolved survives kill -9 and power loss.
 */
export type SqliteDatabase = {
  /** For reads and prepared statements. Writing through it outside of `write` is a mistake. */
  readonly sql: DatabaseSync
  /**
   * Runs `work` inside the next group transaction, in the order asked for. `work` must be synchronous. Resolves with
   * its result after COMMIT. If `work` throws, its own savepoint alone is rolled back and the promise rejects with
   * that error; if the transaction cannot be committed, every write of the group rejects with StoreUnavailable.
   */
  write<T>(work: () => T): Promise<T>
  /** Commits what waits, then closes the file and frees the folder. */
  close(): Promise<void>
}

type Waiting = { work: () => unknown; resolve: (value: unknown) => void; reject: (error: unknown) => void }

/** Opens (or creates) the file at `path`, or a private database for ':memory:'. Throws DataFolderInUse. */
export function openDatabase(path: string): SqliteDatabase {
  const sql = new DatabaseSync(path, { timeout: 0 })
  try {
    sql.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
    sql.exec('BEGIN IMMEDIATE; COMMIT')
  } catch (error) {
    sql.close()
    if (isBusy(error)) throw new DataFolderInUse(`another process holds ${path}`, { cause: error })
    throw error
  }

  let waiting: Waiting[] = []
  let scheduled = false
  let closed = false

  function flush(): void {
    scheduled = false
    const group = waiting
    waiting = []
    if (group.length === 0) return
    const settled: (() => void)[] = []
    try {
      sql.exec('BEGIN IMMEDIATE')
      for (const item of group) settled.push(runInSavepoint(sql, item))
      sql.exec('COMMIT')
    } catch (error) {
      if (sql.isTransaction) sql.exec('ROLLBACK')
      const unavailable = new StoreUnavailable('the embedded store cannot write', { cause: error })
      for (const item of group) item.reject(unavailable)
      return
    }
    for (const settle of settled) settle()
  }

  return {
    sql,
    write<T>(work: () => T) {
      if (closed) return Promise.reject(new StoreUnavailable('the embedded store is closed'))
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
        if (!scheduled) {
          scheduled = true
          setImmediate(flush)
        }
      })
    },
    async close() {
      if (closed) return
      closed = true
      flush()
      sql.close()
    },
  }
}

/** Returns what is to be told to the caller once the whole group is committed. Throws if the group is lost. */
function runInSavepoint(sql: DatabaseSync, item: Waiting): () => void {
  sql.exec('SAVEPOINT item')
  try {
    const result = item.work()
    sql.exec('RELEASE item')
    return () => item.resolve(result)
  } catch (error) {
    if (!sql.isTransaction) throw error
    sql.exec('ROLLBACK TO item; RELEASE item')
    if (isStorageFailure(error)) throw error
    return () => item.reject(error)
  }
}

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const storageFailures = new Set([
  SQLITE_BUSY,
  SQLITE_LOCKED,
  8 /* READONLY */,
  10 /* IOERR */,
  13 /* FULL */,
  14 /* CANTOPEN */,
])

function primaryCode(error: unknown): number | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}
const isBusy = (error: unknown) => primaryCode(error) === SQLITE_BUSY || primaryCode(error) === SQLITE_LOCKED
const isStorageFailure = (error: unknown) => storageFailures.has(primaryCode(error) ?? -1)
