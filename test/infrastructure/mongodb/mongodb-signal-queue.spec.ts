import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type MongodbConnection,
  mongodbConnection,
} from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbSignalQueue } from '../../../infrastructure/mongodb/mongodb-signal-queue.ts'
import type { StoredSignal } from '../../../infrastructure/mongodb/stored-signal.ts'
import { signalQueueContract } from '../../ports/signal-queue/signal-queue.contract.ts'
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

  const test = suite('MongoDB signal queue')

  test('counts each signal of two processes at once, and gives the subject to one of them', async () => {
    const { connection, url, close } = await server.open()
    const other = mongodbConnection(url)
    const queues = [connection, other].map((one) => mongodbSignalQueue(one, { newId: randomUUID }))
    const subject = { kind: 'calendar', key: 'c' } as const
    const calls = Array.from({ length: 200 }, (_, n) =>
      queues[n % 2]?.signal(subject, { cause: { poll: true }, memo: { [`m${n}`]: n } }),
    )
    await Promise.all(calls)
    const leases = await Promise.all(queues.map((queue) => queue.lease({ leaseMs: 60_000 })))
    const given = leases.filter((lease) => lease !== undefined)
    assert.is(given.length, 1)
    assert.is(Object.keys(given[0]?.memo ?? {}).length, 200)
    const record = await connection.database.collection<StoredSignal>('signals').findOne({ kind: 'calendar' })
    assert.is(record?.signalled, 200)
    await other.close()
    await close()
  })

  test('loses no signal of many at once by two processes', async () => {
    const { connection, url, close } = await server.open()
    const other = mongodbConnection(url)
    const queues = [connection, other].map((one) => mongodbSignalQueue(one, { newId: randomUUID }))
    const signals = Array.from({ length: 1200 }, (_, n) => ({
      subject: { kind: 'booking', key: `b${n}` } as const,
      cause: { poll: true } as const,
    }))
    await Promise.all([...queues, ...queues].map((queue) => queue.signalMany(signals)))
    const [, bookings] = (await queues[0]?.status()) ?? []
    assert.is(bookings?.due, 1200)
    const least = await connection.database
      .collection<StoredSignal>('signals')
      .countDocuments({ kind: 'booking', signalled: { $lt: 4 } })
    assert.is(least, 0)
    await other.close()
    await close()
  })

  test('stores none of many signals where one is no JSON', async () => {
    const { connection, close } = await server.open()
    const queue = mongodbSignalQueue(connection, { newId: randomUUID })
    const cycle: { [key: string]: null } = {}
    Object.defineProperty(cycle, 'self', { enumerable: true, get: () => cycle })
    const outcome = await queue
      .signalMany([
        { subject: { kind: 'calendar', key: 'a' }, cause: { poll: true } },
        { subject: { kind: 'calendar', key: 'b' }, cause: { poll: true }, memo: cycle },
      ])
      .catch((error: unknown) => error)
    assert.instance(outcome, TypeError)
    assert.is(await queue.nextDueInMs(), undefined)
    await close()
  })

  test('goes on where its collection was dropped', async () => {
    const { connection, close } = await server.open()
    const queue = mongodbSignalQueue(connection, { newId: randomUUID })
    await queue.signal({ kind: 'calendar', key: 'a' }, { cause: { poll: true } })
    await connection.database.dropCollection('signals')
    await queue.signal({ kind: 'calendar', key: 'b' }, { cause: { poll: true } })
    assert.is((await queue.lease({ leaseMs: 1000 }))?.key, 'b')
    await close()
  })

  test.run()
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
  const records = database.collection<StoredSignal>('signals')
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
