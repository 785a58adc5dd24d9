import type { Times } from '../../domain/times.ts'

/** An end that is not after the start is no booking's: the length decides, where it is known, and the times are marked. */
export function possibleTimes(
  start: Temporal.Instant,
  end: Temporal.Instant,
  minutes: number | null | undefined,
): Times & { impossibleTimes?: true } {
  if (Temporal.Instant.compare(start, end) < 0) return { start, end }
  const length = minutes && minutes > 0 ? Math.round(minutes) : 0
  return { start, end: start.add({ minutes: length }), impossibleTimes: true }
}
