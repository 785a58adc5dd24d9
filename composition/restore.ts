import { chmodSync, constants, copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  isEmptyFolder,
  type Manifest,
  readBackup,
  syncFolder,
} from '../infrastructure/backup/backup-folder.ts'
import { makeOwnedFolder } from '../infrastructure/config/owned-folder.ts'
import { syncFile, writeDurably } from '../infrastructure/files/durable-file.ts'
import { keyRing } from '../infrastructure/sealing/encryption.ts'
import { encryptionKeys } from '../infrastructure/sealing/key-file.ts'
import { openDatabase } from '../infrastructure/sqlite/database.ts'
import { skipForgottenPositions } from '../infrastructure/sqlite/sqlite-position-floor.ts'
import { EVENTS_FILE, KEY_FILE, STAMP_FILE, VAULT_FILE } from './backup.ts'

/** Why nothing was restored. The data folder is as it was. `message` is a sentence for the operator. */
export class RestoreRefused extends Error {
  readonly code: 'DATA_FOLDER_NOT_EMPTY' | 'ENCRYPTION_KEY_MISSING' | 'DATABASE_DAMAGED'
  constructor(code: RestoreRefused['code'], message: string) {
    super(message)
    this.name = 'RestoreRefused'
    this.code = code
  }
}

export type RestoreOptions = {
  /** The backup. */
  directory: string
  /** DATA_DIR: missing or empty, or left over from a restoring that was cut off. */
  folder: string
  /** ENCRYPTION_KEY, as configured. */
  encryptionKey: string | undefined
  /** The `encryption.key` that was kept apart from the backup. */
  keyFile: string | undefined
}

/** All that a backup may bring, and a data folder may get: no token to the service among it. */
const FILES = [EVENTS_FILE, VAULT_FILE, KEY_FILE, STAMP_FILE]

/** No stamp of a data folder, so that no service starts on what is not whole yet. */
const UNFINISHED = '{"restoring":true}\n'

/**
 * Makes a data folder of a backup whose checksums hold, and whose vault opens with the keys given. New events get
 * positions beyond all that the lost store can have given. Durable when it resolves. Throws RestoreRefused and
 * BackupRefused.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { directory, folder } = options
  const manifest = await readBackup(directory, FILES)
  beginIn(folder)
  try {
    for (const { name } of manifest.files)
      if (name !== STAMP_FILE) bring(join(directory, name), join(folder, name))
    if (options.keyFile !== undefined && !manifest.hasKey) bring(options.keyFile, join(folder, KEY_FILE))
    await prepareEvents(join(folder, EVENTS_FILE))
    await checkVault(options)
  } catch (error) {
    for (const name of UNFINISHED_FILES) rmSync(join(folder, name), { force: true })
    throw error
  }
  const stamp = join(folder, `${STAMP_FILE}.restored`)
  bring(join(directory, STAMP_FILE), stamp)
  renameSync(stamp, join(folder, STAMP_FILE))
  syncFolder(folder)
  return manifest
}

/** Everything that this file leaves in a folder; the stamp goes last. */
const UNFINISHED_FILES = [
  ...[EVENTS_FILE, VAULT_FILE].flatMap((name) => [name, `${name}-wal`, `${name}-shm`, `${name}-journal`]),
  KEY_FILE,
  `${STAMP_FILE}.restored`,
  STAMP_FILE,
]

function beginIn(folder: string): void {
  makeOwnedFolder(folder)
  const stamp = join(folder, STAMP_FILE)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === UNFINISHED)
    for (const name of UNFINISHED_FILES) rmSync(join(folder, name), { force: true })
  if (!isEmptyFolder(folder))
    throw new RestoreRefused(
      'DATA_FOLDER_NOT_EMPTY',
      `The data folder ${folder} is not empty: stop the service that runs on it, move what is there away, or choose another DATA_DIR.`,
    )
  writeDurably(stamp, UNFINISHED)
  syncFolder(folder)
}

function bring(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_EXCL)
  chmodSync(to, 0o600)
  syncFile(to)
}

async function prepareEvents(path: string): Promise<void> {
  if (!existsSync(path)) return
  const database = openDatabase(path)
  try {
    const found = database.sql.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (found !== 'ok') throw new RestoreRefused('DATABASE_DAMAGED', `${path} is damaged: ${found}.`)
    await skipForgottenPositions(database)
  } finally {
    await database.close()
  }
}

/** Every record of the vault is under one of the keys that the service will have. */
async function checkVault({ folder, encryptionKey }: RestoreOptions): Promise<void> {
  const path = join(folder, VAULT_FILE)
  if (!existsSync(path)) return
  const database = openDatabase(path)
  try {
    const used = database.sql
      .prepare('SELECT key_id AS keyId FROM credential UNION SELECT key_id FROM calendar')
      .all()
    if (used.length === 0) return
    const given = encryptionKey !== undefined || existsSync(join(folder, KEY_FILE))
    const keys = given ? encryptionKeys({ configured: encryptionKey, dataDir: folder }) : undefined
    if (keys?.ok === false) throw new RestoreRefused('ENCRYPTION_KEY_MISSING', keys.message)
    const known = new Set(keys?.keys.map((key) => keyRing([key]).newest))
    if (!used.every(({ keyId }) => known.has(String(keyId))))
      throw new RestoreRefused(
        'ENCRYPTION_KEY_MISSING',
        `${keys === undefined ? 'There is no encryption key' : 'The encryption key given is another one'}, and without the right one nothing in the vault opens: name the file that was kept apart with --key-file, or set ENCRYPTION_KEY.`,
      )
  } finally {
    await database.close()
  }
}
