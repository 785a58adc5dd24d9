import { streamName } from '../../domain/domain-event.ts'
import type { EventStore, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { fromCursor, toCursor } from '../../ports/read-store/page-cursor.ts'
import type { FoundPage, ReadStore } from '../../ports/read-store/read-store.ts'
import { bookings } from '../../projections/bookings.ts'
import { calendarSyncs } from '../../projections/calendar-syncs.ts'
import type { Projection } from '../../projections/projection.ts'
import { type Documents, foldInto, writesOf } from '../read-models/projection-fold.ts'

/** What a read model knew at an instant. Queries of one document, or of all, read it as they read the live one. */
export type KnownThen = Pick<ReadStore, 'get' | 'list'>

/** Whether the event had been recorded by then, by the store's own time. */
export const wasKnown = ({ recordedAt }: RecordedEvent, at: Temporal.Instant): boolean =>
  Temporal.Instant.compare(Temporal.Instant.from(recordedAt), at) <= 0

/** The calendar syncs, folded from the events that had been recorded by then. Rejects with StoreUnavailable. */
export async function calendarSyncsAt(events: EventStore, at: Temporal.Instant): Promise<KnownThen> {
  const documents: Documents = new Map()
  for await (const page of pagesOf(events, { categories: ['calendarSync'] }))
    await fold(calendarSyncs, documents, page, at)
  return knownIn(calendarSyncs, documents)
}

/** One booking, in the same way. */
export async function bookingAt(
  events: EventStore,
  bookingUid: string,
  at: Temporal.Instant,
): Promise<KnownThen> {
  const of = await events.readStream(streamName('booking', bookingUid))
  for await (const page of pagesOf(events, { types: ['HeldChangesDiscarded'] })) of.push(...page)
  of.sort((one, other) => (one.position < other.position ? -1 : 1))
  const documents: Documents = new Map()
  await fold(bookings, documents, of, at)
  return knownIn(bookings, documents)
}

async function* pagesOf(
  events: EventStore,
  filter: { categories: readonly string[] } | { types: readonly string[] },
): AsyncGenerator<RecordedEvent[], void> {
  for (let after = ''; ; ) {
    const page = await events.readAll({ after, filter, limit: 500 })
    yield page.events
    if (page.caughtUp) return
    after = page.position
  }
}

async function fold(
  projection: Projection,
  documents: Documents,
  events: readonly RecordedEvent[],
  at: Temporal.Instant,
): Promise<void> {
  const known = events.filter((event) => wasKnown(event, at))
  const poison = await foldInto(documents, projection, NOTHING, known)
  const [first] = poison
  if (first !== undefined) throw first.error
}

/** Nothing is known but what was folded here. */
const NOTHING = { getMany: async () => new Map() }

function knownIn(projection: Projection, folded: Documents): KnownThen {
  const documents = new Map(
    writesOf(projection, folded).flatMap((write) => ('put' in write ? [[write.id, write.put]] : [])),
  )
  const ids = [...documents.keys()].sort()
  return {
    get: async (_, id) => documents.get(id),
    async list(_, { after, limit }): Promise<FoundPage> {
      const from = after === undefined ? '' : fromCursor('ids', after).id
      const found = ids.filter((id) => id > from).slice(0, limit + 1)
      const items = found.slice(0, limit).flatMap((id) => {
        const document = documents.get(id)
        return document ? [{ id, key: id, document }] : []
      })
      const last = items.at(-1)
      return { items, next: found.length > limit && last ? toCursor('ids', last) : null }
    },
  }
}
