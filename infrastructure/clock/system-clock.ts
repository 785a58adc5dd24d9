import type { Clock } from '../../ports/clock.ts'

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
