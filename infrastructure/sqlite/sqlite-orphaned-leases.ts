import type { Clock } from '../../ports/clock.ts'
import type { SqliteDatabase } from './database.ts'

const FREE = `
  UPDATE signal SET lease_token = NULL, lease_until = NULL, due_at = :now WHERE lease_token IS NOT NULL`

/**
 * Makes everything that is under a lease due at once, as `release` does. For the process that has just opened the store
 * and has it for itself: the owners of its leases were killed, and nothing need wait for their end. Call it before the
 * first lease; the queue must have been opened.
 */
export function freeOrphanedLeases(database: SqliteDatabase, clock: Pick<Clock, 'now'>): void {
  database.sql.prepare(FREE).run({ now: clock.now().epochMilliseconds })
}
