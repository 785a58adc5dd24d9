import type { ExternalAttendee, ExternalEvent, ExternalTimes } from '../../domain/external-event.ts'
import { readRecurrence } from './google-recurrence.ts'
import { instantOf, isDate, isZone, startOfDate, type TimeProblem } from './google-time.ts'

/** Why an entry could not be read in full. */
export type EventProblem = 'NOT_AN_EVENT' | 'UNKNOWN_KIND' | 'UNKNOWN_STATUS' | TimeProblem

/**
 * One entry, as read. If something that matters is malformed, `event` holds what is sure: an id and no times. It is
 * never shown as cancelled unless Google said so. Without even an id there is no event.
 */
export type EventReading =
  | { ok: true; event: ExternalEvent }
  | { ok: false; problem: EventProblem; event?: ExternalEvent }

/**
 * How an entry was asked for. `byId`: `events.get` answered it, which tells all that there is. `ofGroup`: its calendar is
 * no person's, and `self` is the calendar.
 */
export type EventSource = { byId?: boolean; ofGroup?: boolean }

/**
 * Reads one entry of Google's Events resource, of any age (2012 to now); fields unknown are passed over. Written by
 * hand because a page has up to 2,500 of them. `calendarZone` is used only for times without a zone of their own.
 * Never throws.
 */
export function readEvent(
  entry: unknown,
  calendarZone: string | undefined,
  { byId = false, ofGroup = false }: EventSource = {},
): EventReading {
  if (!isRecord(entry) || typeof entry.id !== 'string' || entry.id === '')
    return { ok: false, problem: 'NOT_AN_EVENT' }

  // The status is optional in the resource, 'confirmed' by default.
  const status = entry.status ?? 'confirmed'
  const isKind = entry.kind === undefined || entry.kind === 'calendar#event'
  const known = isKind && (status === 'confirmed' || status === 'tentative' || status === 'cancelled')
  const event: ExternalEvent = { id: entry.id, status: known ? status : 'confirmed' }
  const problem = readWhatIsOptional(event, entry, calendarZone)
  if (ofGroup) event.attendees?.forEach(countAsResource)
  if (!known) return { ok: false, problem: isKind ? 'UNKNOWN_STATUS' : 'UNKNOWN_KIND', event }
  if (byId && status === 'cancelled' && !tellsMore(entry)) event.idOnly = true
  // A placeholder left by a move says 2000-01-01: the times of a cancelled entry mean nothing.
  if (status !== 'cancelled') {
    const times = readTimes(entry.start, entry.end, calendarZone)
    if (typeof times === 'string') return { ok: false, problem: times, event }
    event.times = times
  }
  return problem ? { ok: false, problem, event } : { ok: true, event }
}

/** Everything whose absence is no fault. Why an original start that is there cannot be read. */
function readWhatIsOptional(
  event: ExternalEvent,
  entry: Record<string, unknown>,
  calendarZone: string | undefined,
): TimeProblem | undefined {
  if (typeof entry.etag === 'string') event.etag = entry.etag
  for (const name of ['created', 'updated'] as const) {
    const text = entry[name]
    const at = typeof text === 'string' ? instantOf(text, undefined, 'UTC') : undefined
    if (at !== undefined && typeof at !== 'string') event[name] = at
  }
  if (Array.isArray(entry.recurrence) && entry.recurrence.length > 0) {
    event.isSeries = true
    const start = isRecord(entry.start) ? entry.start : {}
    const lines = entry.recurrence.filter((line) => typeof line === 'string')
    Object.assign(event, readRecurrence(lines, start))
  }
  // An unreadable list of guests must never look like "all declined".
  if (Array.isArray(entry.attendees)) event.attendees = entry.attendees.map(readAttendee)
  else if (isGiven(entry.attendees)) event.attendeesOmitted = true
  if (entry.attendeesOmitted === true) event.attendeesOmitted = true
  // An event without guests comes without the field; a cancelled one need not tell of its guests.
  if (event.status !== 'cancelled' && !event.attendeesOmitted) event.attendees ??= []
  const organizerSelf = readOrganizerSelf(entry.organizer, event.attendees)
  if (organizerSelf !== undefined) event.organizerSelf = organizerSelf

  if (typeof entry.recurringEventId === 'string' && entry.recurringEventId !== '')
    event.recurringEventId = entry.recurringEventId
  const original = entry.originalStartTime
  if (!isRecord(original)) return undefined
  const start =
    typeof original.dateTime === 'string'
      ? instantOf(original.dateTime, zoneOf(original), calendarZone)
      : typeof original.date === 'string'
        ? startOfDate(original.date, zoneOf(original), calendarZone)
        : 'MALFORMED_TIME'
  if (typeof start === 'string') return start
  event.originalStart = start
  return undefined
}

function readTimes(
  start: unknown,
  end: unknown,
  calendarZone: string | undefined,
): ExternalTimes | TimeProblem {
  if (!isRecord(start) || !isRecord(end)) return 'MALFORMED_TIME'
  if (typeof start.dateTime === 'string' && typeof end.dateTime === 'string') {
    const from = instantOf(start.dateTime, zoneOf(start), calendarZone)
    if (typeof from === 'string') return from
    const to = instantOf(end.dateTime, zoneOf(end) ?? zoneOf(start), calendarZone)
    if (typeof to === 'string') return to
    if (!isTellable(from) || !isTellable(to)) return 'MALFORMED_TIME'
    const zone = start.timeZone
    return typeof zone === 'string' && isZone(zone)
      ? { allDay: false, start: from, end: to, timeZone: zone }
      : { allDay: false, start: from, end: to }
  }
  if (typeof start.date === 'string' && typeof end.date === 'string') {
    if (!isDate(start.date) || !isDate(end.date)) return 'MALFORMED_TIME'
    return { allDay: true, startDate: start.date, endDate: end.date }
  }
  return 'MALFORMED_TIME'
}

/** Fields of a cancelled entry beside its id, unless its organiser gave it away ("Events", `status`, of the reference). */
const TELLING = [
  'created',
  'updated',
  'start',
  'end',
  'organizer',
  'attendees',
  'recurringEventId',
  'originalStartTime',
]

const tellsMore = (entry: Record<string, unknown>): boolean => TELLING.some((field) => isGiven(entry[field]))

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** The calendar among its own guests is no host who could decline, and no guest. */
function countAsResource(attendee: ExternalAttendee): void {
  if (!attendee.self) return
  delete attendee.self
  attendee.resource = true
}
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59Z')

/** RFC 3339 writes years of four digits: others could neither be published nor be compared as text. */
const isTellable = ({ epochMilliseconds: at }: Temporal.Instant): boolean => at >= FIRST_MS && at <= LAST_MS

/** The zone beside a time. A name that nobody knows is kept: resolving with it fails, guessing another would lie. */
function zoneOf(time: Record<string, unknown>): string | undefined {
  return typeof time.timeZone === 'string' && time.timeZone !== '' ? time.timeZone : undefined
}

/** An answer that is not plain counts as none: only a clear 'declined' may ever lead to a cancellation. */
function readAttendee(entry: unknown): ExternalAttendee {
  if (!isRecord(entry)) return { responseStatus: 'needsAction' }
  const said = entry.responseStatus
  const attendee: ExternalAttendee = {
    responseStatus: said === 'accepted' || said === 'declined' || said === 'tentative' ? said : 'needsAction',
  }
  if (entry.self === true) attendee.self = true
  if (entry.organizer === true) attendee.organizer = true
  if (entry.resource === true) attendee.resource = true
  return attendee
}

/**
 * Whether this calendar's copy is the organiser's. Google says `self` only if it is true. With a fields mask an
 * organiser without it may be left out altogether: then the guests tell.
 */
function readOrganizerSelf(
  organizer: unknown,
  attendees: ExternalAttendee[] | undefined,
): boolean | undefined {
  if (isRecord(organizer)) return organizer.self === true
  const self = attendees?.find((attendee) => attendee.self)
  if (self) return self.organizer === true
  return attendees?.some((attendee) => attendee.organizer) ? false : undefined
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
