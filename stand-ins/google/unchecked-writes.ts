import { refusal } from './api-error.ts'
import { asSeenFrom, type CalendarState } from './calendar-state.ts'
import { completed, type WriteContext } from './event-draft.ts'
import { isLive, mustFind } from './event-lookup.ts'
import { timeAsImported } from './event-times.ts'
import type { EventBody, GoogleEvent } from './google-json.ts'
import { idOfImported } from './imported-id.ts'
import { type Write, type WriteManner, writeGroup } from './write-order.ts'

/** What Google holds although its API would refuse to write it. */

/**
 * Events as a file's import brings them in: of no length, without a start, with unknown zones, with a `created` of the
 * year 0 or 1900. Nothing is checked but that the id is free. `oneEtag`: all in one step, and so one version.
 */
export function importEvents(
  calendar: CalendarState,
  bodies: readonly EventBody[],
  context: WriteContext,
  oneEtag: boolean,
): GoogleEvent[] {
  const writes = bodies.map((body): Write => {
    const { etag: _etag, kind: _kind, ...own } = body
    const id = body.id ?? (body.iCalUID === undefined ? context.newId() : idOfImported(body.iCalUID))
    if (calendar.entries.has(id)) throw refusal('duplicate')
    const event = completed(calendar, { ...own, id }, context)
    return { event: asImported(calendar, event), listed: 'whole' }
  })
  const groups = oneEtag ? [writes] : writes.map((write) => [write])
  return groups.flatMap((group) => writeGroup(calendar, group, context.nowMs))
}

/**
 * Any fields of an event set as given, null taking one out; start and end are replaced as a whole. For what the API
 * refuses, and for what it never does, like other times in the same version.
 */
export function rewriteEvent(
  calendar: CalendarState,
  id: string,
  change: EventBody,
  context: WriteContext,
  manner: WriteManner,
): GoogleEvent {
  const found = mustFind(calendar, id)
  const next: GoogleEvent = { ...found.event }
  for (const [field, value] of Object.entries(change)) {
    if (value === null) delete next[field]
    else next[field] = value
  }
  next.id = id
  const before = isLive(found.event) && !isLive(next) && found.entry
  const write: Write = {
    event: asImported(calendar, next),
    listed: isLive(next) ? 'whole' : (found.entry?.listed ?? 'whole'),
    ...(before && { before: { event: found.event, listed: before.listed } }),
  }
  writeGroup(calendar, [write], context.nowMs, manner)
  return mustFind(calendar, id).event
}

function asImported(calendar: CalendarState, event: GoogleEvent): GoogleEvent {
  const { start, end } = event
  return asSeenFrom(calendar, {
    ...event,
    ...(start && { start: timeAsImported(start, calendar.timeZone) }),
    ...(end && { end: timeAsImported(end, calendar.timeZone) }),
  })
}
