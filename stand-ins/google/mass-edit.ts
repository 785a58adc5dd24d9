import type { CalendarState } from './calendar-state.ts'
import { patched } from './event-draft.ts'
import { isLive } from './event-lookup.ts'
import { dateTimeIn, momentOf } from './event-times.ts'
import { inherited, seriesWrites } from './event-writes.ts'
import type { EventBody, EventTime, GoogleEvent } from './google-json.ts'
import type { Write } from './write-order.ts'

/** What another program does to many events within seconds: all that are alive, or those with the ids given. */
export type MassEdit =
  | { kind: 'shift'; minutes: number; events?: string[]; oneEtag?: boolean }
  | { kind: 'strip-guests'; events?: string[]; oneEtag?: boolean }

/** The writes of such an edit, one group for each version: events one by one, or all in one step. */
export function massWrites(calendar: CalendarState, edit: MassEdit): Write[][] {
  const meant = edit.events && new Set(edit.events)
  const groups = [...calendar.entries.values()]
    .filter(({ event, listed }) => listed === 'whole' && isLive(event) && !event.recurringEventId)
    .filter(({ event }) => meant?.has(event.id) ?? true)
    .flatMap(({ event }) => {
      const change = changeOf(calendar, event, edit)
      return change ? [writesOf(calendar, event, patched(calendar, event, change), edit)] : []
    })
  if (groups.length === 0) return []
  return edit.oneEtag ? [groups.flat()] : groups
}

function writesOf(calendar: CalendarState, former: GoogleEvent, next: GoogleEvent, edit: MassEdit): Write[] {
  if (!next.recurrence) return [{ event: next, listed: 'whole' }]
  const exceptions = inherited(calendar, former, next)
  const stripped = ({ event: { attendees: _, ...event }, ...write }: Write): Write => ({ ...write, event })
  return seriesWrites(calendar, next, edit.kind === 'shift' ? exceptions : exceptions.map(stripped))
}

/** All-day events have no hour to be shifted. */
function changeOf(calendar: CalendarState, event: GoogleEvent, edit: MassEdit): EventBody | undefined {
  if (edit.kind === 'strip-guests') {
    if (!event.attendees?.length) return undefined
    return { attendees: [] }
  }
  const { start, end } = event
  if (start?.dateTime === undefined || end?.dateTime === undefined) return undefined
  const shifted = (time: EventTime): EventTime => ({
    ...time,
    dateTime: dateTimeIn(
      momentOf(time, calendar.timeZone).epochMs + edit.minutes * 60_000,
      calendar.timeZone,
    ),
  })
  return { start: shifted(start), end: shifted(end) }
}
