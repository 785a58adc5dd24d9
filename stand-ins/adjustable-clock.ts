import { systemClock } from '../infrastructure/clock/system-clock.ts'
import type { Clock } from '../ports/clock.ts'

/** A clock that can be put forward; who waits on it wakes as if the time had passed. */
export type AdjustableClock = Clock & {
  /** Puts the clock forward by so many milliseconds, waking sleepers in order of their time. */
  advance(ms: number): Promise<void>
}

type Sleeper = { at: number; wake: () => void }

/**
 * Starts at `start` and stands still until advanced; without `start` it runs with the machine's clock, ahead of it by
 * all that it was advanced.
 */
export function adjustableClock(start?: Temporal.Instant): AdjustableClock {
  let ahead = 0
  const sleepers = new Set<Sleeper>()
  const now = () => (start ?? systemClock.now()).add({ milliseconds: ahead })
  return {
    now,
    delay(ms, signal) {
      if (signal?.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const real = new AbortController()
        const sleeper: Sleeper = { at: now().epochMilliseconds + ms, wake }
        function wake() {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          real.abort()
          resolve()
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake, { once: true })
        if (start === undefined) void systemClock.delay(ms, real.signal).then(wake)
        else if (ms <= 0) wake()
      })
    },
    async advance(ms) {
      const end = ahead + ms
      const base = now().epochMilliseconds - ahead
      for (let next = first(); next && next.at <= base + end; next = first()) {
        ahead = Math.max(ahead, next.at - base)
        next.wake()
        // Whoever woke may go to sleep again, for a time before the end.
        await new Promise((resolve) => setImmediate(resolve))
      }
      ahead = Math.max(ahead, end)
    },
  }

  function first(): Sleeper | undefined {
    let earliest: Sleeper | undefined
    for (const sleeper of sleepers) if (!earliest || sleeper.at < earliest.at) earliest = sleeper
    return earliest
  }
}
