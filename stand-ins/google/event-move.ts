import { defined } from '../../domain/optional-fields.ts'
import { refusal } from './api-error.ts'
import { asSeenFrom, type CalendarState, exceptionsOf } from './calendar-state.ts'
import type { WriteContext } from './event-draft.ts'
import { isActiveException, isLive, mustFind } from './event-lookup.ts'
import { normalTime } from './event-times.ts'
import { hideExceptions } from './event-writes.ts'
import type { GoogleEvent } from './google-json.ts'
import { type Write, writeGroup } from './write-order.ts'

/**
 * `events.move`: the event, a whole series too, goes to another calendar under the same id. The answer is what Google
 * was seen to give: status `cancelled`, the old etag, the destination as organiser. The source keeps a placeholder
 * with false times, which lists show by its id only.
 */
export function moveEvent(
  source: CalendarState,
  destination: CalendarState,
  id: string,
  context: WriteContext,
): GoogleEvent {
  const found = mustFind(source, id)
  if (found.kind === 'instance') {
    throw refusal('cannotChangeOrganizerOfInstance', {
      message: 'Cannot change the organizer of an instance.',
      domain: 'calendar',
    })
  }
  if (!isLive(found.event)) throw refusal('deleted')
  if (found.event.eventType !== undefined && found.event.eventType !== 'default') {
    throw refusal('invalid', { message: 'Only events of the default type can be moved.' })
  }
  if (source === destination) return found.event
  const standing = destination.entries.get(id)
  if (standing && isLive(standing.event)) throw refusal('duplicate')

  const organizer = {
    email: destination.id,
    ...(destination.id !== destination.owner && { displayName: destination.summary }),
  }
  const exceptions = exceptionsOf(source, id).filter(isActiveException)
  const arriving: Write[] = [found.entry, ...exceptions].map(({ event, listed }) => ({
    event: asSeenFrom(destination, { ...inZone(event, destination.timeZone), organizer }),
    listed,
  }))
  writeGroup(destination, arriving, context.nowMs)
  writeGroup(source, [{ event: placeholder(found.event), listed: 'id-only' }], context.nowMs)
  hideExceptions(source, id)
  return { ...found.event, status: 'cancelled', organizer }
}

/** An event in the writing of a calendar of that zone: its answers have its own offset. */
export function inZone(event: GoogleEvent, zone: string): GoogleEvent {
  const { start, end, originalStartTime } = event
  return {
    ...event,
    ...(start && { start: normalTime(start, zone, 'start') }),
    ...(end && { end: normalTime(end, zone, 'end') }),
    ...(originalStartTime && { originalStartTime: normalTime(originalStartTime, zone, 'start') }),
  }
}

const placeholder = (event: GoogleEvent): GoogleEvent => ({
  kind: 'calendar#event',
  id: event.id,
  status: 'cancelled',
  ...defined({ htmlLink: event.htmlLink }),
  start: { dateTime: '2000-01-01T00:00:00Z', timeZone: 'UTC' },
  end: { dateTime: '2000-01-02T00:00:00Z', timeZone: 'UTC' },
  transparency: 'transparent',
  ...defined({ iCalUID: event.iCalUID }),
})
