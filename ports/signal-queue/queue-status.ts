import { defined, ifDefined } from '../../domain/optional-fields.ts'
import type { QueueStatus, WorkKind } from './signal-queue.ts'

/** How things stand with a kind; `oldestDueAt` in milliseconds since 1970, undefined where nothing is due. */
export const queueStatus = (
  kind: WorkKind,
  { due, leased, waiting }: { due: number; leased: number; waiting: number },
  oldestDueAt: number | undefined,
): QueueStatus => ({
  kind,
  due,
  leased,
  waiting,
  ...defined({ oldestDueAt: ifDefined(oldestDueAt, Temporal.Instant.fromEpochMilliseconds) }),
})
