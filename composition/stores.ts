import { join } from 'node:path'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { openDataFolder } from '../infrastructure/config/data-folder.ts'
import { type MendedModes, mendModes } from '../infrastructure/config/owned-modes.ts'
import { keptSecret } from '../infrastructure/config/secret-file.ts'
import type { EventStoreDbEventStore } from '../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { errorText } from '../infrastructure/logging/error-facts.ts'
import { encryptionKeys } from '../infrastructure/sealing/key-file.ts'
import { DataFolderInUse, openDatabase, type SqliteDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import { freeOrphanedLeases } from '../infrastructure/sqlite/sqlite-orphaned-leases.ts'
import { sqliteReadStore } from '../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalQueue } from '../infrastructure/sqlite/sqlite-signal-queue.ts'
import { sqliteVault } from '../infrastructure/sqlite/sqlite-vault.ts'
import type { Clock } from '../ports/clock.ts'
import { withOriginalTimes } from '../ports/event-store/original-times.ts'
import type { Logger } from '../ports/logger.ts'
import type { Stores } from '../ports/port-groups.ts'
import type { SignalQueue } from '../ports/signal-queue/signal-queue.ts'
import type { CalendarDirectory, CredentialVault } from '../ports/vault/credential-vault.ts'
import { type BackupSources, EVENTS_FILE, VAULT_FILE } from './backup.ts'
import type { Closers } from './closers.ts'
import { type Engine, eventStoreDbEngine, mongodbEngine } from './engines.ts'
import type { MongodbStores } from './mongodb-stores.ts'
import { StartRefused } from './start-refused.ts'

/** The stores, and what is to be known of how they were opened. */
export type OpenStores = Pick<Stores, 'events' | 'queue' | 'readStore'> & {
  vault: CredentialVault & { calendars: CalendarDirectory }
  /** The newest first. */
  secrets: readonly [Uint8Array, ...Uint8Array[]]
  /** Other processes may work on the same read models and signals. */
  shared: boolean
  /**
   * Marks the read models as those of a deployment, unless they are marked; resolves with whose they are. Undefined where
   * they lie in one file with its events.
   */
  stampReadModels: ((deployment: string) => Promise<string>) | undefined
  /** See EventStoreDbEventStore; undefined where the events are embedded. */
  guardWrites: ((check: () => Promise<void>) => void) | undefined
  /** Why no key fits the vault of a server, where none does: known once that answers. */
  whyNoKeyFits(): Promise<string | undefined>
  /** The embedded databases, for a backup of them; empty where there are none. */
  backupSources: BackupSources
  engines: Engine[]
}

type Parts = {
  configuration: Configuration
  clock: Clock
  log: Logger
  newId: () => string
  opened: Closers
}

/**
 * Opens what the configuration names: servers, and for the rest the embedded stores in this process's own data folder.
 * A server that does not answer is no reason not to start: calls reject with StoreUnavailable until it does. The client
 * of a server is loaded where one is named: all of them together are a quarter of an embedded start.
 */
export async function openStores(parts: Parts): Promise<OpenStores> {
  const { configuration, opened } = parts
  const { folder, encryptionKey: configured } = configuration.data
  const stamped = openDataFolder(folder, configuration.google.root)
  if (!stamped.ok) throw new StartRefused(stamped.message)
  tellOfModes(mendModes(folder), parts)
  const files = embeddedFiles(parts)
  const engines: Engine[] = []
  const mongodb = configuration.mongodb && (await openMongodb(configuration.mongodb.url, parts, engines))
  // The files are taken hold of before a key is read or made: a second process is told so, and changes nothing.
  const onServer =
    configuration.eventStore && (await openEventStoreDb(configuration.eventStore, parts, engines))
  const events = onServer ? withOriginalTimes(onServer) : sqliteEventStore(files.events(), parts)
  opened.add('event store', () => events.close())
  const vaultFile = mongodb ? undefined : files.vault()
  const workFile = mongodb ? undefined : files.events()
  const keys = encryptionKeys({ configured, dataDir: folder })
  if (!keys.ok) throw new StartRefused(keys.message)
  const [newest, ...older] = keys.keys
  if (newest === undefined) throw new StartRefused('There is no encryption key.')

  const vault = vaultFile ? embeddedVault(vaultFile, keys.keys, parts) : connected(mongodb).vault(keys.keys)
  const queue = workFile ? embeddedQueue(workFile, parts) : connected(mongodb).queue()
  opened.add('signal queue', () => queue.close())
  return {
    events,
    queue,
    readStore: workFile ? sqliteReadStore(workFile) : connected(mongodb).readStore(),
    vault,
    secrets: [newest, ...older],
    shared: mongodb !== undefined,
    guardWrites: onServer?.guardWrites,
    stampReadModels: readModelsStamp(parts, mongodb),
    whyNoKeyFits: async () =>
      // An embedded one was looked at when it was opened.
      typeof vault.opensNothing === 'function' && (await vault.opensNothing())
        ? noKeyOpens('on MongoDB')
        : undefined,
    backupSources: { folder, databases: files.open(), head: () => events.head(), clock: parts.clock },
    engines,
  }
}

function tellOfModes({ mended, left }: MendedModes, { log }: Pick<Parts, 'log'>): void {
  if (mended.length > 0) log.warn({ mended }, 'data folder was open to others, now to its owner alone')
  if (left.length > 0) log.warn({ left }, 'data folder is open to others, and belongs to another user')
}

function readModelsStamp(
  { configuration: { data, eventStore } }: Parts,
  mongodb: MongodbStores | undefined,
): OpenStores['stampReadModels'] {
  if (mongodb) return mongodb.stamp
  return eventStore && (async (deployment) => keptSecret(data.folder, 'event-store', () => deployment).secret)
}

/** The two files of the data folder, each opened where it is first needed. */
function embeddedFiles({ configuration, opened }: Parts) {
  const { folder } = configuration.data
  const files = new Map<string, SqliteDatabase>()
  const open = (name: string) => {
    const known = files.get(name)
    if (known) return known
    const database = openExclusively(join(folder, name), folder)
    opened.add(name, database.close)
    files.set(name, database)
    return database
  }
  return {
    events: () => open(EVENTS_FILE),
    vault: () => open(VAULT_FILE),
    open: () => [...files].map(([name, database]) => ({ name, database })),
  }
}

function embeddedQueue(database: SqliteDatabase, { clock, newId }: Parts): SignalQueue {
  const queue = sqliteSignalQueue(database, { clock, newId })
  freeOrphanedLeases(database, clock)
  return queue
}

function embeddedVault(database: SqliteDatabase, keys: readonly Uint8Array[], parts: Parts) {
  const vault = sqliteVault(database, { keys, newId: parts.newId })
  if (!vault.opensNothing) return vault
  throw new StartRefused(noKeyOpens(`in ${parts.configuration.data.folder}`))
}

const noKeyOpens = (where: string) =>
  `None of the encryption keys opens anything of the vault ${where}: put the key that it was made with into ENCRYPTION_KEY, alone or behind a new one.`

async function openMongodb(url: string, { newId, opened }: Parts, engines: Engine[]): Promise<MongodbStores> {
  const { mongodbStores } = await import('./mongodb-stores.ts')
  const stores = mongodbStores(url, newId)
  opened.add('MongoDB', stores.connection.close)
  engines.push(mongodbEngine(stores.connection))
  return stores
}

function connected(mongodb: MongodbStores | undefined): MongodbStores {
  if (mongodb === undefined) throw new Error('there is no connection to MongoDB')
  return mongodb
}

async function openEventStoreDb(
  { url, compression }: { url: string; compression: boolean },
  { clock, log }: Parts,
  engines: Engine[],
): Promise<EventStoreDbEventStore> {
  const { eventStoreDbEventStore } = await import(
    '../infrastructure/eventstoredb/eventstoredb-event-store.ts'
  )
  const events = eventStoreDbEventStore({ url, compression, clock, log: log.child({ part: 'event store' }) })
  engines.push(eventStoreDbEngine(events))
  return events
}

function openExclusively(path: string, folder: string) {
  try {
    return openDatabase(path)
  } catch (error) {
    const reason = errorText(error)
    throw new StartRefused(
      error instanceof DataFolderInUse
        ? `The data folder ${folder} is in use by another process: stop that one, or choose another DATA_DIR.`
        : `${path} cannot be opened (${reason}): restore it from a backup, or choose another DATA_DIR.`,
      { cause: error },
    )
  }
}
