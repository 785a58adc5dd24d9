/** How often a second, for `times` of whatever `work` does. */
export async function perSecond(times: number, work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return (times * 1000) / (performance.now() - begun)
}

/** Calls `work` as many times, always `width` at once. */
export async function inFlight(width: number, times: number, work: () => Promise<void>): Promise<void> {
  let left = times
  const worker = async () => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: width }, worker))
}
