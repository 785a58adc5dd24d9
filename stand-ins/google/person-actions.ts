import { defined } from '../../domain/optional-fields.ts'
import { refusal } from './api-error.ts'
import type { CalendarState, Entry } from './calendar-state.ts'
import type { WriteContext } from './event-draft.ts'
import { instanceAt, isLive, mustFind } from './event-lookup.ts'
import { cancelled, changeEvent, hideExceptions, touchSeries } from './event-writes.ts'
import type { Attendee, EventBody, EventTime, GoogleEvent, ResponseStatus } from './google-json.ts'
import { occursAt, slotOf, timeOfSlot, weekdaysMoved } from './recurrence.ts'
import { writeGroup } from './write-order.ts'

/** What a person does in the calendar's own pages, in terms of the API's writes. */

/** A start or end in words: RFC 3339 for a timed event, `YYYY-MM-DD` for an all-day one. */
export function timeInWords(text: string, timeZone?: string): EventTime {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? { date: text } : { dateTime: text, ...defined({ timeZone }) }
}

/** Drags an event (single, instance or whole series) to another start; without an end it keeps its length. */
export function dragEvent(
  calendar: CalendarState,
  id: string,
  to: { start: string; end?: string; timeZone?: string },
  context: WriteContext,
): GoogleEvent {
  const { event, kind } = mustFind(calendar, id)
  const zone = calendar.timeZone
  const start = timeInWords(to.start, to.timeZone ?? event.start?.timeZone)
  const change: EventBody = { start, end: end() }
  if (kind === 'master' && event.recurrence && start.date === undefined) {
    const days = weekday(start) - weekday(event.start)
    change.recurrence = weekdaysMoved(event.recurrence, days)
  }
  return changeEvent(calendar, id, change, context)

  function end(): EventTime {
    if (to.end !== undefined) return timeInWords(to.end, to.timeZone ?? event.end?.timeZone)
    const from = slotOf(start, zone)
    const wasAllDay = event.start?.date !== undefined
    const length =
      wasAllDay === from.allDay
        ? slotOf(event.end, zone).ms - slotOf(event.start, zone).ms
        : from.allDay
          ? 86_400_000
          : 3_600_000
    return timeOfSlot({ ...from, ms: from.ms + length }, zone, start.timeZone ?? zone)
  }

  function weekday(time: EventTime | undefined): number {
    const eventZone = event.start?.timeZone ?? zone
    return Temporal.Instant.fromEpochMilliseconds(slotOf(time, zone).ms).toZonedDateTimeISO(eventZone)
      .dayOfWeek
  }
}

/** Pulls an event's lower edge: only the end changes. */
export function resizeEvent(
  calendar: CalendarState,
  id: string,
  end: string,
  context: WriteContext,
): GoogleEvent {
  const { event } = mustFind(calendar, id)
  return changeEvent(calendar, id, { end: timeInWords(end, event.end?.timeZone) }, context)
}

/** Answers an invitation; `email` is the calendar's owner where not given, who is added if not among the guests. */
export function respondToEvent(
  calendar: CalendarState,
  id: string,
  answer: { response: ResponseStatus; email?: string },
  context: WriteContext,
): GoogleEvent {
  const { event } = mustFind(calendar, id)
  const email = answer.email ?? event.attendees?.find((attendee) => attendee.self)?.email ?? calendar.owner
  const others = event.attendees ?? []
  const answered = (attendee: Attendee) =>
    attendee.email === email ? { ...attendee, responseStatus: answer.response } : attendee
  const attendees = others.some((attendee) => attendee.email === email)
    ? others.map(answered)
    : [...others, { email, responseStatus: answer.response }]
  return changeEvent(calendar, id, { attendees }, context)
}

/** Takes an event back out of the bin as it was, its exceptions too. Not for one that was moved to another calendar. */
export function restoreEvent(calendar: CalendarState, id: string, context: WriteContext): GoogleEvent {
  const found = mustFind(calendar, id)
  if (isLive(found.event)) throw refusal('invalid', { message: 'The event is not deleted.' })
  if (found.kind === 'instance') {
    if (!isLive(found.master.event)) throw refusal('deleted', { message: 'Restore the series.' })
    if (!occursAt(found.master.event, calendar.timeZone, found.slot)) {
      throw refusal('invalid', { message: 'The series no longer reaches to this instance.' })
    }
    const standing = instanceAt(calendar, found.master.event, found.slot)
    const before = found.entry?.before?.event
    const event = {
      ...standing,
      ...(before && isLive(before) && before),
      sequence: found.event.sequence ?? 0,
    }
    touchSeries(calendar, found.master.event, context.nowMs, [{ event, listed: 'whole' }])
    return mustFind(calendar, id).event
  }
  const before = found.entry.before
  if (!before) throw refusal('invalid', { message: 'Nothing is kept of what the event was.' })
  const event = { ...before.event, sequence: (found.event.sequence ?? 0) + 1 }
  if (found.kind === 'single') {
    writeGroup(calendar, [{ event, listed: before.listed }], context.nowMs)
  } else {
    for (const exceptionId of calendar.exceptions.get(id) ?? []) unhide(calendar.entries.get(exceptionId))
    touchSeries(calendar, event, context.nowMs)
  }
  return mustFind(calendar, id).event
}

function unhide(entry: Entry | undefined): void {
  if (entry?.listed !== 'hidden' || !entry.before) return
  entry.event = entry.before.event
  entry.listed = entry.before.listed
  delete entry.before
}

/** Deletes everything at once: full cancelled entries that share one etag, one a series. Answers how many. */
export function clearCalendar(calendar: CalendarState, context: WriteContext): number {
  const live = [...calendar.entries.values()].filter(
    (entry) => entry.listed === 'whole' && isLive(entry.event) && !entry.event.recurringEventId,
  )
  const writes = live.map(({ event, listed }) => ({
    event: cancelled(event),
    listed: 'whole' as const,
    before: { event, listed },
  }))
  if (writes.length > 0) writeGroup(calendar, writes, context.nowMs)
  for (const { event } of writes) if (event.recurrence) hideExceptions(calendar, event.id)
  return writes.length
}
