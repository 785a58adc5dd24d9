import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Lease, SignalQueue } from '../../ports/signal-queue/signal-queue.ts'
import { keepLease } from './lease-keeping.ts'
import { outageLog } from './outage-log.ts'

/** Parts that one process at a time runs, among all that share the stores. */
export type LeasedRole = 'projections' | 'publisher' | 'applier'

/** Runs a role while it is this process's; resolves once `signal` has aborted and the run in hand has ended. */
export type RoleLease = (role: LeasedRole, run: (signal: AbortSignal) => Promise<void>) => Promise<void>

/** For stores that no other process can open: the role is always ours. */
export const alone =
  (signal: AbortSignal): RoleLease =>
  (_, run) =>
    run(signal)

/**
 * A lease on the role, kept in the signal queue and renewed every third of its length. It is lost when the process
 * stood still or the store was away. Then the run is told to end before another process is given the role, as far as
 * clocks can tell. Its late writes are guarded by positions, revisions and epochs.
 */
export function leasedIn(ports: {
  queue: SignalQueue
  clock: Clock
  log: Logger
  /** How long a role stays with a process that has died, in milliseconds. */
  leaseMs: number
  signal: AbortSignal
}): RoleLease {
  const { queue, clock, log, leaseMs, signal } = ports
  return async (role, run) => {
    const kind = `role-${role}` as const
    const outages = outageLog(ports)
    const what = `lease of the role ${role}`
    while (!signal.aborted) {
      try {
        // Never completed, so that there is always something to lease.
        await queue.signal({ kind, key: role }, { cause: { poll: true } })
        const asked = clock.now()
        const lease = await queue.lease({ leaseMs, kinds: [kind] })
        outages.answered(what)
        if (lease !== undefined) {
          log.info({ role }, `role ${role} taken by this process`)
          await runWith(lease, asked, run)
          log.info({ role }, `role ${role} given up by this process`)
        }
      } catch (error) {
        outages.failed(what, error)
      }
      await clock.delay(leaseMs / 3, signal)
    }
  }

  async function runWith(
    lease: Lease,
    asked: Temporal.Instant,
    run: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const ended = new AbortController()
    const lost = new AbortController()
    const renewing = keepLease({ queue, clock, leaseMs }, { lease, asked }, ended.signal, lost)
    try {
      await run(AbortSignal.any([signal, lost.signal]))
    } finally {
      ended.abort()
      await renewing
      if (!lost.signal.aborted) await queue.release(lease)
    }
  }
}
