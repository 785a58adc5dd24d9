// Reads future bookings from Cal.com now and then, to make up for missed webhooks.
import { waitAfter } from '../../domain/backoff.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Cron } from '../running/crons.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { readAllBookings } from './future-bookings.ts'
import type { CalcomIntake } from './intake.ts'

/**
 * Reads at most every `everyMs`, whatever wakes the crons, and at once after an outage of the stores. A reading that failed
 * is tried again at the next run, then with growing delay, `everyMs` at most. Without Cal.com's API the cron does nothing.
 */
export function bookingReconciler(
  ports: ServicePorts,
  intake: CalcomIntake,
  everyMs: number,
): Cron & {
  /** Deliveries were missed: the next run reads, whenever the last one did. */
  readAtNextRun(): void
} {
  let next: Temporal.Instant | undefined
  let failures = 0
  /** Deliveries may have been missed since the last reading began. */
  let isMissing = false

  /** An outage that this process sees is one of the processes that take deliveries too. */
  async function storesAnswer(): Promise<void> {
    try {
      await Promise.all([ports.events.head(), ports.queue.status()])
    } catch (error) {
      isMissing = true
      throw error
    }
  }

  return {
    name: 'booking-reconciler',
    readAtNextRun() {
      isMissing = true
    },
    async run(signal) {
      const { calcom } = ports
      const now = ports.now()
      if (calcom === undefined) return
      await storesAnswer()
      if (!isMissing && next !== undefined && Temporal.Instant.compare(now, next) < 0) return
      isMissing = false
      const retryMs = waitAfter({ firstMs: ports.settings.cronMs, longestMs: everyMs }, failures++)
      next = now.add({ milliseconds: Math.round(retryMs) })
      const read = await readAllBookings(ports, calcom, intake, signal)
      if ('error' in read) {
        const { code, reason } = read.error
        if (!signal.aborted)
          ports.log.warn({ code, ...defined({ reason }) }, 'Cal.com bookings not read, retrying')
        return
      }
      failures = 0
      next = now.add({ milliseconds: Math.round(everyMs) })
    },
  }
}
