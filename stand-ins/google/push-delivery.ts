import type { Clock } from '../../ports/clock.ts'
import type { Push } from './push-channels.ts'

/** What became of one push: the statuses that its tries met (0: no connection). */
export type Delivery = { push: Push; statuses: number[] }

export type PushDelivery = {
  /** Sends it when its time has come and tries again as Google does; resolves after the first try. */
  deliver(push: Push): Promise<void>
  /** The last thousand pushes sent, oldest first. */
  deliveries(): Delivery[]
  /** Drops what waits. */
  close(): void
}

const RETRIED = new Set([500, 502, 503, 504])
/** Of the machine's clock: a receiver that hangs does so in real time. */
const TIMEOUT_MS = 10_000

/**
 * Posts pushes to their receivers. 500, 502, 503 and 504 are tried again after 1, 2, 4 … times `retryBaseMs` of the
 * clock, eight times in all; any other answer is final, and so is a connection that fails: a receiver that is not
 * there has lost the message.
 */
export function pushDelivery(options: { clock: Clock; retryBaseMs?: number }): PushDelivery {
  const { clock, retryBaseMs = 1000 } = options
  const stop = new AbortController()
  const log: Delivery[] = []

  async function attempt(delivery: Delivery): Promise<number> {
    const status = await post(delivery.push, stop.signal)
    delivery.statuses.push(status)
    return status
  }

  async function again(delivery: Delivery, last: number): Promise<void> {
    let status = last
    for (let tries = 1; RETRIED.has(status) && tries < 8; tries++) {
      await clock.delay(retryBaseMs * 2 ** (tries - 1), stop.signal)
      if (stop.signal.aborted) return
      status = await attempt(delivery)
    }
  }

  return {
    async deliver(push) {
      if (push.afterMs > 0) await clock.delay(push.afterMs, stop.signal)
      if (stop.signal.aborted) return
      const delivery: Delivery = { push, statuses: [] }
      log.push(delivery)
      if (log.length > 1000) log.shift()
      const status = await attempt(delivery)
      void again(delivery, status)
    },
    deliveries: () => log,
    close: () => stop.abort(),
  }
}

/** The receiver's status; 0 where there was none. */
async function post(push: Push, stop: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)])
  try {
    const answer = await fetch(push.address, {
      method: 'POST',
      headers: push.headers,
      redirect: 'manual',
      signal,
    })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return 0
  }
}
