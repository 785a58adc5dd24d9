// Rows of the embedded queue as the records that its rules are about, and as its status. Only the queue writes the
// columns, from the types that they are read as.
import type { SQLOutputValue } from 'node:sqlite'
import type { Cause } from '../../domain/event-metadata.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { queueStatus } from '../../ports/signal-queue/queue-status.ts'
import type { Kind, QueueStatus, WorkKind } from '../../ports/signal-queue/signal-queue.ts'
import type { Arrivals, SignalRecord } from '../../ports/signal-queue/signal-record.ts'

type Row = Record<string, SQLOutputValue>

export const toArrivals = (row: Row): Arrivals => ({
  signalled: Number(row.signalled),
  dueAt: row.dueAt === null ? undefined : Number(row.dueAt),
  notBefore: Number(row.notBefore),
  arrivedCause: fromText(row.arrivedCause) as Cause | undefined,
  arrivedMemo: fromText(row.arrivedMemo) as Document | undefined,
})

export const fromArrivals = ({ signalled, dueAt, notBefore, arrivedCause, arrivedMemo }: Arrivals) => ({
  signalled,
  dueAt: dueAt ?? null,
  notBefore,
  arrivedCause: toText(arrivedCause),
  arrivedMemo: toText(arrivedMemo),
})

export const toRecord = (row: Row): SignalRecord => ({
  ...toArrivals(row),
  kind: row.kind as Kind,
  key: String(row.key),
  failures: Number(row.failures),
  lease:
    row.leaseToken === null ? undefined : { token: String(row.leaseToken), until: Number(row.leaseUntil) },
  cause: fromText(row.cause) as Cause | undefined,
  memo: fromText(row.memo) as Document | undefined,
  syncToken: row.syncToken === null ? undefined : String(row.syncToken),
  completedAt: Number(row.completedAt),
})

export const fromRecord = (record: SignalRecord) => ({
  ...fromArrivals(record),
  kind: record.kind,
  key: record.key,
  failures: record.failures,
  leaseToken: record.lease?.token ?? null,
  leaseUntil: record.lease?.until ?? null,
  cause: toText(record.cause),
  memo: toText(record.memo),
  syncToken: record.syncToken ?? null,
  completedAt: record.completedAt,
})

/** How things stand with a kind. */
export function toStatus(kind: WorkKind, row: Row): QueueStatus {
  const counts = { due: Number(row.due), leased: Number(row.leased), waiting: Number(row.waiting) }
  return queueStatus(kind, counts, typeof row.oldestDueAt === 'number' ? row.oldestDueAt : undefined)
}

const toText = (value: Cause | Document | undefined) => (value === undefined ? null : JSON.stringify(value))
const fromText = (text: SQLOutputValue | undefined): unknown =>
  typeof text === 'string' ? JSON.parse(text) : undefined
