import { waitAfter } from '../../domain/backoff.ts'

const RETRY_AGAIN = { firstMs: 1_000, longestMs: 15 * 60_000 }

/**
 * How long to wait before try number `failures + 1`. The wait doubles from a second to a quarter of an hour. A random
 * half of it is taken off, so that many do not come back at once. It is never less than what was asked for.
 */
export function retryDelay(failures: number, random: () => number, askedForMs = 0): number {
  return Math.max(askedForMs, Math.round(waitAfter(RETRY_AGAIN, failures) * (0.5 + random() / 2)))
}
