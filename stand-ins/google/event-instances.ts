import { refusal } from './api-error.ts'
import { namesOf } from './calendar-names.ts'
import { type CalendarState, exceptionsOf } from './calendar-state.ts'
import { byNumber, type ListContext, openSeries, pageHead, syncTokenOf } from './event-list.ts'
import { instanceAt, isActiveException, isLive, mustFind } from './event-lookup.ts'
import { sameTime, spanOf } from './event-times.ts'
import type { EventsPage, GoogleEvent } from './google-json.ts'
import { instantOf, maxResultsOf, queryKey } from './list-query.ts'
import { readPageToken, writePageToken } from './opaque-tokens.ts'
import { durationOf, slotOf } from './recurrence.ts'

const TWO_YEARS = 2 * 366 * 86_400_000

/**
 * `events.instances`: the occurrences of a master, exceptions at their present times, in order of start. `timeMin`
 * bounds the end, `timeMax` the start, both exclusive; cancelled ones (all of a deleted series) with `showDeleted`.
 * A series without an end is opened for two years.
 */
export function listInstances(
  calendar: CalendarState,
  id: string,
  query: URLSearchParams,
  context: ListContext,
): EventsPage {
  const found = mustFind(calendar, id)
  if (found.kind === 'single') return onlyItself(calendar, found.event, query, context)
  if (found.kind !== 'master') throw refusal('invalid', { message: 'The event is not a recurring event.' })
  const zone = calendar.timeZone
  const master = found.event
  const timeMin = instantOf(query, 'timeMin', zone)
  const timeMax = instantOf(query, 'timeMax', zone)
  if (timeMin !== undefined && timeMax !== undefined && timeMax <= timeMin) throw refusal('timeRangeEmpty')
  const showDeleted = query.get('showDeleted') === 'true'
  const first = slotOf(master.start, zone).ms
  const from = timeMin === undefined ? first : timeMin - durationOf(master, zone)
  const to = timeMax ?? Math.max(first, timeMin ?? first, context.nowMs) + TWO_YEARS
  const originalStart = query.get('originalStart')

  const all = [...openSeries(calendar, master, from, to), ...exceptions()]
    .filter((event) => showDeleted || isLive(event))
    .filter((event) => within(spanOf(event, zone)))
    .filter(
      (event) => originalStart === null || sameTime(event.originalStartTime, written(originalStart), zone),
    )
    .sort((one, other) => startOf(one) - startOf(other))

  const key = queryKey(query)
  const pageToken = query.get('pageToken')
  const after = pageToken === null ? 0 : readPageToken(pageToken, namesOf(calendar), key).after
  const page = context.emptyPage
    ? { items: [], next: after }
    : byNumber(all, after, Math.min(maxResultsOf(query), calendar.settings.pageLimit ?? 2500))
  return {
    ...pageHead(calendar),
    ...(page.next !== undefined && {
      nextPageToken: writePageToken({ calendarId: calendar.id, query: key, after: page.next, upTo: 0 }),
    }),
    items: page.items,
  }

  function exceptions(): GoogleEvent[] {
    return exceptionsOf(calendar, master.id)
      .filter(isActiveException)
      .map((entry) => {
        if (isLive(entry.event) || entry.event.start) return entry.event
        // A recorded cancelled exception has no times: the series says where it stood.
        return {
          ...instanceAt(calendar, master, slotOf(entry.event.originalStartTime, zone)),
          ...entry.event,
        }
      })
  }
  function within(span: { from: number; to: number } | undefined): boolean {
    if (!span) return true
    return (timeMin === undefined || span.to > timeMin) && (timeMax === undefined || span.from < timeMax)
  }
  function startOf(event: GoogleEvent): number {
    return spanOf(event, zone)?.from ?? 0
  }
}

/** An event without recurrence is its own only instance, as recorded: 200, without the fields of an instance. */
function onlyItself(
  calendar: CalendarState,
  event: GoogleEvent,
  query: URLSearchParams,
  context: ListContext,
): EventsPage {
  const shown = isLive(event) || query.get('showDeleted') === 'true'
  return {
    ...pageHead(calendar),
    nextSyncToken: syncTokenOf(calendar, { singleEvents: true, position: calendar.lastPosition }, context),
    items: shown ? [event] : [],
  }
}

const written = (text: string) => (text.length === 10 ? { date: text } : { dateTime: text })
