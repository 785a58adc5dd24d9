import { type EventStore, type Position, START } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import type { Projection } from '../../projections/projection.ts'
import { type Documents, foldInto, writesOf } from './projection-fold.ts'

/** A projection could not take an event; `cause` is its error. */
export class PoisonEventFound extends Error {
  readonly code = 'POISON_EVENT'
  constructor(projection: string, position: Position, type: string, options: { cause: unknown }) {
    super(`projection ${projection} cannot take the event ${type} at ${position}`, options)
    this.name = 'PoisonEventFound'
  }
}

export type RebuildOptions = {
  events: EventStore
  /** The target. Its documents of the projection's collection are dropped first: never name the one that is in use. */
  readStore: ReadStore
  projection: Projection
  /** The position that the target has been built up to, where it is to go on from there; nothing is dropped then. */
  after?: Position
  /** The last position to take; without one, all there is. */
  upTo?: Position
  /** Told after each page how far it is. */
  onProgress?(progress: { events: number; position: Position }): void
  signal?: AbortSignal
}

/** Events folded at once: few enough that what they are made of is gone before the garbage collector moves it. */
const PAGE = 250

/**
 * Documents held until they are written: some megabytes. A booking's events are mostly not far from each other, and what
 * many of them change is then written, and made JSON, once.
 */
const HELD = 2000

/**
 * Builds a read model from the first event on, strictly: an event that the projection cannot take ends it with
 * PoisonEventFound. Rejects with what the stores reject with, and with the signal's reason.
 */
export async function rebuild({
  events,
  readStore,
  projection,
  after,
  upTo,
  onProgress,
  signal,
}: RebuildOptions): Promise<{ events: number; position: Position }> {
  const { collection, categories, name } = projection
  await readStore.prepare([collection])
  if (after === undefined) await readStore.clear(collection.name, collection.name)
  const documents: Documents = new Map()
  let position = after ?? START
  let count = 0
  for (;;) {
    signal?.throwIfAborted()
    const page = await events.readAll({ after: position, filter: { categories }, limit: PAGE })
    const wanted = upTo === undefined ? page.events : page.events.filter((event) => event.position <= upTo)
    const [found] = await foldInto(documents, projection, readStore, wanted)
    if (found)
      throw new PoisonEventFound(name, found.event.position, found.event.type, { cause: found.error })
    position = upTo !== undefined && page.position > upTo ? upTo : page.position
    const done = page.caughtUp || position === upTo
    if (done || documents.size >= HELD) {
      await readStore.write(writesOf(projection, documents), { projection: collection.name, position })
      documents.clear()
    }
    count += wanted.length
    onProgress?.({ events: count, position })
    if (done) return { events: count, position }
  }
}
