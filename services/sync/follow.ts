// Follows the meeting, not the id: an event has another name once its series was edited or split.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { decideAll } from '../../domain/booking/decide-all.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import type { Look } from '../../domain/booking/look.ts'
import { findReference } from '../../domain/booking/references.ts'
import { moveReference } from '../../domain/booking/series-change.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { ExternalEvent } from '../../domain/external-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Records new names of a booking's events. True if there was one: then the booking is to be looked at anew. */
export async function follow(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  look: Look,
): Promise<boolean> {
  const at = ports.now().toString()
  const moves = look.sights.flatMap(({ result, ...name }) => {
    const reference = findReference(booking, name)
    const to = 'seen' in result && reference ? nameNow(reference.stored, result.seen) : undefined
    return reference && to ? [{ from: reference.stored, to, at }] : []
  })
  if (moves.length === 0) return false
  const moved = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    decideAll(state, moves, moveReference),
  )
  return moved.ok && moved.events.length > 0
}

/** The event's present name, if it is new. A split gives an instance another master; detaching takes the master away. */
export function nameNow(stored: StoredReference, event: ExternalEvent): StoredReference | undefined {
  const { recurringEventId, id } = event
  if (event.status === 'cancelled') return undefined
  if (id === stored.externalEventId && recurringEventId === stored.recurringEventId) return undefined
  return nameIn(stored, event)
}

/** The event's name, in the calendar of the other reference. */
export const nameIn = (
  { provider, calendarKey }: StoredReference,
  { id, recurringEventId, originalStart }: ExternalEvent,
): StoredReference => ({
  provider,
  calendarKey,
  externalEventId: id,
  ...(recurringEventId !== undefined && {
    recurringEventId,
    ...defined({ originalStart: originalStart?.toString() }),
  }),
})
