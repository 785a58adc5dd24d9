// The rules of the signal queue, as functions of one subject's record. Times are milliseconds since 1970.
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Document } from '../read-store/read-store.ts'
import { newerCause } from './causes.ts'
import type { Lease, SignalOptions, SignalQueue, Subject } from './signal-queue.ts'

/**
 * A queue's record of a subject. `cause` and `memo` were given to the lease; `arrived…` came since. The next lease merges
 * both, so that a completion, which ends the first, cannot lose the second. A lease empties `dueAt`; the next signal sets
 * it.
 */
export type SignalRecord = Subject &
  Arrivals & {
    failures: number
    lease?: { token: string; until: number } | undefined
    cause?: Cause | undefined
    memo?: Document | undefined
    syncToken?: string | undefined
    /** 0 for never. */
    completedAt: number
  }

/** The part of a record that a signal changes. */
export type Arrivals = {
  signalled: number
  dueAt?: number | undefined
  /** The end of a retry delay; 0 for none. */
  notBefore: number
  arrivedCause?: Cause | undefined
  arrivedMemo?: Document | undefined
}

/** `count` signals for one subject: the earliest of their times, and the cause that stands. */
export type Arrived = { count: number; dueAt: number; cause: Cause; memo?: Document; atOnce?: boolean }

/** When the subject can be leased: at its lease's end, else when due and the retry delay is over, else never. */
export const readyAt = ({ lease, dueAt, notBefore }: SignalRecord): number | undefined =>
  lease?.until ?? (dueAt === undefined ? undefined : Math.max(dueAt, notBefore))

export const arrivedNow = ({ cause, dueInMs = 0, memo, atOnce }: SignalOptions, now: number): Arrived => ({
  count: 1,
  dueAt: later(now, dueInMs),
  cause,
  ...defined({ memo, atOnce }),
})

/** The earlier due time stands, and a push gives way to another push only. */
export const signalled = (before: Arrivals, arrived: Arrived): Arrivals => ({
  signalled: before.signalled + arrived.count,
  dueAt: earlier(before.dueAt, arrived.dueAt),
  notBefore: arrived.atOnce ? 0 : before.notBefore,
  arrivedCause: newerCause(before.arrivedCause, arrived.cause),
  arrivedMemo: merged(before.arrivedMemo, arrived.memo),
})

/** The record under a new lease, and what the lease's owner gets. */
export function leased(
  record: SignalRecord,
  { token, leaseMs }: { token: string; leaseMs: number },
  now: number,
): { next: SignalRecord; lease: Lease } {
  const { kind, key, failures, syncToken, arrivedCause } = record
  const cause = arrivedCause === undefined ? record.cause : newerCause(record.cause, arrivedCause)
  if (cause === undefined) throw new Error(`a signal without a cause: ${kind} ${key}`)
  const memo = merged(record.memo, record.arrivedMemo)
  return {
    next: {
      ...record,
      lease: { token, until: later(now, leaseMs) },
      dueAt: undefined,
      cause,
      memo,
      arrivedCause: undefined,
      arrivedMemo: undefined,
    },
    lease: { kind, key, leaseToken: token, failures, cause, ...defined({ memo, syncToken }) },
  }
}

/** The record if the lease still owns its subject. */
export const ownedBy = (
  lease: Lease,
  record: SignalRecord | undefined,
  now: number,
): SignalRecord | undefined =>
  record?.lease?.token === lease.leaseToken && record.lease.until > now ? record : undefined

export const renewed = (record: SignalRecord, leaseMs: number, now: number): SignalRecord => ({
  ...record,
  lease: record.lease && { ...record.lease, until: later(now, leaseMs) },
})

/** The record after its lease ended as done; undefined where it is to be taken out. */
export function completed(
  record: SignalRecord,
  { syncToken = record.syncToken, memo, againInMs, forget }: Parameters<SignalQueue['complete']>[1],
  now: number,
): SignalRecord | undefined {
  const again = againInMs === undefined ? undefined : later(now, againInMs)
  const dueAt = earlier(record.dueAt, again)
  if (forget && dueAt === undefined) return undefined
  return {
    ...record,
    lease: undefined,
    notBefore: 0,
    failures: 0,
    completedAt: now,
    dueAt,
    cause: again === undefined ? undefined : record.cause,
    memo,
    syncToken: syncToken ?? undefined,
  }
}

export function failed(
  record: SignalRecord,
  { retryInMs, memo = record.memo }: Parameters<SignalQueue['fail']>[1],
  now: number,
): SignalRecord {
  const retryAt = later(now, retryInMs)
  const failures = record.failures + 1
  return { ...record, lease: undefined, failures, dueAt: retryAt, notBefore: retryAt, memo }
}

export const released = (record: SignalRecord, now: number): SignalRecord => ({
  ...record,
  lease: undefined,
  dueAt: now,
})

const later = (now: number, ms: number): number => now + Math.ceil(ms)

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)

const merged = (before: Document | undefined, added: Document | undefined): Document | undefined =>
  before && added ? { ...before, ...added } : (added ?? before)
