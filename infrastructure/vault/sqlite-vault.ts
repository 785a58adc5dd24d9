import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { SqliteDatabase } from '../sqlite/database.ts'
import { reading } from '../sqlite/reading.ts'
import {
  type CalendarAddress,
  type CalendarDirectory,
  type Credential,
  type CredentialVault,
  VaultKeyUnknown,
} from './credential-vault.ts'
import { type KeyRing, keyRing, type Sealed } from './encryption.ts'

/**
 * Neither a credential nor a calendar's id lies here in clear: an address is found by its keyed fingerprint and read
 * from its sealed text. `secure_delete` overwrites what is deleted.
 */
const SCHEMA = `
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS credential (id TEXT PRIMARY KEY, key_id TEXT NOT NULL, sealed BLOB NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS calendar (
    calendar_key TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL
  ) WITHOUT ROWID;
`

/**
 * The vault and the calendar directory in an embedded database of their own. `keys`: 32 bytes each, the newest first.
 * `newId` gives random UUIDs (version 4): a calendar's key is one without its dashes, 32 lower-case hex characters.
 *
 * Keys rotate at opening: every record that another of the given keys opens is sealed again, and its fingerprint made
 * again, with the newest, in one transaction; afterwards the older keys may be dropped. Records that no given key
 * opens stay as they are: using one throws VaultKeyUnknown, and so does looking up a calendar that is not found
 * while there are such records, because it may be among them and must not get a second key.
 */
export function sqliteVault(
  database: SqliteDatabase,
  { keys, newId }: { keys: readonly Uint8Array[]; newId: () => string },
): CredentialVault & { directory: CalendarDirectory } {
  const ring = keyRing(keys)
  database.sql.exec(SCHEMA)
  rotate(database, ring)
  return { ...credentials(database, ring), directory: calendars(database, ring, newId) }
}

function credentials({ sql, write }: SqliteDatabase, ring: KeyRing): CredentialVault {
  const put = sql.prepare(`
    INSERT INTO credential (id, key_id, sealed) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed`)
  const get = sql.prepare('SELECT key_id, sealed FROM credential WHERE id = ?')
  const remove = sql.prepare('DELETE FROM credential WHERE id = ?')

  return {
    async put(credentialId, credential) {
      const { keyId, sealed } = ring.seal(JSON.stringify(credential), credentialContext(credentialId))
      await write(() => put.run(credentialId, keyId, sealed))
    },

    use: (credentialId) =>
      reading(() => {
        const row = get.get(credentialId)
        if (row === undefined) return undefined
        // What `put` sealed: a Credential's JSON.
        return JSON.parse(opened(ring, toSealed(row), credentialContext(credentialId))) as Credential
      }),

    has: (credentialId) => reading(() => get.get(credentialId) !== undefined),

    async shred(credentialId) {
      const { changes } = await write(() => remove.run(credentialId))
      await reading(() => emptyLog(sql))
      return changes === 1
    },
  }
}

function calendars({ sql, write }: SqliteDatabase, ring: KeyRing, newId: () => string): CalendarDirectory {
  const insert = sql.prepare(
    'INSERT INTO calendar (calendar_key, key_id, fingerprint, sealed) VALUES (?, ?, ?, ?)',
  )
  const byFingerprint = sql.prepare('SELECT calendar_key FROM calendar WHERE fingerprint = ?')
  const byKey = sql.prepare('SELECT calendar_key, key_id, sealed FROM calendar WHERE calendar_key = ?')
  const byKeys = sql.prepare(`
    SELECT calendar_key, key_id, sealed FROM calendar WHERE calendar_key IN (SELECT value FROM json_each(?))`)
  const remove = sql.prepare('DELETE FROM calendar WHERE calendar_key = ?')
  const sealedElsewhere = sql.prepare('SELECT 1 FROM calendar WHERE key_id <> ? LIMIT 1')

  function find(address: CalendarAddress): string | undefined {
    const row = byFingerprint.get(ring.fingerprint(addressText(address)))
    if (row !== undefined) return String(row.calendar_key)
    if (sealedElsewhere.get(ring.newest) !== undefined) throw keyUnknown()
    return undefined
  }

  function make(address: CalendarAddress): string {
    const calendarKey = newId().replaceAll('-', '')
    const { keyId, sealed } = ring.seal(addressText(address), calendarContext(calendarKey))
    insert.run(calendarKey, keyId, ring.fingerprint(addressText(address)), sealed)
    return calendarKey
  }

  function addressIn(row: Record<string, SQLOutputValue>): CalendarAddress {
    const text = opened(ring, toSealed(row), calendarContext(String(row.calendar_key)))
    // What `addressText` wrote.
    const [provider, externalCalendarId] = JSON.parse(text) as [string, string]
    return { provider, externalCalendarId }
  }

  return {
    find: (address) => reading(() => find(address)),

    async keyOf(address) {
      const known = await reading(() => find(address))
      // Looked for again inside: another first call may have come before.
      return known ?? write(() => find(address) ?? make(address))
    },

    addressOf: (calendarKey) =>
      reading(() => {
        const row = byKey.get(calendarKey)
        return row === undefined ? undefined : addressIn(row)
      }),

    addressesOf: (calendarKeys) =>
      reading(() => {
        const rows = byKeys.all(JSON.stringify(calendarKeys))
        return new Map(rows.map((row) => [String(row.calendar_key), addressIn(row)]))
      }),

    async forget(calendarKey) {
      const { changes } = await write(() => remove.run(calendarKey))
      await reading(() => emptyLog(sql))
      return changes === 1
    },
  }
}

/** At opening, before anything else can write: hence not through the group. */
function rotate({ sql }: SqliteDatabase, ring: KeyRing): void {
  const old = {
    credentials: sql.prepare('SELECT id, key_id, sealed FROM credential WHERE key_id <> ?').all(ring.newest),
    calendars: sql
      .prepare('SELECT calendar_key, key_id, sealed FROM calendar WHERE key_id <> ?')
      .all(ring.newest),
  }
  if (old.credentials.length + old.calendars.length === 0) return
  const setCredential = sql.prepare('UPDATE credential SET key_id = ?, sealed = ? WHERE id = ?')
  const setCalendar = sql.prepare(
    'UPDATE calendar SET key_id = ?, sealed = ?, fingerprint = ? WHERE calendar_key = ?',
  )
  sql.exec('BEGIN IMMEDIATE')
  try {
    for (const row of old.credentials) {
      const context = credentialContext(String(row.id))
      const text = ring.open(toSealed(row), context)
      if (text === undefined) continue
      const { keyId, sealed } = ring.seal(text, context)
      setCredential.run(keyId, sealed, String(row.id))
    }
    for (const row of old.calendars) {
      const context = calendarContext(String(row.calendar_key))
      const text = ring.open(toSealed(row), context)
      if (text === undefined) continue
      const { keyId, sealed } = ring.seal(text, context)
      setCalendar.run(keyId, sealed, ring.fingerprint(text), String(row.calendar_key))
    }
    sql.exec('COMMIT')
  } catch (error) {
    if (sql.isTransaction) sql.exec('ROLLBACK')
    throw error
  }
  emptyLog(sql)
}

/**
 * Moves what was committed into the file itself and empties the write-ahead log, so that nothing deleted lingers there.
 * Closing does so by itself.
 */
function emptyLog(sql: DatabaseSync): void {
  if (sql.isOpen) sql.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

const credentialContext = (credentialId: string) => `credential ${credentialId}`
const calendarContext = (calendarKey: string) => `calendar ${calendarKey}`
const addressText = ({ provider, externalCalendarId }: CalendarAddress) =>
  JSON.stringify([provider, externalCalendarId])

function opened(ring: KeyRing, sealed: Sealed, context: string): string {
  const text = ring.open(sealed, context)
  if (text === undefined) throw keyUnknown()
  return text
}

const keyUnknown = () => new VaultKeyUnknown('no configured encryption key opens a record of the vault')

function toSealed(row: Record<string, SQLOutputValue>): Sealed {
  if (!(row.sealed instanceof Uint8Array)) throw new Error('a sealed record is a blob')
  return { keyId: String(row.key_id), sealed: row.sealed }
}
