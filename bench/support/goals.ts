/** Says a ratio beside what it is to be at least. Where it is less, the benchmark ends with status 1. */
export function heldTo(what: string, ratio: number, least: number): string {
  const met = ratio >= least
  if (!met) process.exitCode = 1
  return `${what} ${ratio.toFixed(2)} (at least ${least.toFixed(2)}${met ? '' : ': MISSED'})`
}
