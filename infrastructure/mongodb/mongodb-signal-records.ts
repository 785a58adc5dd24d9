import type { Collection } from 'mongodb'
import type { SignalRecord } from '../../ports/signal-queue/signal-record.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { MongodbConnection } from './mongodb-connection.ts'
import { isDuplicateKey } from './mongodb-failure.ts'
import { declareIndexes } from './mongodb-indexes.ts'
import { type StoredSignal, toRecord, toStored } from './stored-signal.ts'

/** A record as read, with the server's time of that reading. */
export type Current = { record: SignalRecord | undefined; now: number }

/** The record after a change: another one, none, or (undefined) the same; and the change's answer. */
export type Decision<Answer> = { next?: SignalRecord | 'remove'; answer: Answer }

/** The records of the signal queue: read with the server's time, written only over what was read. */
export type SignalRecords = {
  readonly collection: Collection<StoredSignal>
  /** Makes the indexes at the first call, then runs. Rejects with StoreUnavailable. */
  use<T>(call: () => Promise<T>): Promise<T>
  /** Several records at once, by id, in one reading. */
  read(ids: readonly string[]): Promise<{ found: Map<string, StoredSignal>; now: number }>
  /** Reads and decides until what was read is still what is replaced. */
  change<Answer>(id: string, decide: (current: Current) => Decision<Answer>): Promise<Answer>
  /** One attempt; false where another write came in between. */
  replace(before: StoredSignal | undefined, next: SignalRecord | 'remove'): Promise<boolean>
}

/** A document of another kind than every record, so that no query for records finds it: read for the server's time. */
const TIME = 'time'

/** Each round of a race has a winner: as many lost in a row mean that something else is wrong. */
const ROUNDS = 200

/**
 * Reads see what the primary has, confirmed by a majority or not. A write that follows from it is confirmed together
 * with it or not at all. Waiting for the majority would only make more writes miss.
 */
export function mongodbSignalRecords(
  { database, use }: MongodbConnection,
  newId: () => string,
): SignalRecords {
  const collection = database.collection<StoredSignal>('signals', { readConcern: { level: 'local' } })
  const times = database.collection<{ _id: string; kind: string }>('signals')
  let prepared: Promise<void> | undefined

  async function prepare(): Promise<void> {
    await declareIndexes(collection, [
      {
        key: { kind: 1, readyAt: 1 },
        name: 'ready',
        partialFilterExpression: { readyAt: { $exists: true } },
      },
      { key: { kind: 1, completedAt: 1, key: 1 }, name: 'completed' },
    ])
    // Two processes may insert at once: the second is then told of a duplicate, which is as good.
    await times
      .updateOne({ _id: TIME }, { $setOnInsert: { kind: TIME } }, { upsert: true })
      .catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error
      })
  }

  async function read(ids: readonly string[]) {
    for (let round = 0; round < ROUNDS; round++) {
      const rows = await collection
        .aggregate<StoredSignal & { now: Date }>([
          { $match: { _id: { $in: [...ids, TIME] } } },
          { $addFields: { now: '$$NOW' } },
        ])
        .toArray()
      const now = rows[0]?.now.getTime()
      if (now !== undefined) {
        const found = rows.filter(({ _id }) => _id !== TIME)
        return { found: new Map(found.map((stored) => [stored._id, stored])), now }
      }
      // Somebody dropped the collection.
      await prepare()
    }
    throw contended()
  }

  async function replace(before: StoredSignal | undefined, next: SignalRecord | 'remove'): Promise<boolean> {
    if (before === undefined) {
      if (next === 'remove') return true
      try {
        await collection.insertOne(toStored(next, newId()))
        return true
      } catch (error) {
        if (isDuplicateKey(error)) return false
        throw error
      }
    }
    const unchanged = { _id: before._id, revision: before.revision }
    if (next === 'remove') return (await collection.deleteOne(unchanged)).deletedCount === 1
    const { _id, ...replacement } = toStored(next, newId())
    return (await collection.replaceOne(unchanged, replacement)).matchedCount === 1
  }

  return {
    collection,
    use: (call) =>
      use(async () => {
        prepared ??= prepare()
        try {
          await prepared
        } catch (error) {
          prepared = undefined
          throw error
        }
        return await call()
      }),
    read,
    replace,

    async change(id, decide) {
      for (let round = 0; round < ROUNDS; round++) {
        const { found, now } = await read([id])
        const before = found.get(id)
        const { next, answer } = decide({ record: before && toRecord(before), now })
        if (next === undefined || (await replace(before, next))) return answer
      }
      throw contended()
    },
  }
}

export const contended = () => new StoreUnavailable('the signal queue is written to by too many at once')
