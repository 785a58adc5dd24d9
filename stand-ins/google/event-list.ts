import { refusal } from './api-error.ts'
import { type CalendarState, changedAfter, type Entry } from './calendar-state.ts'
import { instanceAt, isActiveException, isLive, listedForm } from './event-lookup.ts'
import { spanOf } from './event-times.ts'
import type { EventsPage, GoogleEvent } from './google-json.ts'
import { fits, inWindow, maxResultsOf, queryKey, type Wanted, wantedOf } from './list-query.ts'
import { readPageToken, readSyncToken, writePageToken, writeSyncToken } from './opaque-tokens.ts'
import { durationOf, slotsBetween, suffixOf } from './recurrence.ts'

export type ListContext = {
  nowMs: number
  /** Sync tokens older than this are 410; undefined: they live for ever. */
  syncTokenLifeMs?: number
  /** An empty page with a next page token, wherever the reading stands. */
  emptyPage?: boolean
}

/** Query parameters that Google refuses beside a sync token. */
const notWithSyncToken = [
  'iCalUID',
  'orderBy',
  'privateExtendedProperty',
  'q',
  'sharedExtendedProperty',
  'timeMin',
  'timeMax',
  'updatedMin',
]

const YEAR = 366 * 86_400_000

/**
 * `events.list`, full or by sync token. A sync token stands for what was there at the first page, so whatever changes
 * while pages are read comes with the next sync. An incremental list gives every change, whatever `timeMin` the full
 * one had. With `singleEvents`, series are opened for two years.
 */
export function listEvents(
  calendar: CalendarState,
  query: URLSearchParams,
  context: ListContext,
): EventsPage {
  const wanted = wantedOf(calendar, query)
  const syncToken = query.get('syncToken')
  const since = syncToken === null ? undefined : sinceOf(calendar, query, syncToken, context)
  const key = queryKey(query)
  const pageToken = query.get('pageToken')
  const page = pageToken === null ? undefined : readPageToken(pageToken, calendar.id, key)
  const upTo = page?.upTo ?? calendar.lastPosition
  const after = page?.after ?? 0
  const limit = Math.min(maxResultsOf(query), calendar.settings.pageLimit ?? 2500)

  const read = context.emptyPage
    ? { items: [], next: after }
    : wanted.singleEvents
      ? byNumber(singleEvents(calendar, wanted, since, upTo, context.nowMs), after, limit)
      : byPosition(calendar, wanted, since, Math.max(after, since ?? 0), upTo, limit)
  const more = read.next !== undefined
  return {
    ...pageHead(calendar),
    ...(more && {
      nextPageToken: writePageToken({ calendarId: calendar.id, query: key, after: read.next ?? 0, upTo }),
    }),
    ...(!more && query.get('orderBy') === null && !query.has('q') && { nextSyncToken: nextSyncToken() }),
    items: read.items,
  }

  function nextSyncToken(): string {
    return writeSyncToken({
      calendarId: calendar.id,
      singleEvents: wanted.singleEvents,
      generation: calendar.tokenGeneration,
      position: upTo,
      issuedMs: context.nowMs,
    })
  }
}

/** What every page says of its calendar. */
export function pageHead(calendar: CalendarState): EventsPage {
  return {
    kind: 'calendar#events',
    etag: `"p3${(calendar.lastMicros + 1).toString(32)}o"`,
    summary: calendar.summary,
    description: '',
    updated: new Date(Math.floor(calendar.lastMicros / 1000)).toISOString(),
    timeZone: calendar.timeZone,
    accessRole: 'owner',
    defaultReminders: [],
    items: [],
  }
}

function sinceOf(
  calendar: CalendarState,
  query: URLSearchParams,
  text: string,
  context: ListContext,
): number {
  const forbidden = notWithSyncToken.find((name) => query.has(name))
  if (forbidden !== undefined || query.get('showDeleted') === 'false') {
    throw refusal('invalid', {
      message: 'Sync token cannot be used with other query restrictions.',
      locationType: 'parameter',
      location: forbidden ?? 'showDeleted',
    })
  }
  const singleEvents = query.get('singleEvents') === 'true'
  const token = readSyncToken(text, { calendarId: calendar.id, singleEvents })
  const life = context.syncTokenLifeMs ?? Number.POSITIVE_INFINITY
  const outdated = token.generation !== calendar.tokenGeneration || context.nowMs - token.issuedMs > life
  if (outdated || token.position > calendar.lastPosition) throw refusal('fullSyncRequired')
  return token.position
}

/** Checks a sync token as `events.watch` does when it is given one. */
export function checkSyncToken(calendar: CalendarState, query: URLSearchParams, context: ListContext): void {
  const text = query.get('syncToken')
  if (text !== null) sinceOf(calendar, query, text, context)
}

type Read = { items: GoogleEvent[]; next?: number | undefined }

/** Masters and exceptions as they are, in the order of their last change. */
function byPosition(
  calendar: CalendarState,
  wanted: Wanted,
  since: number | undefined,
  after: number,
  upTo: number,
  limit: number,
): Read {
  const items: GoogleEvent[] = []
  let last = after
  for (const entry of changedAfter(calendar, after)) {
    if (entry.position > upTo) break
    if (!passes(calendar, wanted, entry, since !== undefined)) continue
    if (items.length === limit) return { items, next: last }
    const form = since === undefined && wanted.showDeleted ? entry.event : listedForm(entry)
    if (form) items.push(form)
    last = entry.position
  }
  return { items }
}

function passes(calendar: CalendarState, wanted: Wanted, entry: Entry, incremental: boolean): boolean {
  if (entry.listed === 'hidden') return false
  if (incremental) return true
  const { event } = entry
  // Cancelled instances of a live series come in full lists too.
  if (!isLive(event) && entry.listed !== 'exception' && !wanted.showDeleted) return false
  return fits(wanted, event) && inWindow(calendar, wanted, event)
}

/** Every occurrence as an event of its own. */
function singleEvents(
  calendar: CalendarState,
  wanted: Wanted,
  since: number | undefined,
  upTo: number,
  nowMs: number,
): GoogleEvent[] {
  const incremental = since !== undefined
  const items: GoogleEvent[] = []
  for (const entry of changedAfter(calendar, since ?? 0)) {
    if (entry.position > upTo) break
    const { event } = entry
    if (event.recurrence && isLive(event)) {
      const from = (wanted.timeMin ?? nowMs - YEAR) - durationOf(event, calendar.timeZone)
      const to = wanted.timeMax ?? Math.max(nowMs, wanted.timeMin ?? nowMs) + 2 * YEAR
      items.push(...openSeries(calendar, event, from, to).filter((one) => inWindow(calendar, wanted, one)))
    } else if (incremental || isLive(event) || wanted.showDeleted) {
      if (!incremental && !inWindow(calendar, wanted, event)) continue
      const form = listedForm(entry)
      if (form) items.push(form)
    }
  }
  const fitting = incremental ? items : items.filter((event) => fits(wanted, event))
  if (!wanted.byStart) return fitting
  const start = (event: GoogleEvent) => spanOf(event, calendar.timeZone)?.from ?? 0
  return fitting.sort((one, other) => start(one) - start(other))
}

/** The occurrences that no exception stands for, by original start from `from` to `to` (epoch milliseconds). */
export function openSeries(
  calendar: CalendarState,
  master: GoogleEvent,
  from: number,
  to: number,
): GoogleEvent[] {
  const taken = new Set<string>()
  for (const id of calendar.exceptions.get(master.id) ?? []) {
    const entry = calendar.entries.get(id)
    if (entry && isActiveException(entry)) taken.add(id.slice(id.lastIndexOf('_') + 1))
  }
  return slotsBetween(master, calendar.timeZone, from, to)
    .filter((slot) => !taken.has(suffixOf(slot)))
    .map((slot) => instanceAt(calendar, master, slot))
}

/** A page out of a list that is made whole each time: for occurrences, which have no position of their own. */
export function byNumber(all: GoogleEvent[], after: number, limit: number): Read {
  const items = all.slice(after, after + limit)
  return after + limit < all.length ? { items, next: after + limit } : { items }
}
