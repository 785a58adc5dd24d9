import { ApiError, refusal } from './api-error.ts'
import type { EventTime, GoogleEvent } from './google-json.ts'

/** A start or end, resolved. All-day ones stand at midnight in the calendar's zone. Epoch milliseconds. */
export type Moment = { allDay: boolean; epochMs: number }

const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/i

/**
 * What a time means in a calendar of that zone: a `dateTime` without an offset is read in its own `timeZone`, else in
 * the calendar's. Throws Google's 400 for anything that is not a time.
 */
export function momentOf(time: EventTime | undefined, calendarZone: string, name = 'start'): Moment {
  try {
    if (time?.date !== undefined) {
      const date = Temporal.PlainDate.from(time.date)
      return { allDay: true, epochMs: date.toZonedDateTime(calendarZone).epochMilliseconds }
    }
    if (time?.dateTime !== undefined) {
      const instant = hasOffset.test(time.dateTime)
        ? Temporal.Instant.from(time.dateTime)
        : Temporal.PlainDateTime.from(time.dateTime)
            .toZonedDateTime(time.timeZone ?? calendarZone)
            .toInstant()
      return { allDay: false, epochMs: instant.epochMilliseconds }
    }
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError)
      throw refusal('invalid', { message: `Invalid ${name} time.` })
    throw cause
  }
  throw refusal('required', { message: `Missing ${name} time.` })
}

/** An instant as the API writes it in that zone: whole seconds, `Z` for an offset of zero. */
export function dateTimeIn(epochMs: number, zone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone)
  const text = zoned.toString({ timeZoneName: 'never', smallestUnit: 'second' })
  return text.endsWith('+00:00') ? `${text.slice(0, -6)}Z` : text
}

/** A time as the API answers it: the offset is the calendar's, `timeZone` stays the event's. */
export function normalTime(time: EventTime | undefined, calendarZone: string, name: string): EventTime {
  const moment = momentOf(time, calendarZone, name)
  if (time?.timeZone !== undefined && !isZone(time.timeZone)) {
    throw refusal('invalid', { message: 'Invalid time zone definition.' })
  }
  if (moment.allDay) return { date: Temporal.PlainDate.from(time?.date ?? '').toString() }
  return {
    dateTime: dateTimeIn(moment.epochMs, calendarZone),
    timeZone: time?.timeZone ?? calendarZone,
  }
}

/** From when to when an event lasts, in epoch milliseconds; undefined where it has no times that can be read. */
export function spanOf(event: GoogleEvent, calendarZone: string): { from: number; to: number } | undefined {
  if (event.start === undefined || event.end === undefined) return undefined
  try {
    return {
      from: momentOf(event.start, calendarZone).epochMs,
      to: momentOf(event.end, calendarZone, 'end').epochMs,
    }
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

/** As normalTime, but a time that cannot be read stays as it was given: imports are not checked. */
export function timeAsImported(time: EventTime, calendarZone: string): EventTime {
  try {
    return normalTime(time, calendarZone, 'start')
  } catch (error) {
    if (error instanceof ApiError) return time
    throw error
  }
}

/** Whether a zone of that name is known here. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
    return true
  } catch {
    return false
  }
}

/** Whether both name the same moment, whatever zone they are written in. */
export function sameTime(
  one: EventTime | undefined,
  other: EventTime | undefined,
  calendarZone: string,
): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.date !== undefined || other.date !== undefined) return one.date === other.date
  return momentOf(one, calendarZone).epochMs === momentOf(other, calendarZone).epochMs
}
