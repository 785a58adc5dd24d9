// What is seen of the events that a booking refers to.
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

/** A whole look; `failures`: why events could not be read. Undefined where a series changed so that a person was told. */
export type Sights = { look: Look; failures: readonly ProviderError[] }

/** Looks at every event that the booking refers to. A calendar that refuses its credential is suspended. */
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
 * An instance that seems gone is looked for in its series first: its id changes when the series is edited. So is one
 * that is linked under the name of its series: what answers to that name is the first of them. An event that repeats now
 * is seen as the occurrence that the booking stands for.
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
