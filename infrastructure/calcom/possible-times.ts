import type { Times } from '../../domain/times.ts'
import { hasFourDigitYear } from '../../ports/outside-fields.ts'

/** No meeting is longer: a length beyond is none. */
const LONGEST_MINUTES = 366 * 24 * 60

/** An end that is not after the start is no booking's: the length decides, where it is known, and the times are marked. */
export function possibleTimes(
  start: Temporal.Instant,
  end: Temporal.Instant,
  minutes: number | null | undefined,
): Times & { impossibleTimes?: true } {
  if (Temporal.Instant.compare(start, end) < 0) return { start, end }
  const length = minutes && minutes > 0 && minutes <= LONGEST_MINUTES ? Math.round(minutes) : 0
  const lengthened = start.add({ minutes: length })
  return { start, end: hasFourDigitYear(lengthened) ? lengthened : start, impossibleTimes: true }
}
