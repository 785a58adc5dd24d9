import type { EventMetadata } from '../../domain/event-metadata.ts'

/**
 * A place in the order of all events: opaque, of fixed width within one store, sortable as text. START is before
 * every event.
 */
export type Position = string
export const START: Position = ''

/** Plain JSON: no undefined, no bigint, no Date. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** An event to be appended. `id` is a UUID; appending the same id again is recognised (see `append`). */
export type NewEvent = { id: string; type: string; data: { [key: string]: Json }; metadata: EventMetadata }

/** An event as stored. `recordedAt` is the store's own time, RFC 3339 in UTC; `revision` counts from 0 in its stream. */
export type RecordedEvent = NewEvent & {
  stream: string
  revision: number
  position: Position
  recordedAt: string
}

/** The stream's last revision as the writer knows it; 'no-stream' if it must not exist yet. */
export type ExpectedRevision = number | 'no-stream'

/**
 * A position of the right form that is no place in this store: it was given by another one, or by this one before it was
 * restored from an older copy. Trying again does not help.
 */
export class PositionUnknown extends Error {
  readonly code = 'POSITION_UNKNOWN'
  constructor(position: Position, why: string, options?: { cause?: unknown }) {
    super(`${position} is no place in the event store: ${why}`, options)
    this.name = 'PositionUnknown'
  }
}

export type AppendResult =
  | { ok: true; revision: number; position: Position }
  | { ok: false; error: 'WRONG_EXPECTED_REVISION'; actual: number | 'no-stream' }

/** Which events: those of streams of these categories (a stream's name up to its first '-'), or of these types. */
export type Filter = { categories: readonly string[] } | { types: readonly string[] }

/**
 * A step of a reading of all events: `events` in order, and the `position` from which to go on, which may be beyond the
 * last event given (others were filtered out). `caughtUp` where nothing more was there at the time of reading.
 */
export type EventPage = { events: RecordedEvent[]; position: Position; caughtUp: boolean }

/**
 * The order of facts. Every method may reject with StoreUnavailable; then nothing of the call was stored. Only `append`
 * may reject with OutcomeUnknown too: it may be stored, and the very same events may be sent again.
 */
export interface EventStore {
  /** The events of one stream, oldest first; none if it does not exist. */
  readStream(stream: string, options?: { fromRevision?: number }): Promise<RecordedEvent[]>
  /**
   * Appends all or nothing; resolved means durable. The very same ids, sent again to the same stream with the same
   * expected revision, are a success with the original revision and position. Where the store keeps the events no longer,
   * the position is a later one. A batch that mixes known and
   * new ids is a wrong expected revision. At least one event; an event's JSON is at most 1 MiB (throws RangeError).
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>
  /**
   * At most `limit` matching events after `after`; none beyond the end. Rejects with PositionUnknown where the store can
   * tell.
   */
  readAll(options: { after: Position; filter?: Filter; limit: number }): Promise<EventPage>
  /**
   * Everything after `after`, then live, without gaps or doubles, in pages of at most `limit` (256), until `signal`
   * aborts (then it ends without an error). A page with no events still moves `position`. Pulled: a slow reader
   * buffers nothing. Rejects with PositionUnknown where the store can tell, at once or after an outage,
   * beyond its end too.
   */
  subscribe(options: {
    after: Position
    filter?: Filter
    limit?: number
    signal: AbortSignal
  }): AsyncIterable<EventPage>
  /** The position of the last event; START in an empty store. */
  head(): Promise<Position>
  close(): Promise<void>
}
