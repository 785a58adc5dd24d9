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

/** The order of facts. Every method may reject with StoreUnavailable; then nothing of the call was stored. */
export interface EventStore {
  /** The events of one stream, oldest first; none if it does not exist. */
  readStream(stream: string, options?: { fromRevision?: number }): Promise<RecordedEvent[]>
  /**
   * Appends all or nothing; resolved means durable. The very same ids, sent again to the same stream with the same
   * expected revision, are a success with the original revision and position. A batch that mixes known and
   * new ids is a wrong expected revision. At least one event; an event's JSON is at most 1 MiB (throws RangeError).
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>
  /** At most `limit` matching events after `after`. */
  readAll(options: { after: Position; filter?: Filter; limit: number }): Promise<EventPage>
  /**
   * Everything after `after`, then live, without gaps or doubles, in pages of at most `limit` (256), until `signal`
   * aborts (then it ends without an error). A page with no events still moves `position`. Pulled: a slow reader
   * buffers nothing.
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
