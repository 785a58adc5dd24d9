import type { Begun, PublishedMark } from '../../ports/booking-event-publisher.ts'
import {
  type EventStore,
  type Position,
  PositionUnknown,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'

/** Before the first event. */
export const NOTHING_PUBLISHED: PublishedMark = { position: START, eventId: '', after: START }

/** More than one only where an older version did not publish a type that this one does. */
const LOOK = 1_000

/**
 * Why the event store is not the one from which events were published; undefined if it is. A restored backup ends
 * before the mark, or has gone on with other events since. Publishing from it would leave out or repeat some in
 * silence. Rejects with StoreUnavailable.
 */
export async function rewound(events: EventStore, begun: Omit<Begun, 'ok'>): Promise<string | undefined> {
  const { last, holdsEvents } = begun
  if (last === undefined)
    return holdsEvents ? 'events were published, and the position up to where is missing' : undefined
  // Written so by an operator: nothing of this store was published yet.
  if (last.position === START) return undefined
  const head = await events.head()
  const beyond = `events were published up to position ${last.position}, which is beyond the end of the event store (${head || 'empty'})`
  if (head.length !== last.position.length || last.position > head) return beyond
  const found = await eventsAfter(events, last.after)
  if (found.some(({ id, position }) => id === last.eventId && position === last.position)) return undefined
  return `the event published last (${last.eventId} at ${last.position}) is not in the event store`
}

/** None where the place before the event published last is no place in this store. */
async function eventsAfter(events: EventStore, after: Position): Promise<RecordedEvent[]> {
  try {
    return (await events.readAll({ after, filter: { types: PUBLISHED_TYPES }, limit: LOOK })).events
  } catch (error) {
    if (error instanceof PositionUnknown) return []
    throw error
  }
}
