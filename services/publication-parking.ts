import type { ReadStore } from '../infrastructure/read-store/read-store.ts'
import { parkedEvents, writeParked } from './parked-events.ts'
import type { EventPlace } from './publication-source.ts'

/** An event that can never be published as it is, and why. */
export type Unpublishable = { event: EventPlace; code: 'TOO_LARGE' | 'NOT_ENCODED'; error: unknown }

/** Under which name unpublishable events are listed beside those that read models could not take. */
export const PUBLICATION = 'publication'

/**
 * Keeps unpublishable events where all parked events are, so that whoever looks there is told. Resolves once it is
 * durable; keeping one twice is the same as once. Rejects with StoreUnavailable.
 */
export function publicationParking(ports: {
  readStore: ReadStore
  now(): Temporal.Instant
}): (unpublishable: Unpublishable) => Promise<void> {
  return async ({ event, code, error }) => {
    const { position, stream, revision, id, type } = event
    await ports.readStore.prepare([parkedEvents])
    await ports.readStore.write([
      writeParked({
        projection: PUBLICATION,
        version: 1,
        position,
        stream,
        revision,
        eventId: id,
        type,
        error: { code, message: error instanceof Error ? error.message : String(error) },
        parkedAt: ports.now().toString(),
        state: 'PARKED',
        writes: 0,
      }),
    ])
  }
}
