// Where none of a booking's events is alive, they are looked for under the same id in the other calendars that the host
// keeps in step: an event that was moved to another calendar looks deleted in its old one, and Cal.com need not say in
// which calendar it has written an event. A booking with an event that is alive costs no call here.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import type { Look, Sight } from '../../domain/booking/look.ts'
import { findReference, type Reference } from '../../domain/booking/references.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ProviderError } from '../../ports/calendar-provider.ts'
import { syncsOfUser } from '../../projections/calendar-syncs.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import { suspendForCredential } from '../channels/suspension.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import type { Sights } from './sights.ts'

/**
 * `moved`: an event lives in another calendar, which the booking refers to now. `unfound`: nobody knows in which calendar
 * the events are, and they are in none. Else the sights to decide on: those that could not be looked for are unread.
 */
export type Elsewhere = { kind: 'moved' } | { kind: 'unfound' } | { kind: 'sights'; sights: Sights }

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
    if (looked) failures.push(looked)
    sights.push(looked ? { ...sight, result: { unknown: looked.code } } : sight)
  }
  if (failures.length === 0 && look.sights.every((sight) => isGuess(booking, sight)))
    return { kind: 'unfound' }
  return { kind: 'sights', sights: { look: { ...look, sights }, failures: [...here.failures, ...failures] } }
}

/** It is cancelled, or its calendar does not know it. A failure says nothing of where it is. */
export const isOutOfSight = ({ result }: Sight): boolean =>
  'seen' in result ? result.seen.status === 'cancelled' : isNotThere({ code: result.unknown })

const isNotThere = ({ code }: { code: string }): boolean => code === 'NOT_FOUND' || code === 'GONE'

/** What was deleted keeps its organiser; what was moved to another calendar leaves an entry without one. */
const isDeletedHere = ({ result }: Sight): boolean => 'seen' in result && result.seen.organizerSelf === true

/** Nobody has stored a credential for it, which may stay so for ever. */
const isUnconnected = ({ code, reason }: ProviderError): boolean =>
  code === 'CREDENTIAL_MISSING' && reason !== 'VAULT_KEY_UNKNOWN'

/** Its calendar was only guessed, and does not know it. */
const isGuess = (booking: OpenBooking, sight: Look['sights'][number]): boolean =>
  'unknown' in sight.result && findReference(booking, sight)?.guessed === true

/** Registered a moment ago, a calendar counts already: the event may have been moved there. */
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
): Promise<'MOVED' | ProviderError | undefined> {
  const { stored } = reference
  let failure: ProviderError | undefined
  for (const calendarKey of others) {
    const to = { ...stored, calendarKey }
    if (findReference(booking, to)) continue
    const reached = await accessTo(ports, calendarKey)
    const answer = reached.ok
      ? await ports.provider.event({ ...reached.access, eventId: stored.externalEventId }, signal)
      : reached
    if (answer.ok && answer.value.status !== 'cancelled' && answer.value.organizerSelf !== false) {
      await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
        moveReference(state, { from: stored, to, at: ports.now().toString() }),
      )
      return 'MOVED'
    }
    if (answer.ok || isNotThere(answer) || (deleted && isUnconnected(answer))) continue
    failure ??= answer
    if (!signal.aborted) await suspendForCredential(ports, context, calendarKey, answer)
  }
  return failure
}
