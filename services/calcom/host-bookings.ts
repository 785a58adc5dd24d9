// Imports the bookings of a host whose calendar was registered: Cal.com has had them before anybody told of them.
import type { Document } from '../../ports/read-store/read-store.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { retryDelay } from '../running/retry-delay.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import { readFuture } from './future-bookings.ts'
import { createCalcomIntake } from './intake.ts'

/** So many failures in a row, some hours, are waited out. Then the booking reconciler reads the bookings. */
const MOST_FAILURES = 20

/** Has the bookings to come of this host read. Without Cal.com's API there is nothing to read. */
export async function askForHostsBookings(
  ports: Pick<ServicePorts, 'calcom' | 'queue'>,
  userId: string,
): Promise<void> {
  if (ports.calcom === undefined) return
  await ports.queue.signal(
    { kind: 'host', key: userId },
    { cause: { poll: true, reason: 'ACTIVATED' }, dueInMs: 0 },
  )
}

/** Reads them with the host's key, and goes on at the page that could not be read. Without a key there is nothing to read. */
export async function importHostsBookings(
  ports: ServicePorts,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const { calcom } = ports
  if (calcom === undefined) return done
  const { from, after } = placeOf(lease, ports.now())
  const request = { from, userId: lease.key, ...after }
  const read = await readFuture(ports, calcom, createCalcomIntake(ports), request, signal)
  if (!('error' in read)) return done
  const { code, retryAfterMs } = read.error
  if (code === 'REFUSED' || lease.failures >= MOST_FAILURES) return done
  const memo: Document = { from: from.toString(), ...(read.after !== undefined && { after: read.after }) }
  const retryInMs = retryDelay(lease.failures, ports.random, retryAfterMs)
  return { kind: 'failed', code: `CALCOM_${code}`, retryInMs, memo }
}

/** A cursor is of use with the very question that it was given for. */
function placeOf(
  { memo }: Lease,
  now: Temporal.Instant,
): { from: Temporal.Instant; after?: { after: string } } {
  if (typeof memo?.from !== 'string' || typeof memo.after !== 'string') return { from: now }
  return { from: Temporal.Instant.from(memo.from), after: { after: memo.after } }
}
