/**
 * How long to wait before try number `failures + 1`. The wait doubles from a second to a quarter of an hour. A random
 * half of it is taken off, so that many do not come back at once. It is never less than what was asked for.
 */
export function retryDelay(failures: number, random: () => number, askedForMs = 0): number {
  const ceiling = Math.min(15 * 60_000, 1_000 * 2 ** Math.min(failures, 20))
  return Math.max(askedForMs, Math.round(ceiling * (0.5 + random() / 2)))
}
