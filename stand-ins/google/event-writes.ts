import { isDeepStrictEqual as same } from 'node:util'
import { defined } from '../../domain/optional-fields.ts'
import { refusal } from './api-error.ts'
import { type CalendarState, type Entry, exceptionsOf } from './calendar-state.ts'
import { newEvent, patched, replaced, type WriteContext, writable } from './event-draft.ts'
import { type Found, isActiveException, isLive, mustFind } from './event-lookup.ts'
import type { EventBody, GoogleEvent } from './google-json.ts'
import { occursAt, slotOf } from './recurrence.ts'
import { type Write, writeGroup } from './write-order.ts'

/**
 * `events.insert`: 409 for an id in use. With `asGiven` the organiser, creator and iCalUID of the body are kept, as
 * `events.import` and a raw set-up need.
 */
export function insertEvent(
  calendar: CalendarState,
  body: EventBody,
  context: WriteContext,
  asGiven = false,
): GoogleEvent {
  if (body.id !== undefined && calendar.entries.has(body.id)) throw refusal('duplicate')
  const { etag: _etag, kind: _kind, ...rest } = body
  const own = asGiven ? rest : { ...writable(body), ...defined({ id: body.id }) }
  if (!asGiven && body.recurrence?.length && body.start?.dateTime && !body.start.timeZone) {
    throw refusal('required', { message: 'Missing time zone definition for start time.' })
  }
  const event = newEvent(calendar, own, context)
  return only(writeGroup(calendar, [{ event, listed: 'whole' }], context.nowMs))
}

/** A deleted event that is changed without being brought back goes on showing as before. */
function stillDeleted(entry: Entry | undefined, next: GoogleEvent): Write | undefined {
  return entry && !isLive(next) ? { ...entry, event: next } : undefined
}

export type ChangeOptions = { ifMatch?: string; how?: 'patch' | 'update' }

/**
 * `events.patch` and `events.update`: of a single event, a master, or one instance, which thereby becomes an
 * exception. 404, and 412 where `ifMatch` is not the etag. Status `cancelled` deletes, `confirmed` brings back.
 */
export function changeEvent(
  calendar: CalendarState,
  id: string,
  body: EventBody,
  context: WriteContext,
  options: ChangeOptions = {},
): GoogleEvent {
  const found = mustFind(calendar, id)
  match(found, options.ifMatch)
  const change = options.how === 'update' ? replaced : patched
  const next = change(calendar, found.event, body)
  if (next.status === 'cancelled' && isLive(found.event)) {
    deleteEvent(calendar, id, context)
    return mustFind(calendar, id).event
  }
  const write = stillDeleted(found.entry, next) ?? { event: next, listed: 'whole' as const }
  if (found.kind === 'instance') {
    if (!isLive(found.master.event)) throw refusal('deleted')
    touchSeries(calendar, found.master.event, context.nowMs, [write])
  } else if (found.kind === 'master' && isLive(next) && !next.recurrence) {
    becomeSingle(calendar, found.event, next, context.nowMs)
  } else if (found.kind === 'master' && isLive(next)) {
    touchSeries(calendar, next, context.nowMs, inherited(calendar, found.event, next))
  } else {
    writeGroup(calendar, [write], context.nowMs)
  }
  return mustFind(calendar, id).event
}

/** "Does not repeat": the master lives on under its id, and the rest goes without a tombstone, as reported. */
function becomeSingle(calendar: CalendarState, series: GoogleEvent, next: GoogleEvent, nowMs: number): void {
  writeGroup(calendar, [{ event: next, listed: 'whole', series }], nowMs)
  hideExceptions(calendar, next.id)
}

/** `events.delete`: of a single event, a series, or one instance. 404, 410 where it is deleted already, 412. */
export function deleteEvent(
  calendar: CalendarState,
  id: string,
  context: WriteContext,
  options: ChangeOptions = {},
): void {
  const found = mustFind(calendar, id)
  if (!isLive(found.event) || (found.kind === 'instance' && !isLive(found.master.event))) {
    throw refusal('deleted')
  }
  match(found, options.ifMatch)
  const event = cancelled(found.event)
  if (found.kind === 'instance') {
    const before = found.entry && { event: found.entry.event, listed: found.entry.listed }
    touchSeries(calendar, found.master.event, context.nowMs, [
      { event, listed: 'exception', ...defined({ before }) },
    ])
    return
  }
  const before = { event: found.event, listed: found.entry.listed }
  const full = found.kind === 'single' && calendar.settings.tombstones === 'full'
  writeGroup(calendar, [{ event, listed: full ? 'whole' : 'id-only', before }], context.nowMs)
  if (found.kind === 'master') hideExceptions(calendar, id)
}

/** An event as `events.get` shows it after its deletion: everything, the sequence one higher. */
export const cancelled = (event: GoogleEvent): GoogleEvent => ({
  ...event,
  status: 'cancelled',
  sequence: (event.sequence ?? 0) + 1,
})

/** Exceptions of a deleted series vanish without entries of their own. */
export function hideExceptions(calendar: CalendarState, masterId: string): void {
  for (const entry of exceptionsOf(calendar, masterId).filter(isActiveException)) {
    entry.before = { event: entry.event, listed: entry.listed }
    entry.event = { ...entry.event, status: 'cancelled' }
    entry.listed = 'hidden'
  }
}

/**
 * Writes a master and, under the same etag, its exceptions: those in `changes` anew, the others as they are. One that
 * the rule no longer gives becomes an id-only tombstone.
 */
export function touchSeries(
  calendar: CalendarState,
  master: GoogleEvent,
  nowMs: number,
  changes: readonly Write[] = [],
  more: readonly Write[] = [],
): GoogleEvent[] {
  return writeGroup(calendar, [...seriesWrites(calendar, master, changes), ...more], nowMs)
}

/** What `touchSeries` writes: the master and its exceptions. */
export function seriesWrites(
  calendar: CalendarState,
  master: GoogleEvent,
  changes: readonly Write[] = [],
): Write[] {
  const changed = new Map(changes.map((write) => [write.event.id, write]))
  const exceptions = exceptionsOf(calendar, master.id)
    .filter(isActiveException)
    .map((entry): Write => {
      const write = changed.get(entry.event.id) ?? entry
      changed.delete(entry.event.id)
      return write
    })
  const placed = [...exceptions, ...changed.values()].map((write) => {
    const slot = slotOf(write.event.originalStartTime, calendar.timeZone)
    const outlives = calendar.settings.exceptionsOutlive === true && isLive(write.event)
    const stays = outlives || (master.recurrence !== undefined && occursAt(master, calendar.timeZone, slot))
    return stays || write.listed === 'id-only' ? write : leftover(write)
  })
  return [{ event: master, listed: 'whole' }, ...placed]
}

function leftover(write: Write): Write {
  const before = { event: write.event, listed: write.listed }
  return { event: { ...write.event, status: 'cancelled' }, listed: 'id-only', before }
}

/** What a change of the series gives to its exceptions: every field in which they did not differ from it. */
export function inherited(calendar: CalendarState, former: GoogleEvent, next: GoogleEvent): Write[] {
  const own = new Set(['start', 'end', 'recurrence', 'sequence', 'id', 'status', 'etag', 'updated'])
  const fields = Object.keys({ ...former, ...next }).filter(
    (field) => !own.has(field) && !same(former[field], next[field]),
  )
  return exceptionsOf(calendar, former.id)
    .filter(isActiveException)
    .map((entry) => {
      const event = { ...entry.event }
      for (const field of fields) {
        if (!same(event[field], former[field])) continue
        if (next[field] === undefined) delete event[field]
        else event[field] = next[field]
      }
      return { event, listed: entry.listed }
    })
}

function match(found: Found, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== found.event.etag)
    throw refusal('conditionNotMet')
}

function only(events: GoogleEvent[]): GoogleEvent {
  const [event] = events
  if (!event) throw new Error('a write of one event gave none')
  return event
}
