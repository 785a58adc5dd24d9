import type { Clock } from '../../ports/clock.ts'

/** A clock that stands still until it is told to go on. */
export type VirtualClock = Clock & {
  /**
   * Moves time on by `ms`. Delays that fall due are resolved one after another in the order of their times (then in
   * the order asked for), each at its own instant, and before and after each one the promise chains that follow from
   * it run, group commits of the embedded stores included. Throws if a loop waits for nothing for ever.
   */
  advance(ms: number): Promise<void>
}

type Pending = { at: number; resolve: () => void }

/** Far more than any chain of promises and group commits in one step needs, and still microseconds. */
const TURNS_PER_STEP = 14
const DELAYS_AT_ONE_INSTANT = 10_000

/** A clock for tests, at `start` (RFC 3339). */
export function virtualClock(start = '2026-03-02T08:00:00Z'): VirtualClock {
  let now = Temporal.Instant.from(start).epochMilliseconds
  let pending: Pending[] = []

  function takeDue(until: number): Pending | undefined {
    const first = pending.reduce<Pending | undefined>(
      (best, one) => (best === undefined || one.at < best.at ? one : best),
      undefined,
    )
    if (first === undefined || first.at > until) return undefined
    pending = pending.filter((one) => one !== first)
    return first
  }

  return {
    now: () => Temporal.Instant.fromEpochMilliseconds(now),

    delay: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const entry: Pending = { at: now + Math.max(0, Math.ceil(ms)), resolve: done }
        function done() {
          pending = pending.filter((one) => one !== entry)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        signal?.addEventListener('abort', done, { once: true })
        pending.push(entry)
      }),

    async advance(ms) {
      const until = now + Math.ceil(ms)
      let sinceMoved = 0
      await letChainsRun()
      for (let due = takeDue(until); due !== undefined; due = takeDue(until)) {
        sinceMoved = due.at > now ? 0 : sinceMoved + 1
        if (sinceMoved > DELAYS_AT_ONE_INSTANT) throw new Error('a loop waits without letting time pass')
        now = Math.max(now, due.at)
        due.resolve()
        await letChainsRun()
      }
      now = Math.max(now, until)
    },
  }
}

async function letChainsRun(): Promise<void> {
  for (let turn = 0; turn < TURNS_PER_STEP; turn++) await new Promise((resolve) => setImmediate(resolve))
}
