/**
 * How long to wait before try number `failures + 1`: from a second on doubling to a quarter of an hour, of which a
 * random half is taken off so that many do not come back at once; never less than what was asked for.
 */
export function retryDelay(failures: number, random: () => number, askedForMs = 0): number {
  const ceiling = Math.min(15 * 60_000, 1_000 * 2 ** Math.min(failures, 20))
  return Math.max(askedForMs, Math.round(ceiling * (0.5 + random() / 2)))
}
