// The rules of the signal queue as pure functions of one subject's record. Times are those of the server.
import type { Cause } from '../../domain/event-metadata.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { newerCause } from '../../ports/signal-queue/causes.ts'
import type { Claim, Kind, Signal, Subject } from '../../ports/signal-queue/signal-queue.ts'

/**
 * One document a subject. The claim's part (`cause`, `memo`) is kept apart from what arrived since (`arrived…`). The
 * next claim merges them, so that a completion, which settles the one, cannot lose the other. `dueAt` is emptied by a
 * claim and set by the next signal. `readyAt` is when a claim may succeed, see `settled`. Memos are JSON, since their
 * keys need not be names that MongoDB takes.
 */
export type SignalRecord = {
  _id: string
  kind: Kind
  key: string
  /** Another one with each write: what a write must still find. */
  revision: string
  signalled: number
  failures: number
  dueAt?: Date
  notBefore?: Date
  lease?: { token: string; until: Date }
  cause?: Cause
  memo?: string
  arrivedCause?: Cause
  arrivedMemo?: string
  syncToken?: string
  /** 1970 for never. */
  completedAt: Date
  readyAt?: Date
}

/** A record's next content; what gives it its revision is who stores it. */
export type Next = Omit<SignalRecord, 'revision'>

export const recordId = ({ kind, key }: Subject): string => `${kind}/${key}`

/** The record after these signals, in their order. */
export function signalled(
  record: SignalRecord | undefined,
  [first, ...more]: readonly [Signal, ...Signal[]],
  now: Date,
): Next {
  return more.reduce(
    (next, signal) => withSignal(next, signal, now),
    withSignal(record ?? created(first.subject), first, now),
  )
}

/** The record under a new lease, and what the lease's owner is told. */
export function leased(
  record: SignalRecord,
  lease: { token: string; leaseMs: number },
  now: Date,
): { next: Next; claim: Claim } {
  const { dueAt, arrivedCause, arrivedMemo, ...rest } = record
  const cause = arrivedCause === undefined ? record.cause : newerCause(record.cause, arrivedCause)
  if (cause === undefined) throw new Error(`a signal without a cause: ${record._id}`)
  const memo = mergedMemo(record.memo, arrivedMemo === undefined ? undefined : toMemo(arrivedMemo))
  const until = later(now, lease.leaseMs)
  const { kind, key, syncToken, failures } = record
  const claim: Claim = {
    kind,
    key,
    leaseToken: lease.token,
    failures,
    cause,
    ...(memo === undefined ? {} : { memo: toMemo(memo) }),
    ...(syncToken === undefined ? {} : { syncToken }),
  }
  return {
    next: settled({ ...rest, cause, ...given({ memo }), lease: { token: lease.token, until } }),
    claim,
  }
}

/** Whether the claim owns its subject still. */
export function isOwned(record: SignalRecord | undefined, claim: Claim, now: Date): record is SignalRecord {
  return record?.lease?.token === claim.leaseToken && record.lease.until > now
}

export function renewed(record: SignalRecord, leaseMs: number, now: Date): Next {
  const { lease } = record
  return settled(
    lease === undefined ? record : { ...record, lease: { ...lease, until: later(now, leaseMs) } },
  )
}

/** The record after its lease ended as done; undefined where it is to be taken out. */
export function completed(
  record: SignalRecord,
  result: { syncToken?: string | null; memo?: Document; againInMs?: number; forget?: boolean },
  now: Date,
): Next | undefined {
  const { lease, notBefore, cause, memo, syncToken: kept, dueAt, ...rest } = record
  const again = result.againInMs === undefined ? undefined : later(now, result.againInMs)
  const due = earlier(dueAt, again)
  if (result.forget && due === undefined) return undefined
  const syncToken = result.syncToken === undefined ? kept : (result.syncToken ?? undefined)
  return settled({
    ...rest,
    failures: 0,
    completedAt: now,
    ...given({ dueAt: due }),
    ...given({ cause: again === undefined ? undefined : cause }),
    ...given({ memo: result.memo === undefined ? undefined : JSON.stringify(result.memo) }),
    ...given({ syncToken }),
  })
}

export function failed(
  record: SignalRecord,
  options: { retryInMs: number; memo?: Document },
  now: Date,
): Next {
  const { lease, ...rest } = record
  const retryAt = later(now, options.retryInMs)
  const memo = options.memo === undefined ? record.memo : JSON.stringify(options.memo)
  return settled({
    ...rest,
    failures: record.failures + 1,
    dueAt: retryAt,
    notBefore: retryAt,
    ...given({ memo }),
  })
}

export function released(record: SignalRecord, now: Date): Next {
  const { lease, ...rest } = record
  return settled({ ...rest, dueAt: now })
}

function created({ kind, key }: Subject): Next {
  return { _id: recordId({ kind, key }), kind, key, signalled: 0, failures: 0, completedAt: new Date(0) }
}

/** The earlier due time stands, and a push gives way to another push only. */
function withSignal(record: Next, { cause, dueInMs = 0, memo, atOnce }: Signal, now: Date): Next {
  const { notBefore, ...rest } = record
  return settled({
    ...rest,
    signalled: record.signalled + 1,
    ...given({ dueAt: earlier(record.dueAt, later(now, dueInMs)) }),
    ...given({ notBefore: atOnce ? undefined : notBefore }),
    arrivedCause: newerCause(record.arrivedCause, cause),
    ...given({ arrivedMemo: mergedMemo(record.arrivedMemo, memo) }),
  })
}

/** With the time when a claim may succeed: at the lease's end, else when due and no longer held back, else never. */
function settled({ readyAt: _, ...record }: Next): Next {
  const { lease, dueAt, notBefore } = record
  const waiting = dueAt && notBefore && notBefore > dueAt ? notBefore : dueAt
  return { ...record, ...given({ readyAt: lease?.until ?? waiting }) }
}

function mergedMemo(before: string | undefined, added: Document | undefined): string | undefined {
  if (added === undefined) return before
  return JSON.stringify(before === undefined ? added : { ...toMemo(before), ...added })
}

const later = (now: Date, ms: number) => new Date(now.getTime() + Math.ceil(ms))

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one < other ? one : other
}

/** Only what there is: a field without a value is no field. */
function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  // An entry left out is an optional field left out.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}

// Written by `mergedMemo`, `completed` or `failed`: a Document's JSON.
const toMemo = (text: string) => JSON.parse(text) as Document
