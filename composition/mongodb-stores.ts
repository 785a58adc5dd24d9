import { type MongodbConnection, mongodbConnection } from '../infrastructure/mongodb/mongodb-connection.ts'
import { stampDatabase } from '../infrastructure/mongodb/mongodb-deployment.ts'
import { mongodbReadStore } from '../infrastructure/mongodb/mongodb-read-store.ts'
import { mongodbSignalQueue } from '../infrastructure/mongodb/mongodb-signal-queue.ts'
import { mongodbVault } from '../infrastructure/mongodb/mongodb-vault.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import type { SignalQueue } from '../ports/signal-queue/signal-queue.ts'

export type MongodbStores = {
  connection: MongodbConnection
  readStore(): ReadStore
  queue(): SignalQueue
  vault(keys: readonly Uint8Array[]): ReturnType<typeof mongodbVault>
  /** See `stampDatabase`. */
  stamp(deployment: string): Promise<string>
}

/** All stores of one database, by one connection. */
export function mongodbStores(url: string, newId: () => string): MongodbStores {
  const connection = mongodbConnection(url)
  return {
    connection,
    readStore: () => mongodbReadStore(connection),
    queue: () => mongodbSignalQueue(connection, { newId }),
    vault: (keys) => mongodbVault(connection, { keys, newId }),
    stamp: (deployment) => stampDatabase(connection, deployment),
  }
}
