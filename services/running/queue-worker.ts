// Works on the subjects of the signal queue: leases those that are due, and tells the queue what came of each.
import { defined } from '../../domain/optional-fields.ts'
import { errorText } from '../../infrastructure/logging/error-facts.ts'
import type { Lease, WorkKind } from '../../ports/signal-queue/signal-queue.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'
import { UNEXPECTED, type WorkedOutcome } from './counted-outcomes.ts'
import { keepLease } from './lease-keeping.ts'
import { outageLog } from './outage-log.ts'
import { retryDelay } from './retry-delay.ts'
import type { ServicePorts } from './service-ports.ts'
import type { SubjectOutcome } from './subject-outcome.ts'

export type WorkerOptions = {
  /** Subjects worked on at a time, without slow ones; four times as many with slow ones. */
  width: number
  /** Lease of a subject, in milliseconds; renewed every third of it. */
  leaseMs: number
  signal: AbortSignal
  /** Called for each subject worked on, for the metrics and the status. */
  observe?(kind: Lease['kind'], outcome: WorkedOutcome): void
}

/** When idle, the queue is asked again at least this often: another process may have signalled. */
const IDLE_MS = 1_000

/** What is done with subjects of these kinds. An error thrown is logged, and the work is tried again. */
export type Work = {
  kinds: readonly WorkKind[]
  on(lease: Lease, signal: AbortSignal): Promise<SubjectOutcome>
}

/** The name of the queue in log lines. */
const QUEUE = 'signal queue'

/** Work that takes longer gives up its place: mostly it waits for an answer that comes late or never. */
const SLOW_MS = 1_000
/** At most this many times `width` subjects are under way, slow ones included. */
const MOST_WIDTHS = 4

/**
 * Leases due subjects from the signal queue, `width` at a time (see WorkerOptions), until `signal` aborts. Then work under
 * way is finished or given back, and the promise resolves. A lost lease is not completed: another worker has the subject.
 */
export async function runQueueWorker(ports: ServicePorts, work: Work, options: WorkerOptions): Promise<void> {
  const { signal, width } = options
  const { kinds } = work
  const running = new Set<Promise<void>>()
  const outages = outageLog({ clock: ports.clock, log: ports.log, signal })
  let places = width
  let atOnce = 1
  const bell = doorbell()
  const stopListening = ports.queue.onSignal(bell.ring)
  signal.addEventListener('abort', bell.ring, { once: true })
  try {
    while (!signal.aborted) {
      const room = Math.min(places, MOST_WIDTHS * width - running.size)
      const pause = room > 0 ? await leaseUpTo(Math.min(room, atOnce)) : IDLE_MS
      if (pause > 0) await bell.wait(ports, pause)
    }
  } finally {
    stopListening()
    await Promise.allSettled(running)
  }

  /**
   * Starts on `count` subjects. Returns how long to wait if there were fewer. While there are enough, ever more are
   * leased at once. The embedded stores then commit the leases together, and much of the work.
   */
  async function leaseUpTo(count: number): Promise<number> {
    const leases = await Promise.allSettled(Array.from({ length: count }, leaseOne))
    if (leases.every((lease) => lease.status === 'fulfilled' && lease.value)) {
      outages.answered(QUEUE)
      atOnce = Math.min(2 * atOnce, width)
      return 0
    }
    atOnce = 1
    try {
      const failed = leases.find((lease) => lease.status === 'rejected')
      if (failed) throw failed.reason
      const dueInMs = await ports.queue.nextDueInMs(kinds)
      outages.answered(QUEUE)
      return Math.min(IDLE_MS, Math.max(1, dueInMs ?? IDLE_MS))
    } catch (error) {
      outages.failed(QUEUE, error)
      return IDLE_MS
    }
  }

  /** Starts on one subject; false where none is due. */
  async function leaseOne(): Promise<boolean> {
    const asked = ports.clock.now()
    const lease = await ports.queue.lease({ leaseMs: options.leaseMs, kinds })
    if (lease === undefined) return false
    const ended = new AbortController()
    const worked = workOn(ports, work, { lease, asked }, options).finally(() => {
      running.delete(worked)
      ended.abort()
    })
    running.add(worked)
    void takePlace(ended.signal)
    return true
  }

  /** Takes a place until the work has ended, or is slow. */
  async function takePlace(ended: AbortSignal): Promise<void> {
    places -= 1
    await ports.clock.delay(SLOW_MS, ended)
    places += 1
    bell.ring()
  }
}

/** Wakes a waiter, or the next one to come: a ring is never missed. */
function doorbell() {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      rung = true
      wake?.()
    },
    async wait(ports: ServicePorts, ms: number): Promise<void> {
      if (!rung) {
        const enough = new AbortController()
        wake = () => enough.abort()
        await ports.clock.delay(ms, enough.signal)
        wake = undefined
      }
      rung = false
    },
  }
}

async function workOn(
  ports: ServicePorts,
  work: Work,
  leased: { lease: Lease; asked: Temporal.Instant },
  options: WorkerOptions,
): Promise<void> {
  const { lease } = leased
  const { queue, clock } = ports
  const ended = new AbortController()
  const lost = new AbortController()
  const renewing = keepLease({ queue, clock, leaseMs: options.leaseMs }, leased, ended.signal, lost)
  try {
    if (lost.signal.aborted) return
    const outcome = await outcomeOf(ports, work, lease, AbortSignal.any([options.signal, lost.signal]))
    if (lost.signal.aborted) return
    // A process that stops gives its work back untouched. No failure is counted.
    if (options.signal.aborted && outcome.kind === 'failed') {
      await ports.queue.release(lease)
      options.observe?.(lease.kind, 'released')
      return
    }
    await reportToQueue(ports, lease, outcome)
    options.observe?.(lease.kind, outcome)
  } catch (error) {
    ports.log.error({ err: error, kind: lease.kind, key: lease.key }, 'work done, its outcome not stored')
  } finally {
    ended.abort()
    await renewing
  }
}

/** Logs an unexpected error and retries with backoff; nothing is dropped. */
async function outcomeOf(
  ports: ServicePorts,
  work: Work,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  try {
    return await work.on(lease, signal)
  } catch (error) {
    const code =
      error instanceof StoreUnavailable || error instanceof VaultKeyUnknown ? error.code : UNEXPECTED
    ports.log.error({ err: error, kind: lease.kind, key: lease.key, code }, 'work failed, retrying')
    const retryInMs = retryDelay(lease.failures, ports.random)
    const words = code === UNEXPECTED ? errorText(error) : undefined
    return { kind: 'failed', code, retryInMs, ...defined({ memo: lease.memo, words }) }
  }
}

async function reportToQueue(ports: ServicePorts, lease: Lease, outcome: SubjectOutcome): Promise<void> {
  switch (outcome.kind) {
    case 'done':
      // A calendar keeps its sync token; a look leaves nothing behind.
      await ports.queue.complete(lease, {
        ...defined({ syncToken: outcome.syncToken, memo: outcome.memo, againInMs: outcome.againInMs }),
        forget: lease.kind !== 'calendar',
      })
      return
    case 'again':
      await ports.queue.complete(lease, { memo: outcome.memo, againInMs: outcome.inMs })
      return
    case 'failed':
      await ports.queue.fail(lease, {
        retryInMs: outcome.retryInMs,
        ...defined({ memo: outcome.memo }),
      })
      return
    case 'unneeded':
      await ports.queue.remove({ kind: lease.kind, key: lease.key })
  }
}
