// Sees the events that a booking refers to.
import type { CommandContext } from '../../commands/command.ts'
import type { Look, Sight } from '../../domain/booking/look.ts'
import type { Reference } from '../../domain/booking/references.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Answer, CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { suspendForCredential } from '../channels/suspension.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { findInSeries, findOccurrence } from './series-resolution.ts'

/** A whole look; `failures`: why events could not be read. */
export type Sights = { look: Look; failures: readonly ProviderError[] }

/**
 * Sees every event of the booking; undefined if a person was told of its series, or the process stops. Suspends a calendar that refuses its
 * credential.
 */
export async function see(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  options: { seriesEnded: boolean },
  signal: AbortSignal,
): Promise<Sights | undefined> {
  const observedAt = ports.now()
  const sights: Sight[] = []
  const failures: ProviderError[] = []
  for (const reference of booking.references) {
    if (signal.aborted) return undefined
    const { calendarKey, externalEventId } = reference.stored
    const reached = await accessTo(ports, calendarKey)
    const seen = reached.ok
      ? await lookAtEvent(ports, reached.access, booking, reference, options, signal)
      : reached
    if (seen.ok) sights.push({ calendarKey, externalEventId, result: { seen: seen.value } })
    else if (seen.code === 'SERIES_CHANGED') return undefined
    else {
      sights.push({ calendarKey, externalEventId, result: { unknown: seen.code } })
      failures.push(seen)
      if (!signal.aborted) await suspendForCredential(ports, context, calendarKey, seen)
    }
  }
  return { look: { observedAt, sights }, failures }
}

/**
 * Sees one event. An instance that seems gone is first looked for in its series, whose editing changes its id. An
 * instance linked under its series' name is looked for there too, as that name answers with the first instance. An
 * event that repeats now is seen as the booking's occurrence.
 */
async function lookAtEvent(
  ports: ServicePorts,
  access: CalendarAccess,
  booking: OpenBooking,
  reference: Reference,
  { seriesEnded }: { seriesEnded: boolean },
  signal: AbortSignal,
): ReturnType<typeof findInSeries> {
  const { externalEventId, recurringEventId } = reference.stored
  const answer: Answer<ExternalEvent> =
    externalEventId === recurringEventId
      ? { ok: false, code: 'NOT_FOUND', reason: 'namedBySeries' }
      : await ports.provider.event({ ...access, eventId: externalEventId }, signal)
  if (answer.ok && answer.value.isSeries && answer.value.status !== 'cancelled')
    return findOccurrence(ports, access, booking, reference, answer.value, signal)
  const gone = answer.ok
    ? answer.value.status === 'cancelled'
    : answer.code === 'NOT_FOUND' || answer.code === 'GONE'
  if (!gone || recurringEventId === undefined) return answer
  return findInSeries(ports, access, booking, reference, { answer, seriesEnded }, signal)
}
