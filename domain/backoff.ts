/** Waits between tries, in milliseconds: the first, doubled with each further failure up to the longest. */
export type Backoff = { firstMs: number; longestMs: number }

/** The wait after a failure; `before`: how many failures came before it. */
export const waitAfter = ({ firstMs, longestMs }: Backoff, before: number): number =>
  Math.min(longestMs, firstMs * 2 ** before)

/** The wait before something that has lasted for so long is looked at again: half as long once more, in milliseconds. */
export const waitAgain = (lastingMs: number, { firstMs, longestMs }: Backoff): number =>
  Math.min(longestMs, Math.max(firstMs, lastingMs / 2))
