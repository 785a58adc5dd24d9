import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteReadStore } from '../infrastructure/sqlite/sqlite-read-store.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'

/** Runs `work` with an empty read store in the system's temporary folder, which is gone afterwards. */
export async function withScratch<Result>(work: (scratch: ReadStore) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-verify-'))
  const database = openDatabase(join(folder, 'read-models.sqlite'))
  try {
    return await work(sqliteReadStore(database))
  } finally {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
