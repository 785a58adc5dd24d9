import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  BackupRefused,
  type Manifest,
  makeBackupFolder,
  sealBackup,
} from '../infrastructure/backup/backup-folder.ts'
import { writeDurably } from '../infrastructure/files/durable-file.ts'
import { copyDatabase } from '../infrastructure/sqlite/copy.ts'
import { openDatabase, type SqliteDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Position } from '../ports/event-store/event-store.ts'

export const EVENTS_FILE = 'calendar-sync.sqlite'
export const VAULT_FILE = 'vault.sqlite'
export const KEY_FILE = 'encryption.key'
export const STAMP_FILE = 'stamp.json'

/** Sources of a backup: the databases that this process holds, the events' first. */
export type BackupSources = {
  folder: string
  databases: readonly { name: string; database: SqliteDatabase }[]
  head(): Promise<Position>
  clock: Clock
}
export type BackupOptions = { directory: string; withKey: boolean }

/**
 * Copies the embedded stores to a new or empty folder, while they are in use. Every event acknowledged before the call
 * is in the copy, with read models that agree with it. The events go first and the vault last: a calendar's key is made
 * before the first event that names it, so the copy of the vault knows every key in the copy of the events. The
 * encryption key lies in it only where asked for. Throws BackupRefused.
 */
export async function backUp(
  sources: BackupSources,
  { directory, withKey }: BackupOptions,
): Promise<Manifest> {
  const { folder, databases, clock } = sources
  const keyFile = join(folder, KEY_FILE)
  if (withKey && !existsSync(keyFile))
    throw new BackupRefused(
      'DIRECTORY_UNUSABLE',
      `There is no ${keyFile}: the key is in ENCRYPTION_KEY, which is for you to keep.`,
    )
  makeBackupFolder(directory, folder)
  const begunAt = clock.now().toString()
  const head = await sources.head()
  for (const { name, database } of databases) await copyDatabase(database, join(directory, name))
  for (const name of [STAMP_FILE, ...(withKey ? [KEY_FILE] : [])]) {
    const path = join(folder, name)
    if (existsSync(path)) writeDurably(join(directory, name), readFileSync(path, 'utf8'))
  }
  return sealBackup(directory, { begunAt, head, hasKey: withKey })
}

/** The same for a folder that no service runs on. Throws BackupRefused and DataFolderInUse. */
export async function backUpFolder(folder: string, clock: Clock, options: BackupOptions): Promise<Manifest> {
  const names = [EVENTS_FILE, VAULT_FILE].filter((name) => existsSync(join(folder, name)))
  if (!names.includes(EVENTS_FILE) || !existsSync(join(folder, STAMP_FILE)))
    throw new BackupRefused('DIRECTORY_UNUSABLE', `${folder} is no data folder of this service.`)
  const databases: { name: string; database: SqliteDatabase }[] = []
  try {
    for (const name of names) databases.push({ name, database: openDatabase(join(folder, name)) })
    const [first] = databases
    const head = async () => (first ? sqliteEventStore(first.database, { clock }).head() : '')
    return await backUp({ folder, databases, head, clock }, options)
  } finally {
    for (const { database } of databases) await database.close()
  }
}
