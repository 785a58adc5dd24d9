import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import type { Kind, Subject } from '../../ports/signal-queue/signal-queue.ts'
import { readyAt, type SignalRecord } from '../../ports/signal-queue/signal-record.ts'

/**
 * One document a subject, see ports/signal-queue/signal-record.ts, in the server's time. `readyAt` is what `readyAt` says
 * there. Memos are JSON, since their keys need not be names that MongoDB takes.
 */
export type StoredSignal = {
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

export const storedId = ({ kind, key }: Subject): string => `${kind}/${key}`

export const toRecord = (stored: StoredSignal): SignalRecord => ({
  kind: stored.kind,
  key: stored.key,
  signalled: stored.signalled,
  failures: stored.failures,
  dueAt: stored.dueAt?.getTime(),
  notBefore: stored.notBefore?.getTime() ?? 0,
  lease: stored.lease && { token: stored.lease.token, until: stored.lease.until.getTime() },
  cause: stored.cause,
  memo: toMemo(stored.memo),
  arrivedCause: stored.arrivedCause,
  arrivedMemo: toMemo(stored.arrivedMemo),
  syncToken: stored.syncToken,
  completedAt: stored.completedAt.getTime(),
})

export function toStored(record: SignalRecord, revision: string): StoredSignal {
  const { kind, key, signalled, failures, lease, cause, arrivedCause, syncToken } = record
  return {
    _id: storedId(record),
    kind,
    key,
    revision,
    signalled,
    failures,
    completedAt: new Date(record.completedAt),
    ...defined({
      dueAt: toDate(record.dueAt),
      notBefore: toDate(record.notBefore || undefined),
      lease: lease && { token: lease.token, until: new Date(lease.until) },
      cause,
      memo: record.memo && JSON.stringify(record.memo),
      arrivedCause,
      arrivedMemo: record.arrivedMemo && JSON.stringify(record.arrivedMemo),
      syncToken,
      readyAt: toDate(readyAt(record)),
    }),
  }
}

const toDate = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms))

const toMemo = (text: string | undefined): Document | undefined =>
  // What `toStored` wrote: a Document's JSON.
  text === undefined ? undefined : (JSON.parse(text) as Document)
