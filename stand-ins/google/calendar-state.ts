import type { Attendee, GoogleEvent } from './google-json.ts'
import { baseOf } from './recurrence.ts'

/**
 * How an event shows in lists: `whole` as it is; `id-only` as kind, etag, id and status; `exception` as a cancelled
 * instance with its series and original start; `hidden` not at all (instances of a deleted series).
 */
export type Listed = 'whole' | 'id-only' | 'exception' | 'hidden'

/** One event of a calendar. `event` is what `events.get` answers; it is replaced, never changed in place. */
export type Entry = {
  event: GoogleEvent
  listed: Listed
  /** Its place in the calendar's order of changes. */
  position: number
  /** What it was before it was deleted, for a person who restores it. */
  before?: { event: GoogleEvent; listed: Listed }
}

/** How a calendar behaves, beside what is in it. */
export type CalendarSettings = {
  /** False: watching is refused with pushNotSupportedForRequestedResource. */
  pushSupported: boolean
  /** At most so many entries a page, whatever was asked for: short pages. */
  pageLimit?: number
  /** How a deleted single event shows in lists. */
  tombstones: 'id-only' | 'full'
  /** The calendar is gone: every request for it is 404. */
  gone: boolean
}

/** One calendar. Plain data but for the maps, which are indexes over `entries`. */
export type CalendarState = {
  readonly id: string
  summary: string
  timeZone: string
  /** The account that owns it: decides `self`, and which user may see it. */
  owner: string
  /** Others who may see it. */
  sharedWith: string[]
  readonly resourceId: string
  settings: CalendarSettings
  /** The last write, in epoch microseconds: etags are twice that, and strictly rise. */
  lastMicros: number
  lastPosition: number
  /** Sync tokens of an earlier generation are outdated (410). */
  tokenGeneration: number
  readonly entries: Map<string, Entry>
  /** Every write in order; a row whose entry has moved on is stale. */
  log: { position: number; id: string }[]
  /** Masters by the series part of their id. */
  readonly masters: Map<string, Set<string>>
  /** Exceptions, of any kind, by the id of their master. */
  readonly exceptions: Map<string, Set<string>>
  /** What `events.list` answers next, in order, instead of its own pages. */
  script: { status: number; body: unknown }[]
}

export type NewCalendar = {
  id: string
  summary?: string
  timeZone?: string
  owner?: string
  sharedWith?: string[]
  settings?: Partial<CalendarSettings>
}

/** An empty calendar. The zone is UTC and the owner the id itself where nothing is said. */
export function emptyCalendar(given: NewCalendar, resourceId: string): CalendarState {
  return {
    id: given.id,
    summary: given.summary ?? given.id,
    timeZone: given.timeZone ?? 'UTC',
    owner: given.owner ?? given.id,
    sharedWith: given.sharedWith ?? [],
    resourceId,
    settings: { pushSupported: true, tombstones: 'id-only', gone: false, ...given.settings },
    lastMicros: 0,
    lastPosition: 0,
    tokenGeneration: 1,
    entries: new Map(),
    log: [],
    masters: new Map(),
    exceptions: new Map(),
    script: [],
  }
}

export type Write = {
  event: GoogleEvent
  listed: Listed
  before?: { event: GoogleEvent; listed: Listed }
}

/**
 * Stores a group of events under one new etag and `updated`, each at its own place in the order of changes. Returns
 * them as stored. `updated` never goes back, even where the clock stands still.
 */
export function writeGroup(calendar: CalendarState, writes: readonly Write[], nowMs: number): GoogleEvent[] {
  const jitter = (calendar.lastPosition * 137) % 1000
  calendar.lastMicros = Math.max(nowMs * 1000 + jitter, calendar.lastMicros + 1)
  const etag = `"${2 * calendar.lastMicros}"`
  const updated = new Date(Math.floor(calendar.lastMicros / 1000)).toISOString()
  return writes.map(({ event, listed, before }) => {
    const stored = { kind: 'calendar#event', etag, ...event, updated }
    stored.etag = etag
    place(calendar, { event: stored, listed, position: 0, ...(before && { before }) })
    return stored
  })
}

/** Puts an event in as it is, etag and all: recorded events. */
export function placeRaw(calendar: CalendarState, event: GoogleEvent): void {
  const micros = event.updated === undefined ? 0 : Date.parse(event.updated) * 1000
  calendar.lastMicros = Math.max(calendar.lastMicros, micros)
  place(calendar, { event, listed: listedAs(event), position: 0 })
}

function listedAs(event: GoogleEvent): Listed {
  if (event.status !== 'cancelled' || event.start !== undefined) return 'whole'
  return event.originalStartTime === undefined ? 'id-only' : 'exception'
}

/** Stores an entry at the end of the order of changes and keeps the indexes. */
function place(calendar: CalendarState, entry: Entry): void {
  const { event } = entry
  entry.position = ++calendar.lastPosition
  unindex(calendar, event.id)
  calendar.entries.set(event.id, entry)
  calendar.log.push({ position: entry.position, id: event.id })
  index(calendar, event)
  if (calendar.log.length > 1000 && calendar.log.length > 4 * calendar.entries.size) compact(calendar)
}

function unindex(calendar: CalendarState, id: string): void {
  const former = calendar.entries.get(id)?.event
  if (!former) return
  if (former.recurrence) calendar.masters.get(baseOf(id))?.delete(id)
  if (former.recurringEventId) calendar.exceptions.get(former.recurringEventId)?.delete(id)
}

/** Enters an event in the indexes; also used when a saved state is read back. */
export function index(calendar: CalendarState, event: GoogleEvent): void {
  if (event.recurrence) addTo(calendar.masters, baseOf(event.id), event.id)
  if (event.recurringEventId) addTo(calendar.exceptions, event.recurringEventId, event.id)
}

function addTo(map: Map<string, Set<string>>, key: string, id: string): void {
  const ids = map.get(key)
  if (ids) ids.add(id)
  else map.set(key, new Set([id]))
}

function compact(calendar: CalendarState): void {
  calendar.log = calendar.log.filter((row) => calendar.entries.get(row.id)?.position === row.position)
}

/** The entries changed after a position, oldest change first, each once. */
export function* changedAfter(calendar: CalendarState, position: number): Generator<Entry> {
  const { log } = calendar
  let low = 0
  let high = log.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((log[middle]?.position ?? 0) <= position) low = middle + 1
    else high = middle
  }
  for (let at = low; at < log.length; at++) {
    const row = log[at]
    const entry = row && calendar.entries.get(row.id)
    if (row && entry?.position === row.position) yield entry
  }
}

/** The exceptions of a master, of any kind. */
export function exceptionsOf(calendar: CalendarState, masterId: string): Entry[] {
  return [...(calendar.exceptions.get(masterId) ?? [])].flatMap((id) => calendar.entries.get(id) ?? [])
}

/** Sets `self` and `organizer` as this calendar's owner sees them. */
export function asSeenFrom(calendar: CalendarState, event: GoogleEvent): GoogleEvent {
  const mine = (email: string | undefined) =>
    email !== undefined && (email === calendar.owner || email === calendar.id)
  const { organizer, creator, attendees } = event
  const seen = <T extends { email?: string; self?: boolean }>(person: T): T => {
    const { self: _, ...rest } = person
    // The rest of a person with `self` set anew is that person again.
    return { ...rest, ...(mine(person.email) && { self: true }) } as T
  }
  return {
    ...event,
    ...(organizer && { organizer: seen(organizer) }),
    ...(creator && { creator: seen(creator) }),
    ...(attendees && {
      attendees: attendees.map(
        (attendee): Attendee => ({
          responseStatus: 'needsAction',
          ...seen(attendee),
          ...(attendee.email === organizer?.email && { organizer: true }),
        }),
      ),
    }),
  }
}
