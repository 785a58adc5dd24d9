import type { DatabaseSync } from 'node:sqlite'
import type { SqliteDatabase } from './database.ts'
import { migrate } from './schema.ts'
import { eventSchema } from './sqlite-event-schema.ts'

/** More than any store has decided since its last backup. */
const GAP = 1_000_000_000

/** No event is to be stored at this position or before it; 0 where there is nothing to skip. */
export const positionFloor = (sql: DatabaseSync): number =>
  Number(sql.prepare('SELECT max(position) AS position FROM position_floor').get()?.position ?? 0)

/**
 * To be called once on a restored copy, before a store is opened on it. Events that the lost store took in after the
 * copy are gone, but readers remember their positions. The next event here comes after all of those. A reader who goes
 * on from such a position misses nothing, and none of them means another event.
 */
export async function skipForgottenPositions(database: SqliteDatabase): Promise<void> {
  migrate(database, 'event store', eventSchema)
  const { sql } = database
  const last = Number(sql.prepare('SELECT max(position) AS position FROM events').get()?.position ?? 0)
  const floor = Math.max(last, positionFloor(sql)) + GAP
  await database.write(() => sql.prepare('INSERT INTO position_floor (position) VALUES (?)').run(floor))
}
