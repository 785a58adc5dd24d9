import { Client } from 'pg'
import { complaintOf, type DatabaseComplaint, databaseOptions } from './calcom-database.ts'
import { VIEW_COLUMNS, VIEW_SCHEMA } from './calcom-view.ts'

/** How Cal.com's database serves. `place` is HOST:PORT/DATABASE, without credentials. */
export type CalcomDatabaseCondition = { place: string } & (
  | { ok: false; complaint: DatabaseComplaint; detail: string }
  | {
      ok: true
      /** `VIEW.COLUMN` of what is read and is not there, or not for this role. */
      missing: string[]
      bookings: number
      /** What the role could do beyond reading the views; empty where it is as docs/calcom-view.sql makes it. */
      beyond: string[]
    }
)

const COLUMNS = 'SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1'
const COUNT = `SELECT count(*)::int AS bookings FROM ${VIEW_SCHEMA}.booking WHERE start_time > now() AT TIME ZONE 'UTC'`

/** Tables and views that are PostgreSQL's own are everybody's. */
const BEYOND = `
  WITH thing AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, n.nspname = '${VIEW_SCHEMA}' AS own
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  )
  SELECT 'is a superuser' AS what WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  UNION ALL
  (SELECT 'can read ' || name FROM thing WHERE NOT own AND has_any_column_privilege(oid, 'SELECT') ORDER BY name LIMIT 1)
  UNION ALL
  (SELECT 'can write ' || name FROM thing
    WHERE has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(oid, 'INSERT, UPDATE')
    ORDER BY name LIMIT 1)
  UNION ALL
  (SELECT 'can make tables in ' || quote_ident(nspname) FROM pg_namespace
    WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE') ORDER BY nspname LIMIT 1)`

/** Asks with a connection of its own, and changes nothing. Never throws. */
export async function calcomDatabaseCondition(url: string): Promise<CalcomDatabaseCondition> {
  const client = new Client(databaseOptions(url))
  client.on('error', () => undefined)
  const place = `${client.host}:${client.port}/${client.database}`
  try {
    await client.connect()
    const { rows } = await client.query(COLUMNS, [VIEW_SCHEMA])
    const there = new Set(rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`))
    const missing = Object.entries(VIEW_COLUMNS)
      .flatMap(([view, columns]) => columns.map((column) => `${view}.${column}`))
      .filter((column) => !there.has(column))
    const beyond = (await client.query(BEYOND)).rows.map(({ what }) => String(what))
    const bookings = missing.length > 0 ? 0 : (await client.query(COUNT)).rows[0].bookings
    return { ok: true, place, missing, bookings, beyond }
  } catch (error) {
    return { ok: false, place, complaint: complaintOf(error), detail: detailOf(error) }
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Texts of PostgreSQL and of Node name hosts, roles and databases, never a password. */
function detailOf(error: unknown): string {
  const one = error instanceof AggregateError ? error.errors[0] : error
  return one instanceof Error ? one.message : String(one)
}
