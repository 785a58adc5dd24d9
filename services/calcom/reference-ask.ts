import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute, load } from '../../commands/execute.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import { trackBooking } from '../../domain/booking/facts.ts'
import type { DirectoryReference } from '../../ports/booking-directory.ts'
import type { Claim } from '../../ports/signal-queue/signal-queue.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'

/** Cal.com stores references a moment after its webhook, but not for ever later. Then the booking shows as unlinked. */
const PATIENCE_MS = 3_600_000

/** No key answers for the booking, or Cal.com names nothing: asking again helps only so long. */
const ENDING: readonly string[] = ['NO_REFERENCES', 'CALCOM_REFUSED']

/**
 * Asks Cal.com which calendar events belong to a booking, and links them. While Cal.com cannot be asked it is tried
 * again until the booking starts.
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
  const later = (code: string, askedForMs?: number): SubjectOutcome => {
    const waited = ports.now().epochMilliseconds - askedSince.epochMilliseconds
    if (waited >= PATIENCE_MS && ENDING.includes(code)) return done
    return { kind: 'failed', code, retryInMs: retryDelay(tries, ports.random, askedForMs), memo }
  }
  if (!answer.ok && answer.code !== 'NOT_FOUND') return later(`CALCOM_${answer.code}`, answer.retryAfterMs)
  const told = answer.ok ? answer.value : []
  const references = await withCalendars(ports, told, claim, state.userId)
  if (references.length === 0) return later('NO_REFERENCES')
  const context = contextOf(ports, 'sync-worker', claim.cause)
  await execute(ports, context, bookingAggregate, claim.key, (booking) =>
    booking.kind !== 'OPEN'
      ? { ok: true, events: [] }
      : trackBooking(booking, {
          bookingUid: booking.bookingUid,
          userId: booking.userId,
          status: booking.status,
          times: booking.basis,
          references: references.map((reference) => ({ ...reference, confirmed: true })),
          referencesComplete: true,
          at: ports.now().toString(),
        }),
  )
  return done
}

/** Failed tries since Cal.com last told of the booking, which the claim's own count does not know of. */
function triesOf({ memo }: Claim): number {
  return typeof memo?.tries === 'number' ? memo.tries : 0
}

function readSince(claim: Claim): Temporal.Instant | undefined {
  const since = claim.memo?.since
  return typeof since === 'string' ? Temporal.Instant.from(since) : undefined
}

/**
 * Cal.com does not always say in which calendar a reference lies: then it is the booking's destination calendar (from
 * its webhook, in the memo), or the only calendar that the user keeps in step.
 */
async function withCalendars(
  ports: ServicePorts,
  told: readonly DirectoryReference[],
  claim: Claim,
  userId: string,
): Promise<StoredReference[]> {
  const provider = ports.provider.name
  const destination = claim.memo?.destination
  const fallback = typeof destination === 'string' ? destination : await onlyCalendarOf(ports, userId)
  const references = await Promise.all(
    told.map(async ({ externalEventId, externalCalendarId, recurringEventId }) => {
      const calendarKey =
        externalCalendarId === undefined
          ? fallback
          : await ports.calendars.keyOf({ provider, externalCalendarId })
      if (calendarKey === undefined) return []
      return [
        {
          provider,
          calendarKey,
          externalEventId,
          ...(recurringEventId !== undefined && { recurringEventId }),
        },
      ]
    }),
  )
  return references.flat()
}

async function onlyCalendarOf(ports: ServicePorts, userId: string): Promise<string | undefined> {
  const syncs = (await syncsOfUser(ports.readStore, userId)).filter(({ status }) => status !== 'REMOVED')
  const calendars = new Set(syncs.map(({ calendarKey }) => calendarKey))
  return calendars.size === 1 ? [...calendars][0] : undefined
}
