import type { SqliteDatabase } from './database.ts'

/** The file was written by a later version of the service, whose tables this one does not know. */
class SchemaTooNew extends Error {
  readonly code = 'SCHEMA_TOO_NEW'
  constructor(message: string) {
    super(message)
    this.name = 'SchemaTooNew'
  }
}

/**
 * Brings the tables of one `part` of the file to the newest version, in one transaction, before this call returns. Each
 * store that shares the file is a part. `steps[n]` is the SQL that leads from version n to n + 1; once released, a step
 * is never changed. If the file knows more versions than `steps`, throws SchemaTooNew and leaves the file as it was.
 */
export function migrate(database: SqliteDatabase, part: string, steps: readonly string[]): void {
  const { sql } = database
  sql.exec('BEGIN IMMEDIATE')
  try {
    sql.exec('CREATE TABLE IF NOT EXISTS schema_versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL)')
    const version = Number(
      sql.prepare('SELECT version FROM schema_versions WHERE part = ?').get(part)?.version ?? 0,
    )
    if (version > steps.length)
      throw new SchemaTooNew(
        `the ${part} in ${sql.location() ?? 'memory'} has schema version ${version}, and this version of the service knows ${steps.length} at most: start the newer one`,
      )
    for (const step of steps.slice(version)) sql.exec(step)
    if (version < steps.length)
      sql
        .prepare('INSERT OR REPLACE INTO schema_versions (part, version) VALUES (?, ?)')
        .run(part, steps.length)
    sql.exec('COMMIT')
  } catch (error) {
    if (sql.isTransaction) sql.exec('ROLLBACK')
    throw error
  }
}
