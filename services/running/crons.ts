import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { failureFacts } from './outage-log.ts'
import type { ServicePorts } from './service-ports.ts'

/** A piece of work done every period, and sooner when woken. */
export type Cron = { name: string; run(signal: AbortSignal): Promise<void> }

export type Crons = {
  wake(): void
  /** Those whose last run failed. */
  failing(): readonly string[]
  stopped: Promise<void>
}

/**
 * Runs the crons one after the other, every `cronMs` and whenever something woke them. A failing one is logged and
 * runs again a period later; the others go on.
 */
export function startCrons(
  ports: Pick<ServicePorts, 'clock' | 'log' | 'settings'>,
  crons: readonly Cron[],
  signal: AbortSignal,
): Crons {
  let bell = new AbortController()
  let woken = false
  const failing = new Set<string>()
  const wake = () => {
    woken = true
    bell.abort()
  }
  const run = async () => {
    while (!signal.aborted) {
      woken = false
      bell = new AbortController()
      for (const cron of crons) {
        if (signal.aborted) return
        try {
          await cron.run(signal)
          failing.delete(cron.name)
        } catch (error) {
          if (signal.aborted) return
          const known = failing.has(cron.name)
          failing.add(cron.name)
          const facts = { ...failureFacts(error), cron: cron.name }
          if (!(error instanceof StoreUnavailable))
            ports.log.error(facts, 'cron failed, retrying at its next run')
          else if (!known) ports.log.warn(facts, 'cron waits for a store, retrying at its next run')
        }
      }
      if (!woken) await ports.clock.delay(ports.settings.cronMs, AbortSignal.any([signal, bell.signal]))
    }
  }
  return { wake, failing: () => [...failing], stopped: run() }
}
