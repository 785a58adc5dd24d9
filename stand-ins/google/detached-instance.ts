import { refusal } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import type { WriteContext } from './event-draft.ts'
import { isLive, mustFind } from './event-lookup.ts'
import type { GoogleEvent } from './google-json.ts'
import { writeGroup } from './write-order.ts'

/**
 * An instance leaves its series, as reported by sync clients. It goes on as a single event under its instance's id,
 * without series and original start. The series has no occurrence there any more, and deleting it leaves the event.
 */
export function detachInstance(calendar: CalendarState, id: string, context: WriteContext): GoogleEvent {
  const found = mustFind(calendar, id)
  if (found.kind !== 'instance') throw refusal('invalid', { message: 'Name an instance of a series.' })
  if (!isLive(found.event) || !isLive(found.master.event)) throw refusal('deleted')
  const { recurringEventId: _series, originalStartTime: _start, ...own } = found.event
  const writes = [found.master.event, own].map((event) => ({ event, listed: 'whole' as const }))
  writeGroup(calendar, writes, context.nowMs)
  return mustFind(calendar, id).event
}
