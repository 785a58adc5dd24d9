import type { Clock } from '../../ports/clock.ts'
import type { LogFields, Logger } from '../../ports/logger.ts'

/** Refusals of one kind are over when none came for so long. */
const QUIET_MS = 10_000

type Refusals = { since: string; lastMs: number; count: number }

/** Tells of refused requests when they begin and when they are over, not at each: a line holds the process up. */
export type RefusalLog = {
  refused(code: string, facts: LogFields): void
  /** A request was served: what has been quiet for long is told as over. */
  served(): void
}

export function refusalLog({ clock, log }: { clock: Pick<Clock, 'now'>; log: Logger }): RefusalLog {
  const going = new Map<string, Refusals>()

  function endQuiet(nowMs: number): void {
    for (const [code, { since, lastMs, count }] of going) {
      if (nowMs - lastMs < QUIET_MS) continue
      going.delete(code)
      log.info({ code, since, count }, 'requests no longer refused')
    }
  }

  return {
    refused(code, facts) {
      const now = clock.now()
      const lastMs = now.epochMilliseconds
      endQuiet(lastMs)
      const known = going.get(code)
      if (known === undefined) log.warn(facts, 'request refused, cannot be served now')
      else log.debug(facts, 'request refused, cannot be served now')
      const { since = now.toString(), count = 0 } = known ?? {}
      going.set(code, { since, lastMs, count: count + 1 })
    },
    served() {
      if (going.size > 0) endQuiet(clock.now().epochMilliseconds)
    },
  }
}
