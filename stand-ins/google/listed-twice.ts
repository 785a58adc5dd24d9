import { defined } from '../../domain/optional-fields.ts'
import type { CalendarState, Entry } from './calendar-state.ts'
import { isLive, listedForm } from './event-lookup.ts'
import type { GoogleEvent } from './google-json.ts'

/** What a list gives at a place in the order of changes. A half stands just before the entry's own place. */
export type ListedAt = { at: number; form: GoogleEvent }

export const isTwice = (calendar: CalendarState, id: string): boolean => calendar.twice?.[id] !== undefined

/**
 * The forms in which a list gives an entry: none, one, or two where it was set to come twice. One id cancelled and
 * alive in one list was reported by clients of the sync API. Each form has its place: a page may end in between.
 */
export function formsOf(calendar: CalendarState, entry: Entry, whole: boolean): ListedAt[] {
  const form = whole && entry.listed !== 'hidden' ? entry.event : listedForm(entry)
  if (!form) return []
  const { position: at } = entry
  const order = calendar.twice?.[entry.event.id]
  if (order === undefined) return [{ at, form }]
  const stale = staleForm(entry)
  const [first, last] = order === 'stale-first' ? [stale, form] : [form, stale]
  return [
    { at: at - 0.5, form: first },
    { at, form: last },
  ]
}

/** What the event was before: a tombstone of a living one, the living event of a deleted one. */
function staleForm({ event, before }: Entry): GoogleEvent {
  const etag = olderEtag(event.etag)
  if (!isLive(event)) return before?.event ?? { ...event, ...etag, status: 'confirmed' }
  const { id, recurringEventId, originalStartTime } = event
  return {
    kind: 'calendar#event',
    ...etag,
    id,
    status: 'cancelled',
    ...defined({ recurringEventId, originalStartTime }),
  }
}

/** One second older: etags are twice the microseconds of the last write. */
function olderEtag(etag: string | undefined): { etag?: string } {
  const digits = /^"(\d+)"$/.exec(etag ?? '')?.[1]
  return digits === undefined ? {} : { etag: `"${BigInt(digits) - 2_000_000n}"` }
}
