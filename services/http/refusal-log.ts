import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'

/** A refusal that the one who asked cannot help; `code` as in its answer. */
export type Refusal = { code?: string; correlationId: string; path: string; [fact: string]: unknown }

/** How long the refusals of one code are counted before their number is told, in milliseconds. */
const TOLD_EVERY_MS = 60_000

/**
 * Tells the first refusal of a code, and each minute how many there were since: a log that is written once for each
 * refused request would hold up the process that refuses them to stay alive.
 */
export function refusalLog({ clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal }) {
  const counted = new Map<string, number>()

  async function tellLater(code: string): Promise<void> {
    await clock.delay(TOLD_EVERY_MS, signal)
    const more = counted.get(code) ?? 0
    if (more === 0) {
      counted.delete(code)
      return
    }
    log.warn({ code, more }, 'more requests refused, could not be served')
    if (signal.aborted) return
    counted.set(code, 0)
    return tellLater(code)
  }

  return (refusal: Refusal): void => {
    const { code = '' } = refusal
    const before = counted.get(code)
    counted.set(code, before === undefined ? 0 : before + 1)
    if (before !== undefined) return
    log.warn(refusal, 'request refused, cannot be served now')
    void tellLater(code)
  }
}
