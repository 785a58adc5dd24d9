import { closeSync, openSync } from 'node:fs'
import { backup } from 'node:sqlite'
import { syncFile } from '../config/durable-file.ts'
import type { SqliteDatabase } from './database.ts'

/** Pages copied at a stretch: less than half a megabyte, so that a write waits for some milliseconds at most. */
const PAGES_AT_ONCE = 100

/**
 * Copies the database to a new file that its owner alone can read (0600), while reads and writes go on; resolves once
 * the disk has it. The copy is one consistent state with all that was committed before this call, and most of what was
 * committed during it. Throws where the file is there already.
 *
 * It reads through the connection that holds the file, so that the hold on it is never let go (see SqliteDatabase).
 */
export async function copyDatabase({ sql }: SqliteDatabase, path: string): Promise<void> {
  closeSync(openSync(path, 'wx', 0o600))
  await backup(sql, path, { rate: PAGES_AT_ONCE })
  syncFile(path)
}
