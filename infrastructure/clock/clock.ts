/** The one source of time below main.ts: tests give a virtual one. */
export type Clock = {
  /** The present instant. */
  now(): Temporal.Instant
  /**
   * Resolves after `ms` milliseconds of this clock, or at once when `signal` aborts (never rejects: the caller
   * looks at the signal).
   */
  delay(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  // Less than half the time of rounding a finer instant, and asked for several times a push.
  now: () => Temporal.Instant.fromEpochMilliseconds(Date.now()),
  delay: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}
