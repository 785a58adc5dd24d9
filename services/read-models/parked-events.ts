// Events that a projection could not take: kept with the error until they are tried again with success, or given up.
import { errorCode, errorText } from '../../infrastructure/logging/error-facts.ts'
import type { Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import type {
  Collection,
  Document,
  DocumentWrite,
  FoundPage,
  KeyRange,
  ReadStore,
} from '../../ports/read-store/read-store.ts'
import { indexKey, under } from '../../projections/index-key.ts'
import type { Projection } from '../../projections/projection.ts'
import type { PoisonEvent } from './projection-fold.ts'

/** `parkedAt` is RFC 3339 in UTC. The later events of the stream wait behind it. */
export type ParkedEvent = {
  projection: string
  version: number
  position: Position
  stream: string
  revision: number
  eventId: string
  type: string
  error: { code: string; message: string }
  parkedAt: string
  state: 'PARKED' | 'APPLIED' | 'SKIPPED'
  /** How often this document was written: what makes a later write of it pass the store's guard. */
  writes: number
}

/** Under which name unpublishable events are listed beside those that read models could not take. */
export const PUBLICATION = 'publication'

/** The events that read models and the publisher parked; those parked now are in its index. */
export const parkedEvents: Collection = { name: 'parked-events', indexes: ['parked'] }

/** The documents to be kept of events that a projection could not take. */
export async function toParked(
  readStore: ReadStore,
  { name, version }: Projection,
  poison: readonly PoisonEvent[],
  at: Temporal.Instant,
): Promise<ParkedEvent[]> {
  if (poison.length === 0) return []
  const idOf = ({ position }: RecordedEvent) => indexKey(name, String(version), position)
  const known = await readStore.getMany(
    parkedEvents.name,
    poison.map(({ event }) => idOf(event)),
  )
  return poison.map(({ event, error }) => {
    const failure = { code: errorCode(error) ?? 'PROJECTION_FAILED', message: errorText(error) }
    return parkedAs({ name, version }, event, failure, at, known.get(idOf(event)))
  })
}

/** The document of an event that is parked now; `before` is the one that is there of it. */
export const parkedAs = (
  { name, version }: Pick<Projection, 'name' | 'version'>,
  event: Pick<RecordedEvent, 'position' | 'stream' | 'revision' | 'id' | 'type'>,
  error: ParkedEvent['error'],
  at: Temporal.Instant,
  before: Document | undefined,
): ParkedEvent => ({
  projection: name,
  version,
  position: event.position,
  stream: event.stream,
  revision: event.revision,
  eventId: event.id,
  type: event.type,
  error,
  parkedAt: at.toString(),
  state: 'PARKED',
  writes: before ? read(before).writes : 0,
})

/** The write that keeps it as it now is. */
export function writeParked(parked: ParkedEvent): DocumentWrite & { position: Position } {
  const { projection, version, position, state, writes } = parked
  const key = indexKey(projection, String(version), position)
  return {
    collection: parkedEvents.name,
    id: key,
    put: { ...parked, writes: writes + 1 },
    keys: { parked: state === 'PARKED' ? [key] : [] },
    position: position + '+'.repeat(writes),
  }
}

/** Those parked now, of every projection. */
export async function listParked(
  readStore: ReadStore,
  page: { after?: string; limit: number },
): Promise<{ items: ParkedEvent[]; next: string | null }> {
  const { items, next } = await readStore.find(parkedEvents.name, 'parked', { prefix: '' }, page)
  return { items: items.map(({ document }) => read(document)), next }
}

/** The one parked now at this position, whatever the version that parked it. */
export async function findParked(
  readStore: ReadStore,
  { projection, position }: Pick<ParkedEvent, 'projection' | 'position'>,
): Promise<ParkedEvent | undefined> {
  for await (const one of parkedIn(readStore, under(projection))) if (one.position === position) return one
  return undefined
}

/** Those parked now for one version of a projection. */
export const parkedOf = (
  readStore: ReadStore,
  { name, version }: Pick<Projection, 'name' | 'version'>,
): Promise<ParkedEvent[]> => Array.fromAsync(parkedIn(readStore, under(name, String(version))))

async function* parkedIn(readStore: ReadStore, range: KeyRange): AsyncGenerator<ParkedEvent, void> {
  let after: string | null = ''
  while (after !== null) {
    const page: FoundPage = await readStore.find(parkedEvents.name, 'parked', range, {
      limit: 1000,
      ...(after !== '' && { after }),
    })
    for (const { document } of page.items) yield read(document)
    after = page.next
  }
}

// Only `writeParked` writes to this collection.
const read = (document: Document): ParkedEvent => document as Document & ParkedEvent
