// How long a change waits that could not be carried out now.
import { waitAgain } from '../../domain/backoff.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryError } from '../../ports/booking-directory.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import type { SubjectOutcome } from '../running/subject-outcome.ts'

const HOUR_MS = 3_600_000
/** Cal.com does not answer, or has not said enough. Half the time that this has lasted, so that an outage costs little. */
const CALCOM_AGAIN = { firstMs: 1_000, longestMs: HOUR_MS }
/** A person has to mend a key first. */
const KEY_AGAIN = { firstMs: 5 * 60_000, longestMs: HOUR_MS }

/** Since when the change could not be carried out. */
export function waitingSince({ memo }: Lease, now: Temporal.Instant): Temporal.Instant {
  return typeof memo?.since === 'string' ? Temporal.Instant.from(memo.since) : now
}

/** True for the answer to a key that does not work, or may not write to this booking. */
export const isOfKey = ({ code, status }: DirectoryError): boolean =>
  code === 'REFUSED' && (status === undefined || status === 401 || status === 403)

/** The change waits, and is tried again. A random half is taken off, so that many do not come back at once. */
export function waits(
  ports: Pick<ServicePorts, 'now' | 'random'>,
  lease: Lease,
  { code, ofKey = false, retryAfterMs = 0 }: { code: string; ofKey?: boolean; retryAfterMs?: number },
): SubjectOutcome {
  const now = ports.now()
  const since = waitingSince(lease, now)
  const waitMs = waitAgain(now.since(since).total('milliseconds'), ofKey ? KEY_AGAIN : CALCOM_AGAIN)
  const retryInMs = Math.max(retryAfterMs, Math.round(waitMs * (0.5 + ports.random() / 2)))
  return { kind: 'failed', code, retryInMs, memo: { since: since.toString() } }
}

/** The same for an error of Cal.com's. */
export const waitsForCalcom = (
  ports: Pick<ServicePorts, 'now' | 'random'>,
  lease: Lease,
  error: DirectoryError,
): SubjectOutcome =>
  waits(ports, lease, {
    code: `CALCOM_${error.code}`,
    ofKey: isOfKey(error),
    ...defined({ retryAfterMs: error.retryAfterMs }),
  })
