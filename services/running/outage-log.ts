import { waitAfter } from '../../domain/backoff.ts'
import { errorText } from '../../infrastructure/logging/error-facts.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'

/** `since` is RFC 3339 in UTC; `message` is of the latest failure. */
export type Outage = { what: string; message: string; since: string }

/** Asks what does not answer again and again, and tells when that begins and when it ends: not at every try. */
export type OutageLog = {
  /** The result of `work`, tried until it succeeds; undefined only if the signal aborted before that. */
  untilItAnswers<Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined>
  /** For work that has tries of its own. Says how long to wait before the next one, in milliseconds. */
  failed(what: string, err: unknown): number
  /** It works, although the work goes on. */
  answered(what: string): void
  now(): Outage[]
}

/** Waits between tries while something does not answer. */
const OUTAGE_AGAIN = { firstMs: 100, longestMs: 10_000 }

export function outageLog({
  clock,
  log,
  signal,
}: {
  clock: Clock
  log: Logger
  signal: AbortSignal
}): OutageLog {
  const outages = new Map<string, Outage & { failures: number }>()

  function answered(what: string): void {
    const outage = outages.get(what)
    if (outage === undefined) return
    outages.delete(what)
    log.info({ what, since: outage.since, failures: outage.failures }, `${what} available again`)
  }

  function failed(what: string, err: unknown): number {
    const known = outages.get(what)
    const failures = (known?.failures ?? 0) + 1
    const since = known?.since ?? clock.now().toString()
    outages.set(what, { what, message: errorText(err), since, failures })
    if (known === undefined) log.error({ what, ...failureFacts(err) }, `${what} unavailable, retrying`)
    return waitAfter(OUTAGE_AGAIN, failures - 1)
  }

  return {
    async untilItAnswers(what, work) {
      while (!signal.aborted) {
        try {
          const result = await work()
          answered(what)
          return result
        } catch (error) {
          if (signal.aborted) return undefined
          await clock.delay(failed(what, error), signal)
        }
      }
      return undefined
    },
    failed,
    answered,
    now: () => Array.from(outages.values(), ({ what, message, since }) => ({ what, message, since })),
  }
}

/** The facts of a failure for a log line. A foreseen one has its text, any other also the place that it came from. */
export const failureFacts = (err: unknown): { reason: string } | { err: unknown } =>
  err instanceof StoreUnavailable ? { reason: errorText(err) } : { err }
