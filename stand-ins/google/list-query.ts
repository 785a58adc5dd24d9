import { refusal } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import { momentOf, spanOf } from './event-times.ts'
import type { GoogleEvent } from './google-json.ts'
import { durationOf, occursFrom, slotsBetween } from './recurrence.ts'
import { isFoundBy } from './text-search.ts'

/** What a list's query asks for. Times are epoch milliseconds. */
export type Wanted = {
  singleEvents: boolean
  showDeleted: boolean
  timeMin: number | undefined
  timeMax: number | undefined
  updatedMin: number | undefined
  iCalUID: string | null
  text: string | undefined
  byStart: boolean
  eventTypes: string[]
}

/** Reads the query of `events.list`; throws Google's 400s. */
export function wantedOf(calendar: CalendarState, query: URLSearchParams): Wanted {
  const singleEvents = query.get('singleEvents') === 'true'
  const byStart = query.get('orderBy') === 'startTime'
  if (byStart && !singleEvents) {
    throw refusal('invalid', {
      message: 'The requested ordering is not available for the particular query.',
      locationType: 'parameter',
      location: 'orderBy',
    })
  }
  const [timeMin, timeMax, updatedMin] = ['timeMin', 'timeMax', 'updatedMin'].map((name) =>
    instantOf(query, name, calendar.timeZone),
  )
  if (timeMin !== undefined && timeMax !== undefined && timeMax <= timeMin) throw refusal('timeRangeEmpty')
  return {
    singleEvents,
    byStart,
    showDeleted: query.get('showDeleted') === 'true',
    timeMin,
    timeMax,
    updatedMin,
    iCalUID: query.get('iCalUID'),
    text: query.get('q') ?? undefined,
    eventTypes: query.getAll('eventTypes'),
  }
}

/** An instant of a query, in epoch milliseconds. */
export function instantOf(query: URLSearchParams, name: string, zone: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  // An offset is mandatory in a query.
  if (!/(Z|[+-]\d{2}:\d{2})$/i.test(text)) {
    throw refusal('badRequest', { message: 'Bad Request', locationType: 'parameter', location: name })
  }
  return momentOf({ dateTime: text }, zone, name).epochMs
}

/** 250 where nothing is asked, 2500 at most, 400 for what is no number. */
export function maxResultsOf(query: URLSearchParams): number {
  const text = query.get('maxResults')
  if (text === null) return 250
  if (!/^[1-9]\d*$/.test(text))
    throw refusal('invalid', { locationType: 'parameter', location: 'maxResults' })
  return Math.min(Number(text), 2500)
}

/** What must stay the same from page to page. */
export const queryKey = (query: URLSearchParams) =>
  [...query]
    .filter(([name]) => name !== 'pageToken' && name !== 'fields' && name !== 'maxResults' && name !== 'alt')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')

/** Whether an event is what was asked for, its times aside. */
export function fits(wanted: Wanted, event: GoogleEvent): boolean {
  if (wanted.iCalUID !== null && event.iCalUID !== wanted.iCalUID) return false
  if (wanted.updatedMin !== undefined && Date.parse(event.updated ?? '') < wanted.updatedMin) return false
  if (wanted.eventTypes.length > 0 && !wanted.eventTypes.includes(event.eventType ?? 'default')) return false
  if (wanted.text === undefined) return true
  return isFoundBy(wanted.text, event)
}

/** `timeMin` bounds the end, `timeMax` the start, both exclusive; a series fits if an occurrence does. */
export function inWindow(calendar: CalendarState, wanted: Wanted, event: GoogleEvent): boolean {
  const { timeMin, timeMax } = wanted
  if (timeMin === undefined && timeMax === undefined) return true
  const span = spanOf(event, calendar.timeZone)
  if (!span) return true
  if (timeMax !== undefined && span.from >= timeMax) return false
  if (timeMin === undefined || span.to > timeMin) return true
  if (!event.recurrence) return false
  const from = timeMin - durationOf(event, calendar.timeZone) + 1
  if (timeMax === undefined) return occursFrom(event, calendar.timeZone, from)
  return slotsBetween(event, calendar.timeZone, from, timeMax - 1).length > 0
}
