import { errorText } from '../../infrastructure/logging/error-facts.ts'
import type { BlockedStream } from '../../ports/booking-event-publisher.ts'
import type { Position } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { indexKey } from '../../projections/index-key.ts'
import {
  findParked,
  type ParkedEvent,
  PUBLICATION,
  parkedAs,
  parkedEvents,
  parkedOf,
  writeParked,
} from '../read-models/parked-events.ts'
import type { EventPlace } from './source.ts'

/** An event that cannot be published as it is, and why. */
export type Unpublishable = {
  event: EventPlace
  code: 'TOO_LARGE' | 'NOT_ENCODED' | 'UNKNOWN'
  error: unknown
}

const VERSION = 1
const publication = { name: PUBLICATION, version: VERSION }

/**
 * Unpublishable events, kept beside all other parked events, so that a person who looks there is told. The streams that
 * wait behind them are in the published mark. Every method rejects with StoreUnavailable.
 */
export type PublicationParking = {
  /** Resolves once it is durable. Keeping one twice is the same as once. */
  keep(unpublishable: Unpublishable): Promise<void>
  /** The one parked at this position now. */
  find(position: Position): Promise<ParkedEvent | undefined>
  /** It waits no longer; nothing changes where it did not. */
  end(position: Position, state: 'APPLIED' | 'SKIPPED'): Promise<void>
  /** The streams that wait behind each event that is parked now, as far as nobody has published any of it since. */
  blocked(): Promise<BlockedStream[]>
}

/** Prepares its collection at the first use. */
export function publicationParking(ports: {
  readStore: ReadStore
  now(): Temporal.Instant
}): PublicationParking {
  const { readStore } = ports
  const ready = () => readStore.prepare([parkedEvents])

  async function find(position: Position): Promise<ParkedEvent | undefined> {
    await ready()
    return findParked(readStore, { projection: PUBLICATION, position })
  }

  return {
    async keep({ event, code, error }) {
      const { position, id } = event
      await ready()
      const known = await readStore.get(parkedEvents.name, indexKey(PUBLICATION, String(VERSION), position))
      if (known?.state === 'PARKED' && known.eventId === id) return
      const failure = { code, message: errorText(error) }
      const parked = parkedAs(publication, event, failure, ports.now(), known)
      await readStore.write([writeParked(parked)])
    },
    find,
    async end(position, state) {
      const parked = await find(position)
      if (parked !== undefined) await readStore.write([writeParked({ ...parked, state })])
    },
    async blocked() {
      await ready()
      const parked = await parkedOf(readStore, publication)
      return parked.map(({ stream, revision, position }) => ({ stream, revision, position }))
    },
  }
}
