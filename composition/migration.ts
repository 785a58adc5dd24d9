import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { openDataFolder } from '../infrastructure/config/data-folder.ts'
import { encryptionKeys } from '../infrastructure/sealing/key-file.ts'
import { openDatabase, type SqliteDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalContents } from '../infrastructure/sqlite/sqlite-signal-contents.ts'
import { sqliteSignalQueue } from '../infrastructure/sqlite/sqlite-signal-queue.ts'
import { sqliteVaultContents } from '../infrastructure/sqlite/sqlite-vault-contents.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventStore } from '../ports/event-store/event-store.ts'
import type { Logger } from '../ports/logger.ts'
import { allProjections } from '../projections/all-projections.ts'
import { type MigrationReport, type MigrationStep, migrate } from '../services/migration/migration.ts'
import { EVENTS_FILE, VAULT_FILE } from './backup.ts'
import { type Closers, closers } from './closers.ts'
import { nameIn } from './deployment-guard.ts'
import { StartRefused } from './start-refused.ts'
import { type OpenStores, openStores } from './stores.ts'

export type MigrateFolderOptions = {
  /** The data folder to move; no service runs on it. */
  from: string
  /** Names the servers to move to. What it leaves embedded stays in DATA_DIR, or is moved there from another folder. */
  configuration: Configuration
  clock: Clock
  log: Logger
  onProgress?: (step: MigrationStep, done: number) => void
}

/**
 * Moves a data folder to the stores that the configuration names; see `migrate`. The folder is only read, but for what
 * stays in it. Throws StartRefused and what `migrate` throws.
 */
export async function migrateFolder(options: MigrateFolderOptions): Promise<MigrationReport> {
  const { configuration, clock, log, onProgress } = options
  const from = resolve(options.from)
  if (configuration.eventStore === undefined && configuration.mongodb === undefined)
    throw new StartRefused('There is nothing to move to: set EVENTSTORE_URL or MONGODB_URL.')
  if (!existsSync(join(from, EVENTS_FILE)))
    throw new StartRefused(`${from} is no data folder of this service.`)
  const stamped = openDataFolder(from, configuration.google.root)
  if (!stamped.ok) throw new StartRefused(stamped.message)
  await using opened = closers(log)
  let nextKey = () => ''
  const stores = await openStores({ configuration, clock, log, newId: () => nextKey(), opened })
  const source = openSource({ from, configuration, clock, opened, stores })
  await refuseOthersReadModels(source.events, stores)
  const vaultStays = source.stays && configuration.mongodb === undefined
  return await migrate(
    source,
    {
      events: stores.events,
      readStore: stores.readStore,
      ...(!vaultStays && {
        queue: stores.queue,
        // A vault makes a calendar's key of a new id: here it is given the one that events know.
        vault: (calendarKey) => {
          nextKey = calendarKey
          return stores.vault
        },
      }),
    },
    allProjections,
    onProgress,
  )
}

/** Before anything is written: what another deployment keeps there would be cleared for the read models to be made. */
async function refuseOthersReadModels(
  events: EventStore,
  { stampReadModels }: Pick<OpenStores, 'stampReadModels'>,
): Promise<void> {
  const name = await nameIn(events)
  if (stampReadModels === undefined || name === undefined || (await stampReadModels(name)) === name) return
  throw new StartRefused(
    'The database of MONGODB_URL is that of another deployment: name another one, an empty one, in its path.',
  )
}

type SourceParts = Pick<MigrateFolderOptions, 'configuration' | 'clock'> & {
  from: string
  opened: Closers
  stores: OpenStores
}

/** The folder's stores. Where the target has a file of it open already, that very one. */
function openSource({ from, configuration, clock, opened, stores }: SourceParts) {
  const stays = resolve(configuration.data.folder) === from
  const open = (name: string): SqliteDatabase => {
    const held = stays && stores.backupSources.databases.find((one) => one.name === name)
    if (held) return held.database
    const database = openDatabase(join(from, name))
    opened.add(name, database.close)
    return database
  }
  const database = open(EVENTS_FILE)
  // Makes its table, where the folder never had one.
  sqliteSignalQueue(database, { clock, newId: () => '' })
  return {
    stays,
    events:
      stays && configuration.eventStore === undefined ? stores.events : sqliteEventStore(database, { clock }),
    readStore: stays && configuration.mongodb === undefined ? stores.readStore : sqliteReadStore(database),
    signals: sqliteSignalContents(database),
    vault: existsSync(join(from, VAULT_FILE)) ? vaultContents(open(VAULT_FILE), from, configuration) : EMPTY,
  }
}

const EMPTY = { credentials: () => [], calendars: () => [] }

function vaultContents(database: SqliteDatabase, from: string, { data }: Configuration) {
  const keys = encryptionKeys({ configured: data.encryptionKey, dataDir: from })
  if (!keys.ok) throw new StartRefused(keys.message)
  return sqliteVaultContents(database, { keys: keys.keys })
}
