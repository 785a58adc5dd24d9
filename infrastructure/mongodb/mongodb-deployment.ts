import type { MongodbConnection } from './mongodb-connection.ts'

type Stamp = { _id: 'this'; deploymentId: string }

/**
 * Marks the database as the deployment's whose events its read models are made of, unless it is marked already; resolves
 * with whose it is. Rejects with StoreUnavailable.
 */
export async function stampDatabase(connection: MongodbConnection, deploymentId: string): Promise<string> {
  const stamps = connection.database.collection<Stamp>('deployment')
  // Two processes may insert at once: the second is then told of a duplicate, and reads the first one's.
  await connection
    .use(() => stamps.updateOne({ _id: 'this' }, { $setOnInsert: { deploymentId } }, { upsert: true }))
    .catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 11000)) throw error
    })
  const stamp = await connection.use(() => stamps.findOne({ _id: 'this' }))
  if (stamp === null) throw new Error('a stamp that was just written is not there')
  return stamp.deploymentId
}
