import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { flagBooking } from '../../domain/booking/facts.ts'
import { linkReferences } from '../../domain/booking/links.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import { namedReferences } from './named-references.ts'

/** Cal.com stores references a moment after its webhook, but not for ever later. Then the booking shows as unlinked. */
const PATIENCE_MS = 3_600_000

/** No key answers for the booking, or Cal.com names nothing: asking again helps only so long. */
const ENDING: readonly string[] = ['NO_REFERENCES', 'CALCOM_REFUSED']

/** References still to come are asked for ever more rarely, so often at least. */
const RAREST_MS = 6 * 3_600_000
/** So long no calendar may be known for an event before a person is told: it may be registered a moment later. */
const UNFOUND_MS = 60_000

/**
 * Asks Cal.com which calendar events belong to a booking, and links them. While Cal.com cannot be asked, has made room for
 * a reference without a name, or names an event in no calendar that is known, it is tried again until the booking starts.
 */
export async function askForReferences(
  ports: ServicePorts,
  claim: Claim,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const { state } = await load(ports.events, bookingAggregate, claim.key)
  if (ports.calcom === undefined || state.kind !== 'OPEN') return done
  if (Temporal.Instant.compare(state.times.start, ports.now()) <= 0) return done
  const askedSince = readSince(claim) ?? ports.now()
  const tries = triesOf(claim)
  const memo = { ...claim.memo, since: askedSince.toString(), tries: tries + 1 }
  const answer = await ports.calcom.references(state.bookingUid, state.userId, signal)
  const waitedMs = ports.now().epochMilliseconds - askedSince.epochMilliseconds
  const retryInMs = retryDelay(tries, ports.random)
  const later = (code: string, askedForMs = 0): SubjectOutcome =>
    waitedMs >= PATIENCE_MS && ENDING.includes(code)
      ? done
      : { kind: 'failed', code, retryInMs: Math.max(retryInMs, askedForMs), memo }
  if (!answer.ok && answer.code !== 'NOT_FOUND') return later(`CALCOM_${answer.code}`, answer.retryAfterMs)
  const { destination } = claim.memo ?? {}
  const named = await namedReferences(ports, answer.ok ? answer.value : [], {
    userId: state.userId,
    destination: typeof destination === 'string' ? destination : undefined,
  })
  const { references, complete, awaited, unplaced } = named
  const context = contextOf(ports, 'sync-worker', claim.cause)
  if (references.length > 0) {
    const told = { references, referencesComplete: complete, times: state.basis, at: ports.now().toString() }
    await execute(ports, context, bookingAggregate, claim.key, (booking) => linkReferences(booking, told))
  }
  if (unplaced) {
    if (waitedMs >= UNFOUND_MS) await flagUnfound(ports, context, claim.key)
    return { kind: 'again', inMs: retryInMs, memo }
  }
  if (awaited) return { kind: 'again', inMs: Math.max(retryInMs, Math.min(RAREST_MS, waitedMs / 2)), memo }
  return references.length === 0 ? later('NO_REFERENCES') : done
}

/** Cal.com does not say in which calendar the booking's event is, and the host keeps none in step. */
export const flagUnfound = (ports: ServicePorts, context: CommandContext, bookingUid: string) =>
  execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    flagBooking(booking, { code: 'EVENT_NOT_FOUND', raised: true, at: ports.now().toString() }),
  )

/** Failed tries since Cal.com last told of the booking, which the claim's own count does not know of. */
function triesOf({ memo }: Claim): number {
  return typeof memo?.tries === 'number' ? memo.tries : 0
}

function readSince(claim: Claim): Temporal.Instant | undefined {
  const since = claim.memo?.since
  return typeof since === 'string' ? Temporal.Instant.from(since) : undefined
}
