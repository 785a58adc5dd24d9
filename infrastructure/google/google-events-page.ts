import type { ExternalEvent } from '../../domain/external-event.ts'
import { type EventProblem, type EventSource, isRecord, readEvent } from './google-event.ts'

/** One page of events.list or events.instances. `timeZone` is the calendar's. */
export type EventsPage = {
  events: ExternalEvent[]
  nextPageToken?: string
  nextSyncToken?: string
  timeZone?: string
  /** Problems of unreadable entries. Entries with an id are in `events`, without times. */
  problems: EventProblem[]
}

/** Google gives no more events a page than this, whatever is asked for. */
export const MOST_EVENTS = 2_500

/** Whether a page has more entries than Google gives: each is read in one go with the others. */
export const isTooLong = (body: unknown): boolean =>
  isRecord(body) && Array.isArray(body.items) && body.items.length > MOST_EVENTS

/**
 * Reads a page. Returns undefined for a body that is no page (a proxy's greeting, a cut body): it must not look like an
 * empty calendar. A malformed entry does not fail the page.
 */
export function readEventsPage(body: unknown, source: EventSource = {}): EventsPage | undefined {
  if (!isRecord(body)) return undefined
  if (body.kind !== undefined && body.kind !== 'calendar#events') return undefined
  const nextPageToken = token(body.nextPageToken)
  const nextSyncToken = token(body.nextSyncToken)
  // With a fields mask an empty `items` may be left out; then a token shows that this is a page.
  const items = body.items ?? (nextPageToken || nextSyncToken ? [] : undefined)
  if (!Array.isArray(items)) return undefined

  const page: EventsPage = { events: [], problems: [] }
  if (typeof body.timeZone === 'string' && body.timeZone !== '') page.timeZone = body.timeZone
  // Ignore a sync token on a page that has a next page.
  if (nextPageToken !== undefined) page.nextPageToken = nextPageToken
  else if (nextSyncToken !== undefined) page.nextSyncToken = nextSyncToken
  for (const item of items) {
    const reading = readEvent(item, page.timeZone, source)
    if (reading.event) page.events.push(reading.event)
    if (!reading.ok) page.problems.push(reading.problem)
  }
  return page
}

const token = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
