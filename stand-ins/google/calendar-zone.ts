import { type CalendarState, exceptionsOf } from './calendar-state.ts'
import type { WriteContext } from './event-draft.ts'
import { isActiveException, isLive } from './event-lookup.ts'
import { dateTimeIn, momentOf, sameTime, spanOf } from './event-times.ts'
import { seriesWrites } from './event-writes.ts'
import type { EventTime, GoogleEvent } from './google-json.ts'
import { type Write, type WriteManner, writeGroup } from './write-order.ts'

/**
 * `keep: 'instant'`: nothing but the offset in which times are written changes, as Google explains its setting.
 * `keep: 'clock'`: times in the calendar's own zone stay at what their clock shows, as clients reported.
 */
export type ZoneManner = WriteManner & { keep: 'clock' | 'instant' }

/**
 * Gives a calendar another zone. Times with a zone of their own always keep the instant. What became another instant
 * is one write. It can keep the version: reported were times that change without it.
 */
export function changeZone(
  calendar: CalendarState,
  timeZone: string,
  context: WriteContext,
  { keep, ...manner }: ZoneManner,
): void {
  const former = calendar.timeZone
  if (timeZone === former) return
  calendar.timeZone = timeZone
  const moved: Write[] = []
  for (const entry of [...calendar.entries.values()]) {
    if (!spanOf(entry.event, former)) continue
    const event = inNewZone(entry.event, keep === 'clock' ? former : undefined, timeZone)
    const same = sameTimes(entry.event, event, timeZone)
    if (entry.event.recurringEventId === undefined && isLive(event) && !same) {
      moved.push(...writesOf(calendar, event, former))
    } else if (same) entry.event = event
  }
  if (moved.length > 0) writeGroup(calendar, moved, context.nowMs, manner)
}

/** Exceptions whose slot moved are no part of the series any more, like after any move of a series. */
function writesOf(calendar: CalendarState, event: GoogleEvent, former: string): Write[] {
  if (!event.recurrence) return [{ event, listed: 'whole' }]
  const exceptions = exceptionsOf(calendar, event.id)
    .filter(isActiveException)
    .map((entry) => ({ event: inNewZone(entry.event, former, calendar.timeZone), listed: entry.listed }))
  return seriesWrites(calendar, event, exceptions)
}

/** `former`: the zone whose times keep their clock. */
function inNewZone(event: GoogleEvent, former: string | undefined, zone: string): GoogleEvent {
  const { start, end, originalStartTime } = event
  return {
    ...event,
    ...(start && { start: timeInNewZone(start, former, zone) }),
    ...(end && { end: timeInNewZone(end, former, zone) }),
    ...(originalStartTime && { originalStartTime: written(originalStartTime, zone) }),
  }
}

function timeInNewZone(time: EventTime, former: string | undefined, zone: string): EventTime {
  const own = time.timeZone !== undefined && time.timeZone !== former
  if (time.dateTime === undefined || former === undefined || own) return written(time, zone)
  const clock = Temporal.Instant.from(time.dateTime).toZonedDateTimeISO(former).toPlainDateTime()
  const instant = clock.toZonedDateTime(zone).epochMilliseconds
  return { dateTime: dateTimeIn(instant, zone), timeZone: zone }
}

const written = (time: EventTime, zone: string): EventTime =>
  time.dateTime === undefined ? time : { ...time, dateTime: dateTimeIn(momentOf(time, zone).epochMs, zone) }

const sameTimes = (one: GoogleEvent, other: GoogleEvent, zone: string) =>
  sameTime(one.start, other.start, zone) && sameTime(one.end, other.end, zone)
