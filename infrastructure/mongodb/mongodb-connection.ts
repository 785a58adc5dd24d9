import { type Db, type DbOptions, ReadConcern, ReadPreference, type TopologyDescription } from 'mongodb'
import type { EngineProblem } from '../../ports/engine-problem.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../ports/store-unavailable.ts'
import { tellingMore } from '../diagnosis/way-to-server.ts'
import { errorText } from '../logging/error-facts.ts'
import { diagnose, type MongodbDescription, replicaSetOf, wayToMongodb } from './mongodb-diagnosis.ts'
import { isOutage, mayHaveArrived } from './mongodb-failure.ts'
import { clientOf, databaseIn } from './mongodb-url.ts'

/** The one client of a process, and how to call through it. */
export type MongodbConnection = {
  /** The database of the connection string's path; `calendar-sync` where it has none. */
  readonly database: Db
  /** Beside it, its name followed by `-vault`: what cannot be rebuilt, to be backed up apart. */
  readonly vaultDatabase: Db
  /**
   * Runs a call, and rejects with StoreUnavailable where the server cannot take it now. A call whose answer was lost may
   * have been stored, and rejects with OutcomeUnknown, even one that only reads: every write here may be repeated.
   */
  use<T>(call: () => Promise<T>): Promise<T>
  /** Asks the server what it is. Never rejects; takes as long as a server may take to be found. */
  describe(): Promise<MongodbDescription>
  close(): Promise<void>
}

/** Given for each database, since a connection string may say otherwise, and overrules what its client is given. */
const CONCERNS: DbOptions = {
  writeConcern: { w: 'majority', j: true, wtimeoutMS: 10_000 },
  readConcern: new ReadConcern('majority'),
  readPreference: ReadPreference.primary,
}

/**
 * Opens the client; throws BadMongodbUrl. It connects with the first call, and again with each further one until the
 * server has answered once. From then on the driver finds it again by itself. `unreachableAfterMs` (5,000) is how long
 * a call looks for a primary before it rejects.
 *
 * Writes are confirmed by a majority's journals, whatever the connection string says. Reads go to the primary and see
 * what a majority has confirmed. So a process reads all that it or another was told is written, and nothing that an
 * election takes back.
 */
export function mongodbConnection(
  url: string,
  { unreachableAfterMs = 5000 }: { unreachableAfterMs?: number } = {},
): MongodbConnection {
  const client = clientOf(url, unreachableAfterMs)
  const database = client.db(databaseIn(url), CONCERNS)
  const vaultDatabase = client.db(`${database.databaseName}-vault`, CONCERNS)
  let topology: TopologyDescription | undefined
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    topology = newDescription
  })
  let connecting: Promise<unknown> | undefined
  let closed = false

  /** A client whose first attempt failed stays closed until it is told to connect again. */
  async function connected(): Promise<void> {
    if (closed) throw new StoreUnavailable('the connection to MongoDB was closed')
    // An attempt that began before this call has less time left than this call may take.
    if (connecting !== undefined) {
      const succeeded = await connecting.then(
        () => true,
        () => false,
      )
      if (succeeded) return
    }
    connecting ??= client.connect()
    try {
      await connecting
    } catch (error) {
      connecting = undefined
      throw error
    }
  }

  async function use<T>(call: () => Promise<T>): Promise<T> {
    let isSent = false
    try {
      await connected()
      isSent = true
      return await call()
    } catch (error) {
      if (!isOutage(error)) throw error
      const Kind = isSent && mayHaveArrived(error) ? OutcomeUnknown : StoreUnavailable
      throw new Kind(`MongoDB cannot be used now: ${errorText(error)}`, { cause: error })
    }
  }

  async function asked(): Promise<MongodbDescription> {
    try {
      await connected()
      const { version } = await database.admin().command({ buildInfo: 1 })
      // The other questions are answered to strangers too; this one needs the right to read.
      await database.collection('checkpoints').findOne({}, { projection: { _id: 1 } })
      const replicaSet = replicaSetOf(topology)
      const alone = replicaSet === undefined && topology?.type === 'Single'
      return {
        ok: true,
        version: String(version),
        replicaSet,
        ...(alone ? { problem: 'NOT_A_REPLICA_SET' as const } : {}),
        detail: `MongoDB ${version}, ${replicaSet === undefined ? 'no replica set' : `replica set ${replicaSet}`}`,
      }
    } catch (error) {
      return diagnose(error, topology, { replicaSet: client.options.replicaSet })
    }
  }

  return {
    database,
    vaultDatabase,
    use,

    describe: () =>
      tellingMore<MongodbDescription>(
        asked(),
        wayToMongodb(client.options).catch(() => undefined),
        {
          isPrecise: ({ problem }) => problem !== undefined && PRECISE.has(problem),
          asOutcome: (found) => ({ ok: false, version: undefined, replicaSet: undefined, ...found }),
        },
      ),

    async close() {
      closed = true
      await client.close()
    },
  }
}

/** Problems that the servers themselves told of. */
const PRECISE: ReadonlySet<EngineProblem> = new Set(['AUTHENTICATION', 'TOO_OLD', 'NOT_A_REPLICA_SET'])
