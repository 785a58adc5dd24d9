// Deliveries of Cal.com's that were answered 503. Cal.com does not send them again: what they told is read from Cal.com.
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { OutageLog } from '../running/outage-log.ts'
import type { CalcomIntake } from './intake.ts'

/**
 * The same intake. Once a store has kept it from taking a delivery, `works` is asked until it resolves; then
 * `readBookings` is called, once for all that was missed meanwhile.
 */
export function noticingMissed(
  intake: Pick<CalcomIntake, 'receive'>,
  deps: {
    outages: Pick<OutageLog, 'untilItAnswers'>
    /** Rejects while a delivery could not be made durable. */
    works(): Promise<unknown>
    readBookings(): void
    signal: AbortSignal
  },
): Pick<CalcomIntake, 'receive'> {
  let isWaiting = false

  async function readOnceItWorks(): Promise<void> {
    if (isWaiting) return
    isWaiting = true
    await deps.outages.untilItAnswers('intake of Cal.com deliveries', deps.works)
    isWaiting = false
    if (!deps.signal.aborted) deps.readBookings()
  }

  return {
    async receive(delivery, cause) {
      try {
        await intake.receive(delivery, cause)
      } catch (error) {
        if (error instanceof StoreUnavailable) void readOnceItWorks()
        throw error
      }
    },
  }
}
