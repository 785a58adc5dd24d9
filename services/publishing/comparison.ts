import { z } from 'zod'
import type { PublishedContents, PublishedMark } from '../../ports/booking-event-publisher.ts'
import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'
import { NOTHING_PUBLISHED } from './mark.ts'

/** An event as an operator looks for it. */
export const NamedEvent = z.object({
  position: z.string(),
  id: z.string(),
  time: z.iso.datetime({ offset: true }).describe('when it was recorded'),
  bookingUid: z.string(),
})
export type NamedEvent = z.infer<typeof NamedEvent>

/** Booking events of the store on one side of a place, each in one of the four counts. */
export type Tally = {
  first: NamedEvent | null
  inTopic: number
  /** Not in the topic: parked, or behind one that is. */
  waiting: number
  /** Not in the topic, where they may have been: of their partition nothing older is left, and the oldest are deleted. */
  maybeExpired: number
  /** Not in the topic, nor was any of them ever. */
  absent: number
  /** The first of `absent`, and the position from which publishing would have to begin to have it. */
  firstAbsent: NamedEvent | null
  beforeAbsent: PublishedMark | null
  /** Not in the topic, and not certainly newer than all that was ever published. */
  old: number
}

/** The event store's booking events beside those in the topic, before and after the place where publishing goes on. */
export type PublicationComparison = {
  mark: PublishedMark
  behind: Tally
  ahead: Tally
  /** In the topic, and not in the event store. */
  unknownToStore: number
}

const PAGE = 1_000

/**
 * Reads all booking events of the store in order. The place is that of the last event at or before `after`; without
 * `after` that of the last one in the topic. Rejects with StoreUnavailable.
 */
export async function comparePublication(
  events: EventStore,
  { ids, last, laneOf }: PublishedContents,
  options: { after: Position | undefined; waits(event: RecordedEvent): boolean },
): Promise<PublicationComparison> {
  const { after, waits } = options
  const seenLanes = new Set<number>()
  let behind = emptyTally()
  let ahead = emptyTally()
  let mark = NOTHING_PUBLISHED
  let before = NOTHING_PUBLISHED

  const isNew = ({ position }: RecordedEvent) =>
    last !== undefined && position.length === last.position.length && position > last.position

  function count(event: RecordedEvent): void {
    const { lane, trimmed } = laneOf(String(event.data.bookingUid))
    ahead.first ??= named(event)
    if (ids.has(event.id)) {
      seenLanes.add(lane)
      ahead.inTopic += 1
      return
    }
    if (!isNew(event)) ahead.old += 1
    if (waits(event)) ahead.waiting += 1
    else if (trimmed && !seenLanes.has(lane) && !isNew(event)) ahead.maybeExpired += 1
    else {
      ahead.absent += 1
      ahead.firstAbsent ??= named(event)
      ahead.beforeAbsent ??= before
    }
  }

  for (let from = ''; ; ) {
    const page = await events.readAll({ after: from, filter: { types: PUBLISHED_TYPES }, limit: PAGE })
    for (const event of page.events) {
      count(event)
      const here = { position: event.position, eventId: event.id, after: before.position }
      before = here
      if (after === undefined ? !ids.has(event.id) : event.position > after) continue
      mark = here
      behind = together(behind, ahead)
      ahead = emptyTally()
    }
    if (page.caughtUp) break
    from = page.position
  }
  return { mark, behind, ahead, unknownToStore: ids.size - behind.inTopic - ahead.inTopic }
}

const named = ({ position, id, recordedAt, data }: RecordedEvent): NamedEvent => ({
  position,
  id,
  time: recordedAt,
  bookingUid: String(data.bookingUid),
})

const emptyTally = (): Tally => ({
  first: null,
  inTopic: 0,
  waiting: 0,
  maybeExpired: 0,
  absent: 0,
  firstAbsent: null,
  beforeAbsent: null,
  old: 0,
})

const together = (one: Tally, other: Tally): Tally => ({
  first: one.first ?? other.first,
  inTopic: one.inTopic + other.inTopic,
  waiting: one.waiting + other.waiting,
  maybeExpired: one.maybeExpired + other.maybeExpired,
  absent: one.absent + other.absent,
  firstAbsent: one.firstAbsent ?? other.firstAbsent,
  beforeAbsent: one.beforeAbsent ?? other.beforeAbsent,
  old: one.old + other.old,
})
