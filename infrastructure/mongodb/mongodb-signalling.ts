import { type AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb'
import type { Signal } from '../../ports/signal-queue/signal-queue.ts'
import { arrivedNow, type SignalRecord, signalled } from '../../ports/signal-queue/signal-record.ts'
import { turnsByKey } from '../../ports/turns.ts'
import { DUPLICATE_KEY } from './mongodb-failure.ts'
import type { SignalRecords } from './mongodb-signal-records.ts'
import { type StoredSignal, storedId, toRecord, toStored } from './stored-signal.ts'

type Signals = [Signal, ...Signal[]]

/** Records read and written at once by `many`. */
const AT_ONCE = 500

/** How signals are counted: those for one subject that come while one is written are the next write together. */
export function mongodbSignalling({ collection, use, read, change }: SignalRecords, newId: () => string) {
  const inTurn = turnsByKey()
  const waiting = new Map<string, { signals: Signals; done: Promise<void> }>()

  const store = (id: string, signals: Signals) =>
    use(() => change(id, ({ record, now }) => ({ next: after(record, signals, now), answer: undefined })))

  async function one(signal: Signal): Promise<void> {
    checkMemo(signal)
    await join(signal)
  }

  function join(signal: Signal): Promise<void> {
    const id = storedId(signal.subject)
    const joined = waiting.get(id)
    if (joined !== undefined) {
      joined.signals.push(signal)
      return joined.done
    }
    const signals: Signals = [signal]
    const done = inTurn(id, () => {
      waiting.delete(id)
      return store(id, signals)
    })
    waiting.set(id, { signals, done })
    return done
  }

  /** The ids whose record was written by another in between. A record that was ours and went on since is among them. */
  async function manyAtOnce(signals: ReadonlyMap<string, Signals>): Promise<string[]> {
    const { found: before, now } = await read([...signals.keys()])
    const written = Array.from(signals, ([id, list]) => {
      const stored = before.get(id)
      return { stored, next: toStored(after(stored && toRecord(stored), list, now), newId()) }
    })
    const operations = written.map(({ stored, next }): AnyBulkWriteOperation<StoredSignal> => {
      if (stored === undefined) return { insertOne: { document: next } }
      const { _id, ...replacement } = next
      return { replaceOne: { filter: { _id, revision: stored.revision }, replacement } }
    })
    const matched = await collection.bulkWrite(operations, { ordered: false }).then(
      ({ insertedCount, matchedCount }) => insertedCount + matchedCount,
      (error: unknown) => {
        if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
          throw error
        if ([error.writeErrors].flat().some(({ code }) => code !== DUPLICATE_KEY)) throw error
        // Not every server counts right where it refused some.
        return undefined
      },
    )
    if (matched === operations.length) return []
    const found = await collection
      .find({ _id: { $in: [...signals.keys()] } }, { projection: { revision: 1 } })
      .toArray()
    const revisions = new Map(found.map(({ _id, revision }) => [_id, revision]))
    return written.flatMap(({ next }) => (revisions.get(next._id) === next.revision ? [] : [next._id]))
  }

  return {
    /** Resolves when the signal is stored. */
    one,

    /** Resolves when all are stored. In a race one may count twice, which costs a look at most. */
    async many(signals: readonly Signal[]): Promise<void> {
      for (const signal of signals) checkMemo(signal)
      const bySubject = new Map<string, Signals>()
      for (const signal of signals) {
        const id = storedId(signal.subject)
        const known = bySubject.get(id)
        if (known === undefined) bySubject.set(id, [signal])
        else known.push(signal)
      }
      const all = [...bySubject]
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const part = new Map(all.slice(from, from + AT_ONCE))
        const missed = await use(() => manyAtOnce(part))
        for (const [id, list] of part) if (missed.includes(id)) await store(id, list)
      }
    },
  }
}

/** The record after these signals, in their order. */
function after(record: SignalRecord | undefined, signals: Signals, now: number): SignalRecord {
  const { kind, key } = signals[0].subject
  let next: SignalRecord = record ?? { kind, key, signalled: 0, failures: 0, notBefore: 0, completedAt: 0 }
  for (const signal of signals) next = { ...next, ...signalled(next, arrivedNow(signal, now)) }
  return next
}

/** Throws where it is no JSON, before others' signals are stored with it. */
function checkMemo({ memo }: Signal): void {
  JSON.stringify(memo)
}
