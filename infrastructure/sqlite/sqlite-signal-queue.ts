import type { SQLOutputValue } from 'node:sqlite'
import type { Clock } from '../../ports/clock.ts'
import { signalListeners } from '../../ports/signal-queue/signal-listeners.ts'
import {
  type Kind,
  type Lease,
  type Signal,
  type SignalQueue,
  type Subject,
  workKinds,
} from '../../ports/signal-queue/signal-queue.ts'
import {
  type Arrived,
  arrivedNow,
  completed,
  failed,
  leased,
  ownedBy,
  released,
  renewed,
  type SignalRecord,
  signalled,
} from '../../ports/signal-queue/signal-record.ts'
import type { Durability, Extent, SqliteDatabase } from './database.ts'
import { reading } from './reading.ts'
import { sqliteArrivals } from './sqlite-arrivals.ts'
import { fromArrivals, fromRecord, toArrivals, toRecord, toStatus } from './sqlite-signal-row.ts'
import * as statements from './sqlite-signal-table.ts'

/** Signals that may wait to be counted with their subjects: counting so many takes some tens of milliseconds. */
const MOST_ARRIVALS = 16_000

/**
 * The queue in the embedded store. `clock` gives all its times, `newId` its lease tokens. The database stays its
 * opener's: closing the queue ends the listening only.
 */
export function sqliteSignalQueue(
  database: SqliteDatabase,
  { clock, newId }: { clock: Clock; newId: () => string },
): SignalQueue {
  const { sql } = database
  sql.exec(statements.SIGNAL_TABLE)
  const findArrivals = sql.prepare(statements.FIND_ARRIVALS)
  const keepArrivals = sql.prepare(statements.KEEP_ARRIVALS)
  const find = sql.prepare(statements.FIND)
  const keep = sql.prepare(statements.KEEP)
  const firstReady = sql.prepare(statements.FIRST_READY)
  const nextReady = sql.prepare(statements.NEXT_READY)
  const remove = sql.prepare(statements.REMOVE)
  const completedBefore = sql.prepare(statements.COMPLETED_BEFORE)
  const known = sql.prepare(statements.KNOWN)
  const status = sql.prepare(statements.STATUS)
  const arrivals = sqliteArrivals(sql)
  const listeners = signalListeners()

  const now = () => clock.now().epochMilliseconds

  /** A signal is durable; whatever else a power cut takes is done once more, by a lease that ends or an older token. */
  async function write<T>(
    work: () => T,
    durability: Durability = 'ordered',
    extent: Extent = 'several',
  ): Promise<T> {
    try {
      return await database.write(work, durability, extent)
    } catch (error) {
      arrivals.forgetNotes()
      throw error
    }
  }

  /** Counts what arrived with its subjects. Inside a write, and before a subject is looked at or changed there. */
  function countArrivals(): void {
    for (const { subject, arrived } of arrivals.takeAll()) count(subject, arrived)
  }

  function count({ kind, key }: Subject, arrived: Arrived): void {
    const row = findArrivals.get(kind, key)
    const before = row === undefined ? { signalled: 0, notBefore: 0 } : toArrivals(row)
    keepArrivals.run({ kind, key, ...fromArrivals(signalled(before, arrived)) })
  }

  async function countIfMany(): Promise<void> {
    try {
      if (arrivals.size() >= MOST_ARRIVALS) await write(countArrivals)
    } catch {
      // The signal is durable all the same, and the next one will try again.
    }
  }

  async function counted(): Promise<void> {
    if ((await reading(arrivals.size)) > 0) await write(countArrivals)
  }

  const isPlain = ({ memo, atOnce }: Pick<Signal, 'memo' | 'atOnce'>) => memo === undefined && !atOnce

  function store(signal: Signal): void {
    const { subject } = signal
    const arrived = arrivedNow(signal, now())
    if (isPlain(signal)) {
      arrivals.add(subject, arrived)
      return
    }
    countArrivals()
    count(subject, arrived)
  }

  /** A change of subjects that counts all signals up to it. */
  const change = <T>(work: () => T): Promise<T> =>
    write(() => {
      countArrivals()
      return work()
    })

  /** Runs inside a write. False if the lease has ended, or the subject has another one. */
  function changeOwned(lease: Lease, next: (record: SignalRecord, at: number) => SignalRecord | undefined) {
    const at = now()
    const row = find.get(lease.kind, lease.key)
    const record = ownedBy(lease, row && toRecord(row), at)
    if (record === undefined) return false
    const kept = next(record, at)
    if (kept === undefined) remove.run(lease.kind, lease.key)
    else keep.run(fromRecord(kept))
    return true
  }

  function leaseNow(leaseMs: number, kinds: readonly Kind[]): Lease | undefined {
    const ready = () => kinds.map((kind) => firstReady.get(kind, now())).filter((row) => row !== undefined)
    // Signals that are not due make nothing ready that is not: they need not be counted where nothing can be leased.
    if (ready().length === 0 && (arrivals.firstDueAt(kinds) ?? Number.POSITIVE_INFINITY) > now())
      return undefined
    countArrivals()
    const [row] = ready().toSorted((a, b) => Number(a.readyAt) - Number(b.readyAt))
    if (row === undefined) return undefined
    const { next, lease } = leased(toRecord(row), { token: newId(), leaseMs }, now())
    keep.run(fromRecord(next))
    return lease
  }

  return {
    async signal(subject, options) {
      await write(() => store({ subject, ...options }), 'durable', isPlain(options) ? 'single' : 'several')
      await countIfMany()
      listeners.tell()
    },

    async signalMany(signals) {
      if (signals.length === 0) return
      await write(() => {
        for (const signal of signals) store(signal)
      }, 'durable')
      await countIfMany()
      listeners.tell()
    },

    lease: ({ leaseMs, kinds = workKinds }) => write(() => leaseNow(leaseMs, kinds)),

    renew: (lease, leaseMs) => write(() => changeOwned(lease, (record, at) => renewed(record, leaseMs, at))),

    complete: (lease, result) =>
      change(() => changeOwned(lease, (record, at) => completed(record, result, at))),

    fail: (lease, options) => change(() => changeOwned(lease, (record, at) => failed(record, options, at))),

    release: (lease) => change(() => changeOwned(lease, released)),

    async nextDueInMs(kinds = workKinds) {
      const firstReadyAt = () => least(kinds.map((kind) => nextReady.get(kind)?.readyAt))
      const before = await reading(() => least([firstReadyAt(), arrivals.firstDueAt(kinds)]))
      if (before === undefined) return undefined
      // A signal for a subject that is leased or held back says nothing about when it can be leased.
      const first = await reading(firstReadyAt)
      if (first === before) return Math.max(0, before - now())
      await counted()
      const readyAt = await reading(firstReadyAt)
      return readyAt === undefined ? undefined : Math.max(0, readyAt - now())
    },

    async remove({ kind, key }) {
      await change(() => remove.run(kind, key))
    },

    async completedBefore(before, limit) {
      await counted()
      return reading(() =>
        completedBefore
          .all(before.epochMilliseconds, limit)
          .map((row): Subject => ({ kind: 'calendar', key: String(row.key) })),
      )
    },

    async known(kind, keys) {
      await counted()
      return reading(() => new Set(known.all(kind, JSON.stringify(keys)).map(({ key }) => String(key))))
    },

    async status() {
      await counted()
      return reading(() => {
        const at = now()
        return workKinds.map((kind) => toStatus(kind, status.get({ kind, now: at }) ?? {}))
      })
    },

    onSignal: listeners.onSignal,
    close: listeners.close,
  }
}

function least(times: readonly (SQLOutputValue | undefined)[]): number | undefined {
  const known = times.filter((time) => typeof time === 'number')
  return known.length === 0 ? undefined : Math.min(...known)
}
