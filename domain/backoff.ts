/** Waits between tries, in milliseconds: the first, doubled with each further failure up to the longest. */
export type Backoff = { firstMs: number; longestMs: number }

/** The wait after a failure; `before`: how many failures came before it. */
export const waitAfter = ({ firstMs, longestMs }: Backoff, before: number): number =>
  Math.min(longestMs, firstMs * 2 ** before)

/** The wait before the next look at something that lasts: half the time that it has lasted, within the limits. */
export const waitAgain = (lastingMs: number, { firstMs, longestMs }: Backoff): number =>
  Math.min(longestMs, Math.max(firstMs, lastingMs / 2))
