import type { Filter } from '../../ports/event-store/event-store.ts'

/**
 * The tables, version by version (infrastructure/sqlite/schema.ts). The file is a storage format: a step that has been
 * released is never changed, only followed by another.
 *
 * `position` is the rowid, and every index ends in it without naming it. So the events of one category or type come out
 * of their index in the order of all events.
 */
export const eventSchema: readonly string[] = [
  `
  CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    category    TEXT NOT NULL,
    id          TEXT NOT NULL,
    type        TEXT NOT NULL,
    data        TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    recorded_at TEXT NOT NULL
  );
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
  CREATE INDEX events_by_id ON events (id);
  CREATE INDEX events_by_category ON events (category);
  CREATE INDEX events_by_type ON events (type);
  `,
  // No event is stored at or before it any more (sqlite-position-floor.ts); no row where there is nothing to skip.
  'CREATE TABLE position_floor (position INTEGER NOT NULL);',
]

/** A row as the reading queries give it. */
export type EventRow = {
  position: number
  stream: string
  revision: number
  id: string
  type: string
  data: string
  metadata: string
  recorded_at: string
}

const columns = 'position, stream, revision, id, type, data, metadata, recorded_at'

/** Every fixed statement of the store. Each finds its rows through an index or by position. */
export const eventQueries = {
  /** A position of null is the one after the last. */
  insert:
    'INSERT INTO events (position, stream, revision, category, id, type, data, metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  lastRevision: 'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
  byId: 'SELECT revision, position FROM events WHERE id = ? AND stream = ?',
  /** From one revision to before another: a bound LIMIT would take half as long again. */
  stream: `SELECT ${columns} FROM events WHERE stream = ? AND revision >= ? AND revision < ? ORDER BY revision`,
  all: `SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
  head: 'SELECT position FROM events ORDER BY position DESC LIMIT 1',
}

/** The query for a filtered page and the filter's values; parameters are `after`, `limit`, then the values. */
export function filteredQuery(filter: Filter): { text: string; values: string[] } {
  const [column, given] = 'types' in filter ? ['type', filter.types] : ['category', filter.categories]
  const values = [...new Set(given)]
  // `column IN (…)` would fetch and sort all that follows for every page; SQLite merges these lazily, in order.
  const parts = values.map(
    (_, index) => `SELECT ${columns} FROM events WHERE ${column} = ?${index + 3} AND position > ?1`,
  )
  return { text: `${parts.join(' UNION ALL ')} ORDER BY position LIMIT ?2`, values }
}
