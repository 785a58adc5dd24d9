import type { ServicePorts } from '../running/service-ports.ts'

/** One change that the brake let through. */
export type ChangeUnderWay = { calendarKey: string; change: string }

/** Changes that were let through, until the read model of publications counts them. */
export type ChangesUnderWay = {
  /** Those of this kind in this calendar. */
  like(change: ChangeUnderWay): readonly ChangeUnderWay[]
  carryOut<Result>(change: ChangeUnderWay, work: () => Promise<Result>): Promise<Result>
  /** Resolves when the read model counts each of them that was published. Rejects as `caughtUp` does. */
  counted(changes: readonly ChangeUnderWay[]): Promise<void>
}

export function changesUnderWay({ caughtUp }: Pick<ServicePorts, 'caughtUp'>): ChangesUnderWay {
  const works = new Map<ChangeUnderWay, Promise<unknown>>()
  const carriedOut = new Set<ChangeUnderWay>()
  let following = false

  async function counted(changes: readonly ChangeUnderWay[]): Promise<void> {
    await Promise.allSettled(changes.map((change) => works.get(change)))
    await caughtUp('publications')
    for (const change of changes) {
      works.delete(change)
      carriedOut.delete(change)
    }
  }

  /** Waits once for all that were carried out meanwhile. Those of an outage stay, and are waited for with the next. */
  async function follow(): Promise<void> {
    if (following) return
    following = true
    try {
      while (carriedOut.size > 0) await counted([...carriedOut])
    } catch {
      // The brake asks for itself before it holds, and meets the outage then.
    } finally {
      following = false
    }
  }

  return {
    like: ({ calendarKey, change }) =>
      [...works.keys()].filter((other) => other.calendarKey === calendarKey && other.change === change),
    async carryOut(change, work) {
      const result = work()
      works.set(change, result)
      try {
        return await result
      } finally {
        carriedOut.add(change)
        void follow()
      }
    },
    counted,
  }
}
