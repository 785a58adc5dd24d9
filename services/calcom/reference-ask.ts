import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { load } from '../../commands/execute.ts'
import { NOBODY, type OpenBooking } from '../../domain/booking/state.ts'
import type { DirectoryError } from '../../ports/booking-directory.ts'
import type { Document } from '../../ports/read-store/read-store.ts'
import type { Lease } from '../../ports/signal-queue/signal-queue.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { retryDelay } from '../running/retry-delay.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'
import { answerOfAnyKey, hostOf, recordHost } from './answer.ts'
import { cannotBeAsked } from './closing.ts'
import { flag, UNFOUND_MS } from './flag.ts'
import { linkByDescription } from './link-by-description.ts'
import { calendarsOfHost, linkNamed, registerCalendarsOf } from './link-named.ts'

/** Cal.com stores references soon after its webhook. After this time the booking stays unlinked. */
const REFERENCES_MS = 3_600_000

/** Longest wait between tries for references that are still to come. */
const RAREST_MS = 6 * 3_600_000

/**
 * Asks Cal.com which calendar events belong to a booking, and links them. Asking goes on until the booking starts while
 * - Cal.com does not answer,
 * - a reference is announced and names no event yet,
 * - the event is in a calendar that is not known here, or
 * - a new host has the booking, and no event of that host is named.
 * Where Cal.com names nothing, asking ends after an hour (REFERENCES_MS). Where no key answers for the booking, its event is
 * searched by Cal.com's link, until the booking starts.
 * Registers the host's calendars if the answer shows the host for the first time.
 */
export async function askForReferences(
  ports: ServicePorts,
  lease: Lease,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const { state: booking } = await load(ports.events, bookingAggregate, lease.key)
  if (booking.kind !== 'OPEN') return done
  if (Temporal.Instant.compare(booking.times.start, ports.now()) <= 0) return done
  const askedSince = sinceOf(lease, ports.now())
  const tries = triesOf(lease)
  const learned = await learnHost(ports, lease, booking, signal)
  const register = lease.memo?.register === true || (learned.ok && learned.news)
  const memo: Document = {
    ...lease.memo,
    since: askedSince.toString(),
    tries: tries + 1,
    ...(register && { register }),
  }
  const waitedMs = ports.now().epochMilliseconds - askedSince.epochMilliseconds
  const later = (code: string, askedForMs?: number): SubjectOutcome => {
    const reassigned = booking.flags.includes('REASSIGNED')
    if (waitedMs >= REFERENCES_MS && code === 'NO_REFERENCES' && !reassigned) return done
    const restMs = reassigned && waitedMs >= REFERENCES_MS ? REFERENCES_MS : 0
    const retryInMs = Math.max(restMs, retryDelay(tries, ports.random, askedForMs))
    return { kind: 'failed', code, retryInMs, memo }
  }
  const { destination } = memo
  const known = typeof destination === 'string' ? destination : undefined
  const context = contextOf(ports, 'sync-worker', lease.cause)
  const byDescription = async (): Promise<SubjectOutcome> => {
    const found = await linkByDescription(ports, context, booking, known, signal)
    if (found.kind === 'linked' || found.kind === 'told') return done
    const { flags, references, status } = booking
    const isLate = waitedMs >= REFERENCES_MS
    const longestMs = flags.includes('REASSIGNED') ? REFERENCES_MS : RAREST_MS
    const rarerMs = isLate ? Math.min(longestMs, waitedMs / 2) : 0
    // A former host's event, or one passed on, is told of under a code of its own.
    if (isLate && status === 'ACCEPTED' && references.length === 0)
      await flag(ports, context, lease.key, { code: 'LINK_NOT_FOUND', raised: true })
    const asked = found.kind === 'failed' ? found.retryAfterMs : undefined
    const retryInMs = Math.max(rarerMs, retryDelay(tries, ports.random, asked))
    return found.kind === 'failed'
      ? { kind: 'failed', code: `CALENDAR_${found.code}`, retryInMs, memo }
      : { kind: 'again', inMs: retryInMs, memo }
  }
  if (!learned.ok)
    return cannotBeAsked(learned) ? byDescription() : later(`CALCOM_${learned.code}`, learned.retryAfterMs)
  const { userId } = learned
  const answer = await ports.calcom?.references(lease.key, hostOf({ userId }), signal)
  if (answer === undefined || (!answer.ok && cannotBeAsked(answer))) return byDescription()
  if (!answer.ok) return later(`CALCOM_${answer.code}`, answer.retryAfterMs)
  const stated = answer.value
  const link = (alive: boolean) =>
    linkNamed(ports, context, { ...booking, userId }, stated, { destination: known, alive })
  let linked = await link(false)
  // Cal.com goes on naming the former event: that is the present host's, if it is still there.
  if (linked.named > 0 && !linked.ofHost && (await isThere(ports, booking, signal))) linked = await link(true)
  if (register && linked.ofHost) await registerHosts(ports, context, lease, known)
  const retryInMs = retryDelay(tries, ports.random)
  if (linked.unplaced) {
    if (waitedMs >= UNFOUND_MS)
      await flag(ports, context, lease.key, { code: 'EVENT_NOT_FOUND', raised: true })
    return { kind: 'again', inMs: retryInMs, memo }
  }
  if (linked.awaited)
    return { kind: 'again', inMs: Math.max(retryInMs, Math.min(RAREST_MS, waitedMs / 2)), memo }
  return linked.named === 0 || !linked.ofHost ? later('NO_REFERENCES') : done
}

/** Learns the host from Cal.com: webhooks may leave the host out, or another host has the booking now. */
async function learnHost(
  ports: ServicePorts,
  lease: Lease,
  booking: OpenBooking,
  signal: AbortSignal,
): Promise<{ ok: true; userId: string; news: boolean } | DirectoryError> {
  const { userId, flags } = booking
  const isKnown = userId !== NOBODY && !flags.includes('REASSIGNED')
  if (isKnown || ports.calcom === undefined) return { ok: true, userId, news: false }
  const answer = await answerOfAnyKey(ports.calcom, booking, signal)
  if (!answer.ok) return answer
  const news = await recordHost(ports, contextOf(ports, 'sync-worker', lease.cause), booking, answer.value)
  return { ok: true, userId: answer.value.userId, news }
}

/** Whether one of the booking's events is alive in its calendar. */
async function isThere(
  ports: ServicePorts,
  { references }: OpenBooking,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { stored } of references) {
    const reached = await accessTo(ports, stored.calendarKey)
    if (!reached.ok) continue
    const seen = await ports.provider.event({ ...reached.access, eventId: stored.externalEventId }, signal)
    if (seen.ok && seen.value.status !== 'cancelled') return true
  }
  return false
}

/** Registers the calendars of the host's events, and the calendar that a webhook named. */
async function registerHosts(
  ports: ServicePorts,
  context: CommandContext,
  lease: Lease,
  destination: string | undefined,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, lease.key)
  if (state.kind !== 'OPEN') return
  const { credentialId } = lease.memo ?? {}
  const named = destination !== undefined && typeof credentialId === 'string'
  const credentials = new Map(named ? [[destination, credentialId]] : [])
  const calendars = [...calendarsOfHost(state), ...(named ? [destination] : [])]
  await registerCalendarsOf(ports, context, state.userId, calendars, credentials)
}

/** Failed tries since Cal.com's last delivery about the booking, which does not reset the lease's own count. */
function triesOf({ memo }: Lease): number {
  return typeof memo?.tries === 'number' ? memo.tries : 0
}

/** When asking began. `late`: nobody expects an answer any more, and one try is enough. */
function sinceOf({ memo }: Lease, now: Temporal.Instant): Temporal.Instant {
  if (typeof memo?.since === 'string') return Temporal.Instant.from(memo.since)
  return memo?.late === true ? now.subtract({ milliseconds: REFERENCES_MS }) : now
}
