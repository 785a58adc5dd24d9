import { refusal } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import { patched, type WriteContext } from './event-draft.ts'
import { type Found, instanceAt, isLive, mustFind } from './event-lookup.ts'
import { touchSeries } from './event-writes.ts'
import type { EventBody, GoogleEvent } from './google-json.ts'
import { baseOf, continuedFrom, endedBefore, type Slot, slotOf, suffixOf } from './recurrence.ts'
import type { Write } from './write-order.ts'

export type SplitOptions = {
  /** What differs from there on; `start` and `end` are those of the first occurrence of the new series. */
  change?: EventBody
  /** The new master gets an id of its own instead of `<id>_R…`: recorded where the time was changed too. */
  freshId?: boolean
}

/**
 * "This and following": the master is ended before the instance with that id, and a new master goes on from it with
 * the old `created`; both and the remaining exceptions share one etag. Exceptions behind the cut become id-only
 * tombstones. At the first occurrence it is a change of the whole series. Answers the new master.
 */
export function splitSeries(
  calendar: CalendarState,
  instanceId: string,
  context: WriteContext,
  options: SplitOptions = {},
): GoogleEvent {
  const { master, slot } = mustBeInstance(calendar, instanceId)
  const zone = calendar.timeZone
  const suffix = suffixOf(slot).replace(/Z$/, '')
  const first = instanceAt(calendar, master.event, slot)
  const { recurringEventId: _series, originalStartTime: _start, ...whole } = first
  const id = options.freshId ? context.newId() : `${baseOf(master.event.id)}_R${suffix}`
  const start = {
    ...whole,
    id,
    iCalUID: `${id}@google.com`,
    recurrence: continuedFrom(master.event, zone, slot),
  }
  const changed = patched(calendar, start, options.change ?? {})
  const next = options.freshId ? changed : { ...changed, sequence: master.event.sequence ?? 0 }
  if (slotOf(master.event.start, zone).ms === slot.ms) {
    const { id: _id, iCalUID: _uid, ...rest } = next
    const kept = {
      ...rest,
      id: master.event.id,
      iCalUID: master.event.iCalUID ?? `${master.event.id}@google.com`,
    }
    touchSeries(calendar, kept, context.nowMs)
    return mustFind(calendar, kept.id).event
  }
  endBefore(calendar, master.event, slot, context, [{ event: next, listed: 'whole' }])
  return mustFind(calendar, id).event
}

/** "Delete this and following": the series ends before the instance with that id. */
export function endSeries(calendar: CalendarState, instanceId: string, context: WriteContext): void {
  const { master, slot } = mustBeInstance(calendar, instanceId)
  if (slotOf(master.event.start, calendar.timeZone).ms === slot.ms) {
    throw refusal('invalid', { message: 'This is the first occurrence: delete the series.' })
  }
  endBefore(calendar, master.event, slot, context, [])
}

function mustBeInstance(calendar: CalendarState, id: string): Found & { kind: 'instance' } {
  const found = mustFind(calendar, id)
  if (found.kind !== 'instance') {
    throw refusal('invalid', { message: 'Name the instance from which on the series is split.' })
  }
  if (!isLive(found.master.event)) throw refusal('deleted')
  return found
}

function endBefore(
  calendar: CalendarState,
  master: GoogleEvent,
  slot: Slot,
  context: WriteContext,
  more: Write[],
): void {
  const ended = { ...master, recurrence: endedBefore(master, calendar.timeZone, slot) }
  touchSeries(calendar, ended, context.nowMs, [], more)
}
