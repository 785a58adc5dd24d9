import { join } from 'node:path'
import type { Clock } from '../infrastructure/clock/clock.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { openDataFolder } from '../infrastructure/config/data-folder.ts'
import { keptSecret } from '../infrastructure/config/secret-file.ts'
import { sqliteEventStore } from '../infrastructure/event-store/sqlite-event-store.ts'
import { sqliteReadStore } from '../infrastructure/read-store/sqlite-read-store.ts'
import { freeOrphanedLeases } from '../infrastructure/signal-queue/sqlite-orphaned-leases.ts'
import { sqliteSignalQueue } from '../infrastructure/signal-queue/sqlite-signal-queue.ts'
import { DataFolderInUse, openDatabase } from '../infrastructure/sqlite/database.ts'
import { encryptionKeys } from '../infrastructure/vault/key-file.ts'
import { sqliteVault } from '../infrastructure/vault/sqlite-vault.ts'
import type { Closers } from './closers.ts'
import { StartRefused } from './start-refused.ts'

export type Stores = ReturnType<typeof openStores>

/** The embedded stores, on this process's own data folder. */
export function openStores(configuration: Configuration, clock: Clock, newId: () => string, opened: Closers) {
  const { folder, encryptionKey: configured } = configuration.data
  const stamped = openDataFolder(folder, configuration.google.root)
  if (!stamped.ok) throw new StartRefused(stamped.message)
  const database = openExclusively(join(folder, 'calendar-sync.sqlite'), folder)
  opened.add('database', database.close)
  const vaultDatabase = openExclusively(join(folder, 'vault.sqlite'), folder)
  opened.add('vault', vaultDatabase.close)
  const keys = encryptionKeys({ configured, dataDir: folder })
  if (!keys.ok) throw new StartRefused(keys.message)
  const [newest, ...older] = keys.keys
  if (newest === undefined) throw new StartRefused('There is no encryption key.')
  const events = sqliteEventStore(database, { clock })
  opened.add('event store', events.close)
  const queue = sqliteSignalQueue(database, { clock, newId })
  freeOrphanedLeases(database, clock)
  opened.add('signal queue', queue.close)
  return {
    events,
    queue,
    readStore: sqliteReadStore(database),
    vault: sqliteVault(vaultDatabase, { keys: keys.keys, newId }),
    /** The newest first. */
    secrets: [newest, ...older] as const,
    /** Names this deployment for as long as its data lives. */
    deploymentId: keptSecret(folder, 'deployment-id', newId).secret,
  }
}

function openExclusively(path: string, folder: string) {
  try {
    return openDatabase(path)
  } catch (error) {
    if (!(error instanceof DataFolderInUse)) throw error
    throw new StartRefused(
      `The data folder ${folder} is in use by another process: stop that one, or choose another DATA_DIR.`,
      { cause: error },
    )
  }
}
