/** How a node waits for its cluster to take over what was written to it. */
export type Replication = {
  /**
   * Stores through `store` once the cluster takes it. TIMEOUT where it does not for long, and also for a repetition of what
   * is still on its way: the server drops that, and answers nothing else.
   */
  write<T>(stream: string, ids: readonly string[], store: () => Promise<T>): Promise<T | 'TIMEOUT'>
  /** Answers so far that a write timed out. */
  readonly timeouts: number
  /** From now on nothing is taken over: the node accepts writes, and answers that they timed out. */
  stop(): void
  /** What was accepted meanwhile is kept, or lost with the node that had it. */
  goOn(accepted: 'KEPT' | 'LOST'): void
}

/** CommitTimeoutMs of a server as it comes is 2,000. */
export function replication(timeoutMs: number): Replication {
  let timeouts = 0
  const underWay = new Set<string>()
  const works = Promise.resolve('KEPT' as const)
  let standing: Promise<'KEPT' | 'LOST'> = works
  let end: (accepted: 'KEPT' | 'LOST') => void = () => undefined

  const timedOut = async (over?: AbortSignal): Promise<'TIMEOUT'> => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      over?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    return 'TIMEOUT'
  }

  return {
    get timeouts() {
      return timeouts
    },
    async write(stream, ids, store) {
      const keys = ids.map((id) => `${stream} ${id}`)
      if (keys.some((key) => underWay.has(key))) {
        await timedOut()
        timeouts += 1
        return 'TIMEOUT'
      }
      for (const key of keys) underWay.add(key)
      const stored = (async () => {
        try {
          return (await standing) === 'KEPT' ? await store() : undefined
        } finally {
          for (const key of keys) underWay.delete(key)
        }
      })()
      const answered = new AbortController()
      const first = await Promise.race([stored, timedOut(answered.signal)]).finally(() => answered.abort())
      if (first !== undefined && first !== 'TIMEOUT') return first
      timeouts += 1
      return 'TIMEOUT'
    },
    stop() {
      const { promise, resolve } = Promise.withResolvers<'KEPT' | 'LOST'>()
      standing = promise
      end = resolve
    },
    goOn(accepted) {
      standing = works
      end(accepted)
    },
  }
}
