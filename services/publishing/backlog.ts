import {
  type EventStore,
  type Position,
  PositionUnknown,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'

/** How much waits to be published: counted only when somebody asks, and each event once. */
export type PublicationBacklog = {
  /** Up to where events were published is known anew. */
  beginsAt(position: Position): void
  /** Events up to `position` wait no longer; `published` are the events that this left behind. */
  movedTo(position: Position, published: readonly { event: { position: Position } }[]): void
  /** Counts events after `position` as waiting at least, while nobody knows up to where events were published. */
  atLeastFrom(position: Position): void
  /**
   * `backlog` is null while nobody can say; `oldestAt` is when the oldest that certainly waits was stored, RFC 3339, null
   * where none does. Rejects with StoreUnavailable.
   */
  count(): Promise<{ backlog: number | null; oldestAt: string | null }>
}

const PAGE = 1_000
/** So many pages are read for one answer; the rest is counted by the next. */
const PAGES_AT_ONCE = 20

/** Counts what waits from the moment on that it is told where publishing stands. */
export function publicationBacklog(events: EventStore): PublicationBacklog {
  const filter = { types: PUBLISHED_TYPES }
  let published: Position | undefined
  let known = false
  /** Up to where events are in `waiting`. */
  let counted: Position = START
  let waiting = 0
  let under: Promise<void> | undefined

  async function countOn(): Promise<void> {
    for (let page = 0; page < PAGES_AT_ONCE; page++) {
      const from = counted
      const read = await events.readAll({ after: from, filter, limit: PAGE })
      // Publishing may have gone on meanwhile, past what was read, or have begun anew before it.
      const start = counted
      if (start < from) continue
      waiting += read.events.filter(({ position }) => position > start).length
      if (read.position > counted) counted = read.position
      if (read.caughtUp) return
    }
  }

  /** UNKNOWN where the store is not the one that was published from: the publisher tells that. */
  async function oldestAfter(after: Position): Promise<RecordedEvent | undefined | 'UNKNOWN'> {
    try {
      return (await events.readAll({ after, filter, limit: 1 })).events[0]
    } catch (error) {
      if (error instanceof PositionUnknown) return 'UNKNOWN'
      throw error
    }
  }

  return {
    beginsAt(position) {
      published = position
      known = true
      counted = position
      waiting = 0
    },
    movedTo(position, done) {
      waiting -= done.filter(({ event }) => event.position <= counted).length
      published = position
      if (counted <= position) {
        counted = position
        waiting = 0
      }
    },
    atLeastFrom(position) {
      published ??= position
      if (counted < published) counted = published
    },
    async count() {
      if (published === undefined) return { backlog: null, oldestAt: null }
      const oldest = await oldestAfter(published)
      if (oldest === 'UNKNOWN') return { backlog: null, oldestAt: null }
      if (!known) return { backlog: null, oldestAt: oldest?.recordedAt ?? null }
      if (oldest === undefined) return { backlog: 0, oldestAt: null }
      under ??= countOn().finally(() => {
        under = undefined
      })
      await under
      // Something waits, even where it was published while it was counted.
      return { backlog: Math.max(1, waiting), oldestAt: oldest.recordedAt }
    },
  }
}
