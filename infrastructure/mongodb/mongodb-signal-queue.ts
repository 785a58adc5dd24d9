import { queueStatus } from '../../ports/signal-queue/queue-status.ts'
import { signalListeners } from '../../ports/signal-queue/signal-listeners.ts'
import {
  type Kind,
  type Lease,
  type QueueStatus,
  type SignalQueue,
  type Subject,
  type WorkKind,
  workKinds,
} from '../../ports/signal-queue/signal-queue.ts'
import {
  completed,
  failed,
  leased,
  ownedBy,
  released,
  renewed,
  type SignalRecord,
} from '../../ports/signal-queue/signal-record.ts'
import type { MongodbConnection } from './mongodb-connection.ts'
import { contended, mongodbSignalRecords } from './mongodb-signal-records.ts'
import { mongodbSignalling } from './mongodb-signalling.ts'
import { storedId, toRecord } from './stored-signal.ts'

/** How many of the due subjects a lease looks at: if others take the first, the next is free. */
const CANDIDATES = 8
const ROUNDS = 200

/**
 * The queue in MongoDB, for any number of processes. All its times are the server's; `newId` gives the lease tokens.
 * Listeners hear of this process's signals only: a worker finds those of others by asking. If `signalMany` rejects,
 * some may be stored; after a lost answer any call may have been. Signalling again costs a look at most. A lease whose
 * answer was lost is free again at its end. The connection stays its opener's.
 *
 * Each change is a reading and a write that finds what was read, or begins again; signals of one process for one
 * subject that come meanwhile wait and are one write together. One update by a pipeline of MongoDB would save the
 * reading. It would also say every rule of the port's `signal-record.ts` a second time, in a language that the other servers of
 * the protocol lack, and so where there is no MongoDB it would go untested.
 */
export function mongodbSignalQueue(
  connection: MongodbConnection,
  { newId }: { newId: () => string },
): SignalQueue {
  const records = mongodbSignalRecords(connection, newId)
  const { collection, use, change } = records
  const signalling = mongodbSignalling(records, newId)
  const listeners = signalListeners()

  /** Those that wait or are leased, the next first; `now` is the server's time. */
  async function nextReady(kinds: readonly Kind[], limit: number) {
    const [{ now }, next] = await Promise.all([
      records.read([]),
      collection
        .find(
          { kind: { $in: kinds }, readyAt: { $exists: true } },
          { sort: { readyAt: 1 }, limit, batchSize: limit },
        )
        .toArray(),
    ])
    return { now, next }
  }

  /** Changes the record if the lease still owns it; false if it does not. */
  const ifOwned = (
    lease: Lease,
    changed: (record: SignalRecord, now: number) => SignalRecord | undefined,
  ): Promise<boolean> =>
    use(() =>
      change(storedId(lease), ({ record, now }) => {
        const owned = ownedBy(lease, record, now)
        return owned ? { next: changed(owned, now) ?? 'remove', answer: true } : { answer: false }
      }),
    )

  /** The records that calls of this process try to lease now: another call tries the next ones. */
  const leasing = new Set<string>()

  return {
    async signal(subject, options) {
      await signalling.one({ subject, ...options })
      listeners.tell()
    },

    async signalMany(signals) {
      if (signals.length === 0) return
      await signalling.many(signals)
      listeners.tell()
    },

    lease: ({ leaseMs, kinds = workKinds }) =>
      use(async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const { now, next } = await nextReady(kinds, CANDIDATES)
          const due = next.filter(({ readyAt }) => readyAt !== undefined && readyAt.getTime() <= now)
          if (due.length === 0) return undefined
          for (const record of due) {
            if (leasing.has(record._id)) continue
            leasing.add(record._id)
            const { next, lease } = leased(toRecord(record), { token: newId(), leaseMs }, now)
            if (await records.replace(record, next).finally(() => leasing.delete(record._id))) return lease
          }
        }
        throw contended()
      }),

    renew: (lease, leaseMs) => ifOwned(lease, (record, now) => renewed(record, leaseMs, now)),

    complete: (lease, result) => ifOwned(lease, (record, now) => completed(record, result, now)),

    fail: (lease, options) => ifOwned(lease, (record, now) => failed(record, options, now)),

    release: (lease) => ifOwned(lease, released),

    nextDueInMs: (kinds = workKinds) =>
      use(async () => {
        const { now, next } = await nextReady(kinds, 1)
        const readyAt = next[0]?.readyAt
        return readyAt && Math.max(0, readyAt.getTime() - now)
      }),

    async remove(subject) {
      await use(() => collection.deleteOne({ _id: storedId(subject) }))
    },

    completedBefore: (before, limit) =>
      use(async () => {
        const found = await collection
          .find(
            {
              kind: 'calendar',
              completedAt: { $lt: new Date(before.epochMilliseconds) },
              readyAt: { $exists: false },
            },
            { projection: { key: 1 }, sort: { completedAt: 1, key: 1 }, limit },
          )
          .toArray()
        return found.map(({ key }): Subject => ({ kind: 'calendar', key }))
      }),

    known: (kind, keys) =>
      use(async () => {
        const ids = keys.map((key) => storedId({ kind, key }))
        const found = await collection.find({ _id: { $in: ids } }, { projection: { key: 1 } }).toArray()
        return new Set(found.map(({ key }) => key))
      }),

    status: () =>
      use(async () => {
        const found = await collection.aggregate<StatusRow>(STATUS).toArray()
        return workKinds.map((kind) =>
          toStatus(
            kind,
            found.find(({ _id }) => _id === kind),
          ),
        )
      }),

    onSignal: listeners.onSignal,
    close: listeners.close,
  }
}

type StatusRow = { _id: Kind; due: number; leased: number; total: number; oldest: Date; now: Date }

/** Looks at subjects that wait or are leased only: the index `ready` holds no others. */
const STATUS = [
  { $match: { kind: { $in: workKinds }, readyAt: { $exists: true } } },
  {
    $group: {
      _id: '$kind',
      due: { $sum: { $cond: [{ $lte: ['$readyAt', '$$NOW'] }, 1, 0] } },
      leased: {
        $sum: {
          $cond: [{ $and: [{ $gt: ['$readyAt', '$$NOW'] }, { $eq: ['$readyAt', '$lease.until'] }] }, 1, 0],
        },
      },
      total: { $sum: 1 },
      oldest: { $min: '$readyAt' },
    },
  },
  { $addFields: { now: '$$NOW' } },
]

function toStatus(kind: WorkKind, row: StatusRow | undefined): QueueStatus {
  if (row === undefined) return queueStatus(kind, { due: 0, leased: 0, waiting: 0 }, undefined)
  const { due, leased, total, oldest, now } = row
  const counts = { due, leased, waiting: total - due - leased }
  return queueStatus(kind, counts, oldest <= now ? oldest.getTime() : undefined)
}
