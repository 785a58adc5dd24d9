// Connections to Cal.com's database, for reading alone, and what their failures mean.
import { type ClientConfig, Pool } from 'pg'
import type { DirectoryError } from '../../ports/booking-directory.ts'
import { errorCode } from '../logging/error-facts.ts'

/** Connections of one process. Questions are short: more would only wait inside of Cal.com's database. */
const MOST_CONNECTIONS = 4

/** Milliseconds: for a connection, and for an answer. */
export type CalcomDatabaseTimes = { connectMs?: number; answerMs?: number }

/** How Cal.com's database is reached. */
export const databaseOptions = (
  url: string,
  { connectMs = 5_000, answerMs = 10_000 }: CalcomDatabaseTimes = {},
): ClientConfig => ({
  connectionString: url,
  application_name: 'calendar-sync',
  connectionTimeoutMillis: connectMs,
  // The client gives up, and drops the connection; the role's own statement_timeout ends the statement.
  query_timeout: answerMs,
  keepAlive: true,
})

/** Opens nothing yet. A connection that fails is dropped, and the next question opens another one. */
export function calcomDatabasePool(url: string, times?: CalcomDatabaseTimes): Pool {
  const pool = new Pool({
    ...databaseOptions(url, times),
    max: MOST_CONNECTIONS,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
  })
  // A connection that broke while nobody used it: whoever asks next learns whether the database is away.
  pool.on('error', () => undefined)
  return pool
}

/** What keeps the database from being a view of the bookings. Stable: `/status` and `doctor` tell it. */
export type DatabaseComplaint =
  | 'CALCOM_DATABASE_AWAY'
  | 'CALCOM_DATABASE_REFUSED'
  | 'CALCOM_VIEW_MISSING'
  | 'CALCOM_VIEW_FAILS'

/** PostgreSQL's codes (SQLSTATE) of a password, a role or a database that it does not take, and of missing rights. */
const REFUSED = /^(28...|3D000|42501)$/
/** A schema, a view or a column that is not there, or has another type. */
const MISSING = /^(3F000|42P01|42703|42883|42804)$/
/** Classes of a server that is away, overloaded or shutting down, and of a statement that took too long. */
const AWAY = /^(08|53|57|58)...$/

/** The meaning of a failed question. An error without a code of PostgreSQL's is one of the way to it. */
export function complaintOf(error: unknown): DatabaseComplaint {
  const code = errorCode(error) ?? ''
  if (REFUSED.test(code)) return 'CALCOM_DATABASE_REFUSED'
  if (MISSING.test(code)) return 'CALCOM_VIEW_MISSING'
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) && !AWAY.test(code)
    ? 'CALCOM_VIEW_FAILS'
    : 'CALCOM_DATABASE_AWAY'
}

/** Nothing is decided in either case: the question is asked again, until a person has mended it. */
export const directoryErrorOf = (complaint: DatabaseComplaint): DirectoryError => ({
  ok: false,
  code: complaint.startsWith('CALCOM_VIEW_') ? 'BAD_ANSWER' : 'UNAVAILABLE',
})
