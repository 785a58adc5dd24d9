/** Tells waiting readers in this process that something was committed: the reason why nobody has to poll. */
export type CommitSignal = {
  /** How many commits there were so far: to be read before the store is, and given to `after`. */
  readonly count: number
  /** Wakes everybody who waits. */
  notify(): void
  /** Resolves once there were more than `before` commits, or at once when `signal` aborts. */
  after(before: number, signal: AbortSignal): Promise<void>
}

/** A signal with no commits yet. */
export function commitSignal(): CommitSignal {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    get count() {
      return count
    },
    notify() {
      count += 1
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
    after: (before, signal) =>
      new Promise((resolve) => {
        if (count !== before || signal.aborted) return resolve()
        const wake = () => {
          signal.removeEventListener('abort', aborted)
          resolve()
        }
        const aborted = () => {
          waiting = waiting.filter((one) => one !== wake)
          resolve()
        }
        waiting.push(wake)
        signal.addEventListener('abort', aborted, { once: true })
      }),
  }
}
