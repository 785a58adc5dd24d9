import { closeSync, openSync, rmSync } from 'node:fs'
import { backup } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { syncFile } from '../files/durable-file.ts'
import type { SqliteDatabase } from './database.ts'
import { isLockFailure } from './storage-failure.ts'

/** Pages copied at a stretch: less than half a megabyte, so that a write waits for some milliseconds at most. */
const PAGES_AT_ONCE = 100
/** Under a load that leaves hardly a moment between two transactions, about one beginning in eight fails. */
const TRIES = 100

/**
 * Copies the database to a new file that its owner alone can read (0600), while reads and writes go on. Resolves once
 * the disk has it. The copy is one consistent state with all that was committed before this call, and most of what was
 * committed during it. Throws if the file is there already.
 *
 * It reads through the connection that holds the file, so that the hold on it is never let go (see SqliteDatabase).
 */
export async function copyDatabase({ sql }: SqliteDatabase, path: string): Promise<void> {
  closeSync(openSync(path, 'wx', 0o600))
  for (let tried = 1; ; tried++) {
    try {
      await backup(sql, path, { rate: PAGES_AT_ONCE })
      break
    } catch (error) {
      if (tried === TRIES || !beganDuringWrite(error)) throw error
    }
    rmSync(path)
    closeSync(openSync(path, 'wx', 0o600))
    await nextTurn()
  }
  syncFile(path)
}

/**
 * The first pages are read by another thread, and SQLite refuses that while this connection is within a transaction.
 * Node then rejects with the error of the copy's connection, which has none (code 0).
 */
function beganDuringWrite(error: unknown): boolean {
  const hasNone = error instanceof Error && 'errcode' in error && error.errcode === 0
  return hasNone || isLockFailure(error)
}
