import { defined } from '../../domain/optional-fields.ts'
import { sameAddress } from './addresses.ts'
import { refusal } from './api-error.ts'
import { asSeenFrom, type CalendarState, exceptionsOf } from './calendar-state.ts'
import type { WriteContext } from './event-draft.ts'
import { isActiveException, isLive, mustFind } from './event-lookup.ts'
import { inZone } from './event-move.ts'
import { hideExceptions, inherited, touchSeries } from './event-writes.ts'
import type { Attendee, GoogleEvent } from './google-json.ts'
import { type Write, writeGroup } from './write-order.ts'

export type NewOrganiser = { email: string; formerStaysGuest: boolean }

/**
 * "Change owner", of a single event or a whole series. A former organiser who is no guest keeps an entry of id and
 * status only, for `events.get` too; Google's reference documents it. For one who stays a guest the event lives on
 * with another `organizer`. The new owner's calendar, if there is one, has the event under the same id.
 */
export function changeOrganiser(
  former: CalendarState,
  next: CalendarState | undefined,
  id: string,
  to: NewOrganiser,
  context: WriteContext,
): GoogleEvent {
  const found = mustFind(former, id)
  if (found.kind === 'instance') {
    throw refusal('cannotChangeOrganizerOfInstance', {
      message: 'Cannot change the organizer of an instance.',
      domain: 'calendar',
    })
  }
  if (!isLive(found.event)) throw refusal('deleted')
  if (sameAddress(found.event.organizer?.email, to.email)) return found.event
  const event: GoogleEvent = {
    ...found.event,
    organizer: { email: to.email },
    attendees: guestsAfter(former, found.event, to),
  }
  const exceptions = exceptionsOf(former, id).filter(isActiveException)
  if (next && next !== former) {
    const arriving: Write[] = [{ event, listed: 'whole' as const }, ...exceptions].map((write) => ({
      event: asSeenFrom(next, {
        ...inZone(write.event, next.timeZone),
        organizer: { email: to.email },
      }),
      listed: write.listed,
    }))
    writeGroup(next, arriving, context.nowMs)
  }
  if (to.formerStaysGuest) {
    const seen = asSeenFrom(former, event)
    touchSeries(former, seen, context.nowMs, inherited(former, found.event, seen))
  } else {
    writeGroup(former, [{ event, listed: 'id-only', bare: true }], context.nowMs)
    hideExceptions(former, id)
    for (const entry of exceptions) entry.event = withoutDetails(entry.event)
  }
  return mustFind(former, id).event
}

const withoutDetails = ({ id, recurringEventId, originalStartTime }: GoogleEvent): GoogleEvent => ({
  kind: 'calendar#event',
  id,
  status: 'cancelled',
  ...defined({ recurringEventId, originalStartTime }),
})

/** The new organiser is among the guests and has accepted; so has the former one, who stays or goes. */
function guestsAfter(former: CalendarState, event: GoogleEvent, to: NewOrganiser): Attendee[] {
  const was = event.organizer?.email ?? former.owner
  const others = (event.attendees ?? [])
    .filter(({ email }) => !sameAddress(email, to.email) && !sameAddress(email, was))
    .map(({ organizer: _, ...guest }): Attendee => guest)
  const accepted = (email: string): Attendee => ({ email, responseStatus: 'accepted' })
  return [accepted(to.email), ...(to.formerStaysGuest ? [accepted(was)] : []), ...others]
}
