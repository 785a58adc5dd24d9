// Finds the part of a series that a lost occurrence may go on in: "this and following" begins such a part.
import type { ExternalEvent } from '../external-event.ts'
import { isBefore } from '../times.ts'
import { partsOf } from './series-kinship.ts'
import { partBefore, partStart, seriesRoot } from './series-pairing.ts'

/** An occurrence that its series shows no more: the series, and where the occurrence stood. */
export type LostOccurrence = { recurringEventId: string; start: Temporal.Instant }

/** True if the series is gone, or ends by date before the occurrence. Otherwise the occurrence went by itself. */
export const mayGoOn = (series: ExternalEvent | undefined, { start }: LostOccurrence): boolean =>
  series === undefined ||
  series.status === 'cancelled' ||
  (series.until !== undefined && isBefore(series.until, start))

/**
 * The living master that the occurrence may go on in, by Google's id of a part, else by kinship with the series. `UNCLEAR`:
 * a master may be a part, and does not begin where the series ends.
 */
export function partWith(
  lost: LostOccurrence,
  series: ExternalEvent | undefined,
  masters: readonly ExternalEvent[],
): ExternalEvent | 'UNCLEAR' | undefined {
  const root = seriesRoot(lost.recurringEventId)
  const living = masters.filter(({ isSeries, status }) => isSeries && status !== 'cancelled')
  // Each part found begins after the one before: the search ends.
  const later = living.filter(
    ({ id }) => seriesRoot(id) === root && partStart(id) > partStart(lost.recurringEventId),
  )
  const named = partBefore(lost.start, later)
  if (named !== undefined) return later.find(({ id }) => id === named)
  if (series === undefined) return undefined
  const strangers = living.filter(({ id }) => seriesRoot(id) !== root)
  const { parts, unclear } = partsOf([series], strangers)
  return parts[1] ?? (unclear ? 'UNCLEAR' : undefined)
}
