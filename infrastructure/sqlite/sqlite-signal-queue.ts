import type { SQLOutputValue } from 'node:sqlite'
import type { Clock } from '../../ports/clock.ts'
import { signalListeners } from '../../ports/signal-queue/signal-listeners.ts'
import {
  type Claim,
  type Kind,
  type Signal,
  type SignalQueue,
  type Subject,
  workKinds,
} from '../../ports/signal-queue/signal-queue.ts'
import type { Durability, Extent, SqliteDatabase } from './database.ts'
import { reading } from './reading.ts'
import { sqliteArrivals } from './sqlite-arrivals.ts'
import { toClaim, toDocument, toStatus, toText } from './sqlite-signal-row.ts'
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
  const upsert = sql.prepare(statements.SIGNAL)
  const arrivedMemo = sql.prepare(statements.ARRIVED_MEMO)
  const firstReady = sql.prepare(statements.FIRST_READY)
  const lease = sql.prepare(statements.LEASE)
  const renew = sql.prepare(statements.RENEW)
  const complete = sql.prepare(statements.COMPLETE)
  const fail = sql.prepare(statements.FAIL)
  const release = sql.prepare(statements.RELEASE)
  const nextReady = sql.prepare(statements.NEXT_READY)
  const removeIdle = sql.prepare(statements.REMOVE_IDLE)
  const remove = sql.prepare(statements.REMOVE)
  const completedBefore = sql.prepare(statements.COMPLETED_BEFORE)
  const known = sql.prepare(statements.KNOWN)
  const status = sql.prepare(statements.STATUS)
  const arrivals = sqliteArrivals(sql)
  const listeners = signalListeners()

  const now = () => clock.now().epochMilliseconds
  const later = (ms: number) => now() + Math.ceil(ms)
  const ours = ({ kind, key, leaseToken }: Claim) => ({ kind, key, leaseToken, now: now() })

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
    for (const { kind, key, count, dueAt, cause } of arrivals.takeAll())
      upsert.run({ kind, key, count, dueAt, cause, memo: null, atOnce: 0 })
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
    const { subject, cause, dueInMs = 0, memo, atOnce } = signal
    const { kind, key } = subject
    if (isPlain(signal)) {
      arrivals.add({ kind, key, dueAt: later(dueInMs), cause })
      return
    }
    countArrivals()
    const merged = memo && { ...toDocument(arrivedMemo.get(kind, key)?.memo), ...memo }
    upsert.run({
      kind,
      key,
      count: 1,
      dueAt: later(dueInMs),
      cause: JSON.stringify(cause),
      memo: toText(merged),
      atOnce: atOnce ? 1 : 0,
    })
  }

  /** A change of subjects that counts all signals up to it. */
  const change = <T>(work: () => T): Promise<T> =>
    write(() => {
      countArrivals()
      return work()
    })

  function claimNow(leaseMs: number, kinds: readonly Kind[]): Claim | undefined {
    const ready = () => kinds.map((kind) => firstReady.get(kind, now())).filter((row) => row !== undefined)
    // Signals that are not due make nothing ready that is not: they need not be counted for a claim in vain.
    if (ready().length === 0 && (arrivals.firstDueAt(kinds) ?? Number.POSITIVE_INFINITY) > now())
      return undefined
    countArrivals()
    const [row] = ready().toSorted((a, b) => Number(a.readyAt) - Number(b.readyAt))
    if (row === undefined) return undefined
    const claim = toClaim(row, newId())
    const { kind, key, leaseToken, cause, memo } = claim
    const given = { cause: JSON.stringify(cause), memo: toText(memo) }
    lease.run({ kind, key, leaseToken, leaseUntil: later(leaseMs), ...given })
    return claim
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

    claim: ({ leaseMs, kinds = workKinds }) => write(() => claimNow(leaseMs, kinds)),

    renew: (claim, leaseMs) =>
      write(() => renew.run({ ...ours(claim), leaseUntil: later(leaseMs) }).changes === 1),

    complete: (claim, { syncToken, memo, againInMs, forget }) =>
      change(() => {
        const done = complete.run({
          ...ours(claim),
          againAt: againInMs === undefined ? null : later(againInMs),
          memo: toText(memo),
          keepToken: syncToken === undefined ? 1 : 0,
          syncToken: syncToken ?? null,
        })
        if (forget && done.changes === 1) removeIdle.run(claim.kind, claim.key)
        return done.changes === 1
      }),

    fail: (claim, { retryInMs, memo }) =>
      change(() => {
        const done = fail.run({ ...ours(claim), retryAt: later(retryInMs), memo: toText(memo) })
        return done.changes === 1
      }),

    release: (claim) => change(() => release.run(ours(claim)).changes === 1),

    async nextDueInMs(kinds = workKinds) {
      const firstReadyAt = () => least(kinds.map((kind) => nextReady.get(kind)?.readyAt))
      const before = await reading(() => least([firstReadyAt(), arrivals.firstDueAt(kinds)]))
      if (before === undefined) return undefined
      // A signal for a subject that is leased or held back says nothing about when it can be claimed.
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
