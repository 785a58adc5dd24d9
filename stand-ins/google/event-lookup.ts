import { defined } from '../../domain/optional-fields.ts'
import { refusal } from './api-error.ts'
import type { CalendarState, Entry } from './calendar-state.ts'
import type { GoogleEvent } from './google-json.ts'
import {
  baseOf,
  durationOf,
  occursAt,
  parseInstanceId,
  type Slot,
  slotOf,
  suffixOf,
  timeOfSlot,
  zoneOf,
} from './recurrence.ts'

/**
 * What an id means: an event of its own (single or master), or an occurrence of a series, stored as an exception or
 * not (`entry` absent).
 */
export type Found =
  | { kind: 'single' | 'master'; event: GoogleEvent; entry: Entry }
  | { kind: 'instance'; event: GoogleEvent; entry?: Entry; master: Entry; slot: Slot }

export const isLive = (event: GoogleEvent) => event.status !== 'cancelled'

/** Whether an exception still counts for its series: changed or cancelled, not a leftover behind a shortened UNTIL. */
export const isActiveException = (entry: Entry) =>
  entry.listed === 'exception' || (entry.listed === 'whole' && isLive(entry.event))

/** The occurrence of a master at a slot, as the API answers it where nobody has touched it. */
export function instanceAt(calendar: CalendarState, master: GoogleEvent, slot: Slot): GoogleEvent {
  const { recurrence: _, ...shared } = master
  const zone = zoneOf(master, calendar.timeZone)
  const start = timeOfSlot(slot, calendar.timeZone, zone)
  const end = { ...slot, ms: slot.ms + durationOf(master, calendar.timeZone) }
  return {
    ...shared,
    id: `${baseOf(master.id)}_${suffixOf(slot)}`,
    start,
    end: timeOfSlot(end, calendar.timeZone, master.end?.timeZone ?? zone),
    recurringEventId: master.id,
    originalStartTime: start,
  }
}

/** What `events.get` knows under an id; deleted events too. */
function findEvent(calendar: CalendarState, id: string): Found | undefined {
  const entry = calendar.entries.get(id)
  if (entry && !entry.event.recurringEventId) {
    return { kind: entry.event.recurrence ? 'master' : 'single', event: entry.event, entry }
  }
  if (entry && isActiveException(entry)) {
    const master = calendar.entries.get(entry.event.recurringEventId ?? '')
    if (master) return instance(calendar, entry, master)
  }
  const virtual = virtualInstance(calendar, id)
  if (virtual && isLive(virtual.event)) return virtual
  if (!entry) return virtual ?? formerInstance(calendar, id)
  const master = calendar.entries.get(entry.event.recurringEventId ?? '')
  if (!master) return { kind: 'single', event: entry.event, entry }
  const endedQuietly = entry.listed === 'hidden' && isLive(master.event) && master.series !== undefined
  if (endedQuietly && calendar.settings.formerInstances !== 'cancelled') return undefined
  return instance(calendar, entry, master)
}

function instance(calendar: CalendarState, entry: Entry, master: Entry): Found {
  const slot = slotOf(entry.event.originalStartTime ?? entry.event.start, calendar.timeZone)
  return { kind: 'instance', event: entry.event, entry, master, slot }
}

/** Live masters come first: after a split, two masters share one base. */
function virtualInstance(calendar: CalendarState, id: string): Found | undefined {
  const parsed = parseInstanceId(id)
  if (!parsed) return undefined
  const masters = [...(calendar.masters.get(parsed.base) ?? [])]
    .flatMap((masterId) => calendar.entries.get(masterId) ?? [])
    .sort((one, other) => Number(isLive(other.event)) - Number(isLive(one.event)))
  for (const master of masters) {
    if (master.event.start && occursAt(master.event, calendar.timeZone, parsed.slot)) {
      const event = instanceAt(calendar, master.event, parsed.slot)
      return { kind: 'instance', event, master, slot: parsed.slot }
    }
  }
  return undefined
}

/** An instance of what was a series once; 404 is what was reported, cancelled where the switch says so. */
function formerInstance(calendar: CalendarState, id: string): Found | undefined {
  const parsed = calendar.settings.formerInstances === 'cancelled' ? parseInstanceId(id) : undefined
  if (!parsed) return undefined
  for (const entry of calendar.entries.values()) {
    const { series } = entry
    if (!series || baseOf(series.id) !== parsed.base) continue
    if (!occursAt(series, calendar.timeZone, parsed.slot)) continue
    const event: GoogleEvent = { ...instanceAt(calendar, series, parsed.slot), status: 'cancelled' }
    return { kind: 'instance', event, master: entry, slot: parsed.slot }
  }
  return undefined
}

/** As findEvent; throws Google's 404 where nothing was ever there. */
export function mustFind(calendar: CalendarState, id: string): Found {
  const found = findEvent(calendar, id)
  if (!found) throw refusal('notFound')
  return found
}

/** An entry as lists show it; undefined where they do not. */
export function listedForm(entry: Entry): GoogleEvent | undefined {
  const { event } = entry
  if (entry.listed === 'hidden') return undefined
  if (entry.listed === 'whole') return event
  const tombstone: GoogleEvent = {
    kind: 'calendar#event',
    ...(event.etag && { etag: event.etag }),
    id: event.id,
    status: 'cancelled',
  }
  if (entry.listed === 'id-only') return tombstone
  return {
    ...tombstone,
    ...(event.recurringEventId && { recurringEventId: event.recurringEventId }),
    ...defined({ originalStartTime: event.originalStartTime }),
  }
}
