import { refusal } from './api-error.ts'
import { asSeenFrom, type CalendarState } from './calendar-state.ts'
import { momentOf, normalTime, sameTime } from './event-times.ts'
import type { EventBody, EventTime, GoogleEvent } from './google-json.ts'
import { ruleOf } from './recurrence.ts'

/** Who writes, when (epoch milliseconds), and where new ids come from. */
export type WriteContext = { nowMs: number; newId: () => string; actor?: string }

/** Fields that the API sets by itself and ignores in what is sent. */
const readOnly = new Set([
  'kind',
  'id',
  'etag',
  'htmlLink',
  'created',
  'updated',
  'creator',
  'organizer',
  'iCalUID',
  'recurringEventId',
  'originalStartTime',
])

/** What a caller may write of a body. */
export function writable(body: EventBody): EventBody {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !readOnly.has(field)))
}

/** A new event out of what was sent: checked, completed, times in the calendar's writing. Nothing is stored. */
export function newEvent(calendar: CalendarState, body: EventBody, context: WriteContext): GoogleEvent {
  const id = body.id ?? context.newId()
  if (!/^[a-v0-9]{5,1024}$/.test(id) && !id.startsWith('_')) {
    throw refusal('invalid', { message: 'Invalid resource id value.' })
  }
  return checked(calendar, completed(calendar, { ...body, id }, context))
}

/** What was sent with the fields that Google adds to any new event; nothing is checked. */
export function completed(
  calendar: CalendarState,
  body: EventBody & { id: string },
  context: WriteContext,
): GoogleEvent {
  const { id } = body
  const organizer = {
    email: calendar.id,
    ...(calendar.id !== calendar.owner && { displayName: calendar.summary }),
  }
  return {
    status: 'confirmed',
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(`${id} ${calendar.id}`).toString('base64url')}`,
    created: `${new Date(context.nowMs).toISOString().slice(0, 19)}.000Z`,
    creator: { email: context.actor ?? calendar.owner },
    organizer,
    iCalUID: `${id}@google.com`,
    sequence: 0,
    reminders: { useDefault: true },
    eventType: 'default',
    ...body,
  }
}

/** An event after a partial change: objects are merged, lists replaced, null takes a field out. */
export function patched(calendar: CalendarState, former: GoogleEvent, change: EventBody): GoogleEvent {
  const next = { ...former }
  for (const [field, value] of Object.entries(writable(change))) {
    if (value === null) delete next[field]
    else if (field === 'start' || field === 'end')
      next[field] = withoutNulls({ ...zoneKept(former[field], value), ...value })
    else next[field] = isObject(value) && isObject(former[field]) ? merged(former[field], value) : value
  }
  return withSequence(calendar, former, checked(calendar, next))
}

/** An event after a full replacement: only what the API itself sets is kept. */
export function replaced(calendar: CalendarState, former: GoogleEvent, body: EventBody): GoogleEvent {
  const kept = Object.fromEntries(Object.entries(former).filter(([field]) => readOnly.has(field)))
  const { status = 'confirmed', ...sent } = writable(body)
  const next: GoogleEvent = {
    reminders: { useDefault: true },
    eventType: former.eventType ?? 'default',
    ...sent,
    ...kept,
    id: former.id,
    status,
  }
  return withSequence(calendar, former, checked(calendar, next))
}

const withoutNulls = (time: EventTime): EventTime =>
  Object.fromEntries(Object.entries(time).filter(([, value]) => value !== null))

function zoneKept(former: unknown, value: unknown): { timeZone?: string } {
  const timed = isObject(value) && value.date === undefined && isObject(former)
  return timed && typeof former.timeZone === 'string' ? { timeZone: former.timeZone } : {}
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merged(former: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  const next = { ...former }
  for (const [field, value] of Object.entries(change)) {
    if (value === null) delete next[field]
    else next[field] = isObject(value) && isObject(next[field]) ? merged(next[field], value) : value
  }
  return next
}

/** A change of times counts the sequence up; a change of words or of the rule's end does not. */
function withSequence(calendar: CalendarState, former: GoogleEvent, next: GoogleEvent): GoogleEvent {
  const zone = calendar.timeZone
  const same = sameTime(former.start, next.start, zone) && sameTime(former.end, next.end, zone)
  const sequence = Math.max(next.sequence ?? 0, (former.sequence ?? 0) + (same ? 0 : 1))
  return { ...next, sequence }
}

const responses = ['needsAction', 'declined', 'tentative', 'accepted']

/** Refuses what only a caller's JSON can hold, whatever the types say. */
function checkAttendee(attendee: unknown): void {
  const { email, responseStatus = 'needsAction' } = isObject(attendee) ? attendee : {}
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email))
    throw refusal('invalid', { message: 'Invalid attendee email.' })
  if (typeof responseStatus !== 'string' || !responses.includes(responseStatus))
    throw refusal('invalid', { message: 'Invalid attendee response status.' })
}

function checked(calendar: CalendarState, event: GoogleEvent): GoogleEvent {
  for (const list of [event.attendees, event.recurrence]) {
    if (list !== undefined && !Array.isArray(list)) throw refusal('invalid')
  }
  const start = normalTime(event.start, calendar.timeZone, 'start')
  const end = normalTime(event.end, calendar.timeZone, 'end')
  if ((start.date === undefined) !== (end.date === undefined)) {
    throw refusal('invalid', { message: 'Invalid start time.' })
  }
  const from = momentOf(start, calendar.timeZone).epochMs
  const to = momentOf(end, calendar.timeZone).epochMs
  if (to <= from) throw refusal('timeRangeEmpty')
  if (!['confirmed', 'tentative', 'cancelled'].includes(event.status)) {
    throw refusal('invalid', { message: 'Invalid event status.' })
  }
  for (const attendee of event.attendees ?? []) checkAttendee(attendee)
  const next = asSeenFrom(calendar, { ...event, start, end })
  if (next.attendees?.length === 0) delete next.attendees
  if (next.recurrence !== undefined) {
    if (next.recurrence.length === 0) delete next.recurrence
    else ruleOf(next, calendar.timeZone)
  }
  return next
}
