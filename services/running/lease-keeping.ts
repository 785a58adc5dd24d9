import type { Clock } from '../../ports/clock.ts'
import type { Lease, SignalQueue } from '../../ports/signal-queue/signal-queue.ts'

/**
 * Renews a lease every third of its length until `ended` aborts. Aborts `lost` as soon as the lease is not ours, or
 * nobody can say any more that it is: the process stood still, or the store was away. `asked` is the time just before
 * the lease was asked for. If that is longer ago than the lease is long, it is lost before this returns.
 */
export async function keepLease(
  { queue, clock, leaseMs }: { queue: SignalQueue; clock: Clock; leaseMs: number },
  { lease, asked }: { lease: Lease; asked: Temporal.Instant },
  ended: AbortSignal,
  lost: AbortController,
): Promise<void> {
  const now = () => clock.now().epochMilliseconds
  let endsAt = asked.epochMilliseconds + leaseMs
  if (now() >= endsAt) return lost.abort()
  while (!ended.aborted) {
    await clock.delay(Math.min(leaseMs / 3, endsAt - now()), ended)
    if (ended.aborted) return
    const before = now()
    const ours = await within(endsAt - before, () => queue.renew(lease, leaseMs))
    if (ours) endsAt = before + leaseMs
    if (ours === false || now() >= endsAt) return lost.abort()
  }

  /** The store's answer; undefined if it has none, or not in time: a call may hang for longer than a lease. */
  async function within(ms: number, ask: () => Promise<boolean>): Promise<boolean | undefined> {
    const enough = new AbortController()
    const late = clock.delay(ms, AbortSignal.any([ended, enough.signal])).then(() => undefined)
    const answer = await Promise.race([ask().catch(() => undefined), late])
    enough.abort()
    return answer
  }
}
