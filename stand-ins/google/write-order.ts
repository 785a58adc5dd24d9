import { defined } from '../../domain/optional-fields.ts'
import type { CalendarState, Entry, Listed } from './calendar-state.ts'
import type { GoogleEvent } from './google-json.ts'
import { baseOf } from './recurrence.ts'

export type Write = {
  event: GoogleEvent
  listed: Listed
  before?: { event: GoogleEvent; listed: Listed }
  series?: GoogleEvent
  /** Nothing but id and status is kept, for `events.get` too. */
  bare?: boolean
}

/**
 * How a write shows. `sameEtag`: the version stays, which Google does where it changes times by itself. `listed`
 * false: incremental lists never mention it.
 */
export type WriteManner = { sameEtag?: boolean; listed?: boolean }

/**
 * Stores a group of events under one new etag and `updated`, each at its own place in the order of changes. Returns
 * them as stored. `updated` never goes back, even where the clock stands still.
 */
export function writeGroup(
  calendar: CalendarState,
  writes: readonly Write[],
  nowMs: number,
  manner: WriteManner = {},
): GoogleEvent[] {
  const stamp = manner.sameEtag ? undefined : newStamp(calendar, nowMs)
  const unlisted = manner.listed === false || takeUnlisted(calendar, writes)
  return writes.map(({ event, listed, before, series, bare }) => {
    const stored = bare ? bareTombstone(event, stamp?.etag) : stamped(event, stamp)
    const entry = { event: stored, listed, position: 0, ...defined({ before, series }) }
    place(calendar, entry, unlisted)
    return stored
  })
}

function newStamp(calendar: CalendarState, nowMs: number): { etag: string; updated: string } {
  const jitter = (calendar.lastPosition * 137) % 1000
  calendar.lastMicros = Math.max(nowMs * 1000 + jitter, calendar.lastMicros + 1)
  return {
    etag: `"${2 * calendar.lastMicros}"`,
    updated: new Date(Math.floor(calendar.lastMicros / 1000)).toISOString(),
  }
}

const stamped = (event: GoogleEvent, stamp: { etag: string; updated: string } | undefined): GoogleEvent => ({
  kind: 'calendar#event',
  ...defined({ etag: stamp?.etag }),
  ...event,
  ...stamp,
})

function takeUnlisted({ settings, entries }: CalendarState, writes: readonly Write[]): boolean {
  if (!settings.unlistedWrites || !writes.some(({ event }) => entries.has(event.id))) return false
  settings.unlistedWrites--
  return true
}

/** No cancelled entry of the short kind carries more, as recorded. */
const bareTombstone = ({ id, etag }: GoogleEvent, newEtag = etag): GoogleEvent => ({
  kind: 'calendar#event',
  ...defined({ etag: newEtag }),
  id,
  status: 'cancelled',
})

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

/** Puts an event at the end of the order of changes as it stands: the next lists give it. */
export function listAgain(calendar: CalendarState, id: string): void {
  const entry = calendar.entries.get(id)
  if (entry) place(calendar, { ...entry })
}

/**
 * Stores an entry at the end of the order of changes, or, unlisted, where the event stood. Keeps the indexes.
 */
function place(calendar: CalendarState, entry: Entry, unlisted = false): void {
  const { event } = entry
  const former = calendar.entries.get(event.id)
  if (former?.series && !event.recurrence) entry.series ??= former.series
  const stays = unlisted && former !== undefined
  entry.position = stays ? former.position : ++calendar.lastPosition
  unindex(calendar, event.id)
  calendar.entries.set(event.id, entry)
  if (!stays) calendar.log.push({ position: entry.position, id: event.id })
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
