import { randomUUID } from 'node:crypto'
import type { MongodbConnection } from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbSignalQueue } from '../../../infrastructure/mongodb/mongodb-signal-queue.ts'
import type { SignalRecord } from '../../../infrastructure/mongodb/signal-record.ts'
import { signalQueueContract } from '../../contract/signal-queue.contract.ts'
import { mongodbForTests, skippedWithoutMongodb } from '../../support/mongodb.ts'

const server = await mongodbForTests()

if (server === undefined) skippedWithoutMongodb('MongoDB signal queue')
else {
  signalQueueContract('MongoDB', async () => {
    const { connection, close } = await server.open()
    return {
      queue: mongodbSignalQueue(connection, { newId: randomUUID }),
      now: () => serverTime(connection),
      advance: (ms) => moveIntoThePast(connection, ms),
      // The machine may be busy; every time in the tests is longer.
      toleranceMs: 1900,
      close,
    }
  })
}

async function serverTime({ database }: MongodbConnection): Promise<Temporal.Instant> {
  const times = database.collection<{ _id: string }>('of-the-test')
  await times.updateOne({ _id: 'time' }, { $setOnInsert: { any: 1 } }, { upsert: true })
  const [row] = await times.aggregate<{ now: Date }>([{ $addFields: { now: '$$NOW' } }]).toArray()
  if (row === undefined) throw new Error('no time')
  return Temporal.Instant.fromEpochMilliseconds(row.now.getTime())
}

/** The server's clock cannot be moved, but all times that the queue has kept can. */
async function moveIntoThePast({ database }: MongodbConnection, ms: number): Promise<void> {
  const records = database.collection<SignalRecord>('signals')
  const moved = (date: Date) => new Date(date.getTime() - ms)
  for (const { _id, ...record } of await records.find({ completedAt: { $exists: true } }).toArray()) {
    const { completedAt, dueAt, notBefore, readyAt, lease } = record
    await records.replaceOne(
      { _id },
      {
        ...record,
        completedAt: completedAt.getTime() === 0 ? completedAt : moved(completedAt),
        ...(dueAt && { dueAt: moved(dueAt) }),
        ...(notBefore && { notBefore: moved(notBefore) }),
        ...(readyAt && { readyAt: moved(readyAt) }),
        ...(lease && { lease: { ...lease, until: moved(lease.until) } }),
      },
    )
  }
}
