import { refusal } from './api-error.ts'
import { namesOf } from './calendar-names.ts'
import type { CalendarState, Entry } from './calendar-state.ts'
import { instanceAt, isActiveException, isLive } from './event-lookup.ts'
import { spanOf } from './event-times.ts'
import type { EventsPage, GoogleEvent } from './google-json.ts'
import { fits, inWindow, maxResultsOf, queryKey, type Wanted, wantedOf } from './list-query.ts'
import { formsOf, isTwice } from './listed-twice.ts'
import { readPageToken, readSyncToken, writePageToken, writeSyncToken } from './opaque-tokens.ts'
import { baseOf, durationOf, slotsBetween, suffixOf } from './recurrence.ts'
import { changedAfter } from './write-order.ts'

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
  const late = since !== undefined && takeLate(calendar, query)
  const key = queryKey(query)
  const pageToken = query.get('pageToken')
  const page = pageToken === null ? undefined : readPageToken(pageToken, namesOf(calendar), key)
  const upTo = late ? since : (page?.upTo ?? calendar.lastPosition)
  const after = page?.after ?? 0
  const limit = Math.min(maxResultsOf(query), calendar.settings.pageLimit ?? 2500)

  const read = context.emptyPage
    ? { items: [], next: after }
    : wanted.singleEvents
      ? byNumber(singleEvents(calendar, wanted, since, upTo, context.nowMs), after, limit)
      : byPosition(calendar, wanted, since, Math.max(after, since ?? 0), upTo, limit)
  const more = read.next !== undefined
  const tokenless = calendar.settings.syncTokens === false || query.get('orderBy') !== null || query.has('q')
  return {
    ...pageHead(calendar),
    ...(more && {
      nextPageToken: writePageToken({ calendarId: calendar.id, query: key, after: read.next ?? 0, upTo }),
    }),
    ...(!more &&
      !tokenless && {
        nextSyncToken: syncTokenOf(calendar, { singleEvents: wanted.singleEvents, position: upTo }, context),
      }),
    items: read.items,
  }
}

/** A token for what changes after that position. */
export function syncTokenOf(
  calendar: CalendarState,
  from: { singleEvents: boolean; position: number },
  context: ListContext,
): string {
  const { id: calendarId, tokenGeneration: generation } = calendar
  return writeSyncToken({ ...from, calendarId, generation, issuedMs: context.nowMs })
}

/** A push can come before the list knows of the change, as reported; the same token finds it later. */
function takeLate({ settings }: CalendarState, query: URLSearchParams): boolean {
  if (!settings.lateLists || query.has('pageToken')) return false
  settings.lateLists--
  return true
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
  const token = readSyncToken(text, namesOf(calendar), singleEvents)
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
    for (const { at, form } of formsOf(calendar, entry, since === undefined && wanted.showDeleted)) {
      if (at <= after) continue
      if (items.length === limit) return { items, next: last }
      items.push(form)
      last = at
    }
    last = entry.position
  }
  return { items }
}

function passes(calendar: CalendarState, wanted: Wanted, entry: Entry, incremental: boolean): boolean {
  if (entry.listed === 'hidden') return false
  if (incremental) return true
  const { event } = entry
  // Cancelled instances of a live series come in full lists too.
  if (!isLive(event) && entry.listed !== 'exception' && !showsDeleted(calendar, wanted, event)) return false
  return fits(wanted, event) && inWindow(calendar, wanted, event)
}

/** Whether a full list gives a deleted event: asked for, or, as reported, not. */
const showsDeleted = (calendar: CalendarState, wanted: Wanted, { id }: GoogleEvent) =>
  wanted.showDeleted || calendar.settings.cancelledInFullLists === true || isTwice(calendar, id)

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
    } else if (incremental || isLive(event) || showsDeleted(calendar, wanted, event)) {
      if (!incremental && !inWindow(calendar, wanted, event)) continue
      items.push(...formsOf(calendar, entry, false).map(({ form }) => form))
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
  const base = baseOf(master.id)
  return slotsBetween(master, calendar.timeZone, from, to)
    .filter((slot) => !taken.has(suffixOf(slot)) && !hasLeft(`${base}_${suffixOf(slot)}`))
    .map((slot) => instanceAt(calendar, master, slot))

  /** An instance that left its series goes on under its id, and the series has none there any more. */
  function hasLeft(id: string): boolean {
    const entry = calendar.entries.get(id)
    return entry !== undefined && entry.event.recurringEventId === undefined
  }
}

/** A page out of a list that is made whole each time: for occurrences, which have no position of their own. */
export function byNumber(all: GoogleEvent[], after: number, limit: number): Read {
  const items = all.slice(after, after + limit)
  return after + limit < all.length ? { items, next: after + limit } : { items }
}
