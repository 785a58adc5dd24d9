// Looks for a booking's events in the host's other synced calendars, under the same id, if none is alive. An event that
// was moved to another calendar looks deleted in its old calendar. Also, Cal.com need not say in which calendar it has
// written an event. A booking with a living event costs no call here.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import type { Look, Sight } from '../../domain/booking/look.ts'
import { findReference, type Reference } from '../../domain/booking/references.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import type { Answer, CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { suspendForCredential } from '../channels/suspension.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { findPart, isNotThere } from './part-elsewhere.ts'
import { flagChanged } from './series-resolution.ts'
import type { Sights } from './sights.ts'

/**
 * `moved`: an event lives in another calendar, and the booking refers to that now. `told`: a series may be the rest of its
 * series, and a person is told. `unfound`: nobody knows the calendar of
 * the events, and no calendar has them. Else the sights to decide on; an event that could not be looked for is unread.
 */
export type Elsewhere =
  | { kind: 'moved' }
  | { kind: 'told' }
  | { kind: 'unfound' }
  | { kind: 'sights'; sights: Sights }

export async function lookElsewhere(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  here: Sights,
  signal: AbortSignal,
): Promise<Elsewhere> {
  const { look } = here
  if (look.sights.length === 0 || !look.sights.every(isOutOfSight)) return { kind: 'sights', sights: here }
  const others = await otherCalendarsOf(ports, booking.userId)
  const failures: ProviderError[] = []
  const sights: Sight[] = []
  for (const sight of look.sights) {
    const reference = findReference(booking, sight)
    const looked =
      reference &&
      (await findIn(ports, context, booking, { reference, others, deleted: isDeletedHere(sight) }, signal))
    if (looked === 'MOVED') return { kind: 'moved' }
    if (looked === 'TOLD') return { kind: 'told' }
    if (looked) failures.push(looked)
    sights.push(looked ? { ...sight, result: { unknown: looked.code } } : sight)
  }
  if (failures.length === 0 && look.sights.every((sight) => isGuess(booking, sight)))
    return { kind: 'unfound' }
  return { kind: 'sights', sights: { look: { ...look, sights }, failures: [...here.failures, ...failures] } }
}

/** True if the event is cancelled, or unknown to its calendar. A failure does not say where the event is. */
export const isOutOfSight = ({ result }: Sight): boolean =>
  'seen' in result ? result.seen.status === 'cancelled' : isNotThere({ code: result.unknown })

/** A deleted event keeps its organiser. An event moved to another calendar leaves an entry without organiser. */
const isDeletedHere = ({ result }: Sight): boolean => 'seen' in result && result.seen.organizerSelf === true

/** True if nobody has stored a credential for the calendar, which may stay so for ever. */
const isUnconnected = ({ code, reason }: ProviderError): boolean =>
  code === 'CREDENTIAL_MISSING' && reason !== 'VAULT_KEY_UNKNOWN'

/** True if the calendar was only guessed, and does not know the event. */
const isGuess = (booking: OpenBooking, sight: Look['sights'][number]): boolean =>
  'unknown' in sight.result && findReference(booking, sight)?.guessed === true

/** The calendars include one registered a moment ago: the event may have been moved there. */
async function otherCalendarsOf(ports: ServicePorts, userId: string): Promise<string[]> {
  await ports.caughtUp('calendar-syncs')
  const syncs = await syncsOfUser(ports.readStore, userId)
  const kept = syncs.filter(({ status }) => status !== 'REMOVED')
  return [...new Set(kept.map(({ calendarKey }) => calendarKey))]
}

/** Undefined where the event is in none of the calendars; a calendar that cannot be asked may have it. */
async function findIn(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { reference, others, deleted }: { reference: Reference; others: readonly string[]; deleted: boolean },
  signal: AbortSignal,
): Promise<'MOVED' | 'TOLD' | ProviderError | undefined> {
  const { stored } = reference
  let failure: ProviderError | undefined
  for (const calendarKey of others) {
    const to = { ...stored, calendarKey }
    if (findReference(booking, to)) continue
    const reached = await accessTo(ports, calendarKey)
    const answer = reached.ok ? await lookFor(ports, reached.access, { stored, deleted }, signal) : reached
    if (answer.ok && answer.value.status !== 'cancelled' && answer.value.organizerSelf !== false) {
      await renamed(ports, context, booking, stored, to)
      return 'MOVED'
    }
    if (answer.ok || isNotThere(answer) || (deleted && isUnconnected(answer))) continue
    failure ??= answer
    if (!signal.aborted) await suspendForCredential(ports, context, calendarKey, answer)
  }
  return failure ?? (await findPartIn(ports, context, booking, reference, others, signal))
}

/** Looks for the part of the event's series that the event may go on in, under whatever id. */
async function findPartIn(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { stored }: Reference,
  others: readonly string[],
  signal: AbortSignal,
): Promise<'MOVED' | 'TOLD' | ProviderError | undefined> {
  const { calendarKey, recurringEventId, originalStart } = stored
  // In a host's only calendar each fetch sees all parts.
  if (recurringEventId === undefined || others.every((key) => key === calendarKey)) return undefined
  const start = originalStart === undefined ? booking.times.start : Temporal.Instant.from(originalStart)
  const part = await findPart(ports, calendarKey, { recurringEventId, start }, others, signal)
  if (!part.ok) return part
  if (part.value === undefined) return undefined
  if (part.value === 'UNCLEAR') {
    await flagChanged(ports, booking.bookingUid, stored, [])
    return 'TOLD'
  }
  await renamed(ports, context, booking, stored, { ...stored, ...part.value })
  return 'MOVED'
}

const renamed = (
  ports: ServicePorts,
  context: CommandContext,
  { bookingUid }: OpenBooking,
  from: StoredReference,
  to: StoredReference,
) =>
  execute(ports, context, bookingAggregate, bookingUid, (state) =>
    moveReference(state, { from, to, at: ports.now().toString() }),
  )

/**
 * An instance that is not there under its id may have another id there, in its series. Then the series was moved in
 * time, too.
 */
async function lookFor(
  { provider }: ServicePorts,
  access: CalendarAccess,
  { stored, deleted }: { stored: StoredReference; deleted: boolean },
  signal: AbortSignal,
): Promise<Answer<ExternalEvent>> {
  const { externalEventId, recurringEventId } = stored
  const answer = await provider.event({ ...access, eventId: externalEventId }, signal)
  if (answer.ok || !isNotThere(answer) || recurringEventId === undefined || deleted) return answer
  return provider.event({ ...access, eventId: recurringEventId }, signal)
}
