import type { Metrics } from '../../ports/metrics.ts'
import type { Kind } from '../../ports/signal-queue/signal-queue.ts'
import type { SubjectOutcome } from './subject-outcome.ts'

/** The code of a failure that nobody foresaw. */
export const UNEXPECTED = 'UNEXPECTED'

/** Outcome of work on a subject. `released`: a process that stops gave the subject back untouched. */
export type WorkedOutcome = SubjectOutcome | 'released'

/** Counts one subject worked on: a fetch by whether it found a change, a look by its end. */
export function countOutcome(
  metrics: Pick<Metrics, 'fetched' | 'looked'>,
  kind: Kind,
  outcome: WorkedOutcome,
): void {
  const ended = outcome === 'released' ? outcome : outcome.kind === 'failed' ? outcome.code : outcome.kind
  const changed = outcome !== 'released' && outcome.kind === 'done' && outcome.changed === true
  if (kind !== 'calendar') metrics.looked(kind, ended)
  else metrics.fetched(ended === 'done' ? (changed ? 'changed' : 'unchanged') : ended)
}
