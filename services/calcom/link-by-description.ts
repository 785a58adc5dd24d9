// Links a booking to its event without Cal.com's API. Cal.com writes a link with the booking's uid into the description of
// the event, and Google finds events by the words in them. One search is enough; the description itself is not received.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { eventOfLink, linkDoubts } from '../../domain/booking/event-of-link.ts'
import { linkReferences } from '../../domain/booking/links.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { defined } from '../../domain/optional-fields.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { flag } from './flag.ts'
import { aCalendarOf } from './named-references.ts'

/**
 * `linked`: the booking has its event. `told`: a person has to say which event it is. `none`: no event has the link yet.
 * `failed`: Google could not be asked.
 */
export type LinkedByDescription =
  | { kind: 'linked' | 'told' | 'none' }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/** Searched before and after the booking: an event at other times is told, and not looked for without end. */
const AROUND = { hours: 24 }

/**
 * Searches the booking's calendar for its link, and links the event that has it. `destination`: the calendar that a webhook
 * named. Of a booking with seats no search is made: Cal.com writes no link for guests who share an event.
 */
export async function linkByDescription(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  destination: string | undefined,
  signal: AbortSignal,
): Promise<LinkedByDescription> {
  const { bookingUid, times, flags, seats } = booking
  if (isLinked(booking)) return { kind: 'linked' }
  if (linkDoubts.some((doubt) => flags.includes(doubt))) return { kind: 'told' }
  if (seats || booking.status !== 'ACCEPTED') return { kind: 'none' }
  const calendarKey = await calendarOf(ports, booking, destination)
  if (calendarKey === undefined) return { kind: 'none' }
  const reached = await accessTo(ports, calendarKey)
  if (!reached.ok) return { kind: 'failed', code: reached.code }
  const span = { from: times.start.subtract(AROUND), to: times.end.add(AROUND) }
  const hits = await ports.provider.search({ ...reached.access, text: bookingUid, ...span }, signal)
  if (!hits.ok) return { kind: 'failed', code: hits.code, ...defined({ retryAfterMs: hits.retryAfterMs }) }
  const handedOn = new Set(booking.references.map(({ stored }) => stored.externalEventId))
  const event = eventOfLink(hits.value, times, (id) => handedOn.has(id))
  if (event === undefined) return { kind: 'none' }
  if ('doubt' in event) {
    await flag(ports, context, bookingUid, { code: event.doubt, raised: true })
    return { kind: 'told' }
  }
  const reference = {
    provider: ports.provider.name,
    calendarKey,
    externalEventId: event.id,
    ...defined({ recurringEventId: event.recurringEventId }),
    confirmed: true,
    ofHost: true as const,
  }
  const at = ports.now().toString()
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    linkReferences(state, { references: [reference], referencesComplete: true, times, at }),
  )
  await flag(ports, context, bookingUid, { code: 'REASSIGNED', raised: false })
  return { kind: 'linked' }
}

/** Cal.com, its own task or a search has named an event of the present host's. */
const isLinked = ({ references, flags }: OpenBooking): boolean =>
  !flags.includes('REASSIGNED') &&
  references.some(({ confirmed, former }) => confirmed && former === undefined)

/** The calendar that Cal.com writes the booking into, as far as anybody said. That of a former host is not searched. */
async function calendarOf(
  ports: ServicePorts,
  { userId, flags, references }: OpenBooking,
  destination: string | undefined,
): Promise<string | undefined> {
  if (flags.includes('REASSIGNED')) return aCalendarOf(ports, userId)
  return destination ?? references[0]?.stored.calendarKey ?? (await aCalendarOf(ports, userId))
}
