// Rows of the embedded queue, and what they say.
import type { SQLOutputValue } from 'node:sqlite'
import type { Cause } from '../../domain/event-metadata.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import { newerCause } from '../../ports/signal-queue/causes.ts'
import { queueStatus } from '../../ports/signal-queue/queue-status.ts'
import type { Claim, Kind, QueueStatus, WorkKind } from '../../ports/signal-queue/signal-queue.ts'

type Row = Record<string, SQLOutputValue>

/** The lease given for a row: what the last claim had, with what arrived since. */
export function toClaim(row: Row, leaseToken: string): Claim {
  const before = toCause(row.cause)
  const arrived = toCause(row.arrivedCause)
  const cause = arrived === undefined ? before : newerCause(before, arrived)
  if (cause === undefined) throw new Error(`a signal without a cause: ${row.kind} ${row.key}`)
  const memo = { ...toDocument(row.memo), ...toDocument(row.arrivedMemo) }
  return {
    // Only the queue writes the column, from a Kind.
    kind: row.kind as Kind,
    key: String(row.key),
    leaseToken,
    failures: Number(row.failures),
    cause,
    ...(row.memo === null && row.arrivedMemo === null ? {} : { memo }),
    ...(row.syncToken === null ? {} : { syncToken: String(row.syncToken) }),
  }
}

/** How things stand with a kind. */
export function toStatus(kind: WorkKind, row: Row): QueueStatus {
  const counts = { due: Number(row.due), leased: Number(row.leased), waiting: Number(row.waiting) }
  return queueStatus(kind, counts, typeof row.oldestDueAt === 'number' ? row.oldestDueAt : undefined)
}

/** A memo as it is stored. */
export const toText = (memo: Document | undefined) => (memo === undefined ? null : JSON.stringify(memo))

/** A memo again. */
export const toDocument = (text: SQLOutputValue | undefined) =>
  // Made by `toText`: a Document's JSON.
  typeof text === 'string' ? (JSON.parse(text) as Document) : undefined
const toCause = (text: SQLOutputValue | undefined) =>
  // Written by the queue: a Cause's JSON.
  typeof text === 'string' ? (JSON.parse(text) as Cause) : undefined
