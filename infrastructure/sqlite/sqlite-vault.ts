import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { type CalendarAddress, inOneCase, isInOneCase } from '../../ports/vault/calendar-address.ts'
import type { CalendarDirectory, CredentialVault } from '../../ports/vault/credential-vault.ts'
import type { Sealed } from '../sealing/encryption.ts'
import { keyUnknown, newCalendarKey, type SealedRecords, sealedRecords } from '../sealing/sealed-records.ts'
import type { SqliteDatabase } from './database.ts'
import { reading } from './reading.ts'

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
    sealed BLOB NOT NULL,
    one_case INTEGER NOT NULL DEFAULT 0,
    joined_to TEXT
  ) WITHOUT ROWID;
`

/**
 * The vault and the calendar directory in an embedded database of their own. `keys`: 32 bytes each, the newest first.
 * `newId` gives random UUIDs (version 4): a calendar's key is one without its dashes, 32 lower-case hex characters.
 *
 * Keys rotate at opening. Every record that another of the given keys opens is sealed again with the newest, and its
 * fingerprint made again, in one transaction. Afterwards the older keys may be dropped. Records that no given key opens
 * stay as they are (`one_case` is 0 where their letter case was not made one): using one throws VaultKeyUnknown. So does looking up a calendar that is not found while there are
 * such records: it may be among them, and must not get a second key. `opensNothing`: something is stored, and no given
 * key opens any of it.
 */
export function sqliteVault(
  database: SqliteDatabase,
  { keys, newId }: { keys: readonly Uint8Array[]; newId: () => string },
): CredentialVault & { calendars: CalendarDirectory; opensNothing: boolean } {
  const records = sealedRecords(keys)
  database.sql.exec(SCHEMA)
  addColumns(database)
  rotate(database, records)
  bringIntoOneCase(database, records)
  const keysInUse = database.sql
    .prepare('SELECT key_id FROM credential UNION SELECT key_id FROM calendar')
    .all()
    .map(({ key_id }) => key_id)
  return {
    ...credentials(database, records),
    calendars: calendars(database, records, newId),
    opensNothing: keysInUse.length > 0 && !keysInUse.includes(records.newest),
  }
}

function credentials({ sql, write }: SqliteDatabase, records: SealedRecords): CredentialVault {
  const put = sql.prepare(`
    INSERT INTO credential (id, key_id, sealed) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed`)
  const get = sql.prepare('SELECT key_id, sealed FROM credential WHERE id = ?')
  const remove = sql.prepare('DELETE FROM credential WHERE id = ?')

  return {
    async put(credentialId, credential) {
      const { keyId, sealed } = records.sealCredential(credentialId, credential)
      await write(() => put.run(credentialId, keyId, sealed))
    },

    use: (credentialId) =>
      reading(() => {
        const row = get.get(credentialId)
        return row && records.openCredential(credentialId, toSealed(row))
      }),

    has: (credentialId) => reading(() => get.get(credentialId) !== undefined),

    async shred(credentialId) {
      const { changes } = await write(() => remove.run(credentialId))
      await reading(() => emptyLog(sql))
      return changes === 1
    },
  }
}

function calendars(
  { sql, write }: SqliteDatabase,
  records: SealedRecords,
  newId: () => string,
): CalendarDirectory {
  const insert = sql.prepare(
    'INSERT INTO calendar (calendar_key, key_id, fingerprint, sealed, one_case) VALUES (?, ?, ?, ?, ?)',
  )
  const byFingerprint = sql.prepare('SELECT calendar_key FROM calendar WHERE fingerprint = ?')
  const byKey = sql.prepare('SELECT calendar_key, key_id, sealed FROM calendar WHERE calendar_key = ?')
  const byKeys = sql.prepare(`
    SELECT calendar_key, key_id, sealed FROM calendar WHERE calendar_key IN (SELECT value FROM json_each(?))`)
  const remove = sql.prepare('DELETE FROM calendar WHERE calendar_key = :key OR joined_to = :key')
  const joinTo = sql.prepare(
    'UPDATE calendar SET joined_to = :into WHERE calendar_key = :key OR joined_to = :key',
  )
  const joined = sql.prepare('SELECT calendar_key, joined_to FROM calendar WHERE joined_to IS NOT NULL')
  const joinedTo = sql.prepare('SELECT joined_to FROM calendar WHERE calendar_key = ?')
  const sealedElsewhere = sql.prepare('SELECT 1 FROM calendar WHERE key_id <> ? LIMIT 1')

  const others = sql.prepare(
    'SELECT calendar_key, key_id, sealed FROM calendar WHERE one_case = 0 AND joined_to IS NULL',
  )

  function findNamed(address: CalendarAddress): string | undefined {
    const row = byFingerprint.get(records.fingerprintOf(address))
    return row && String(row.calendar_key)
  }

  const presentOf = (calendarKey: string) => String(joinedTo.get(calendarKey)?.joined_to ?? calendarKey)

  function find(address: CalendarAddress): string | undefined {
    const key = findNamed(address) ?? findNamed(inOneCase(address))
    if (key !== undefined) return presentOf(key)
    if (sealedElsewhere.get(records.newest) !== undefined) throw keyUnknown()
    return undefined
  }

  function make(address: CalendarAddress): string {
    const calendarKey = newCalendarKey(newId)
    const { keyId, fingerprint, sealed } = records.sealAddress(calendarKey, address)
    insert.run(calendarKey, keyId, fingerprint, sealed, isInOneCase(address) ? 1 : 0)
    return calendarKey
  }

  const addressIn = (row: Record<string, SQLOutputValue>) =>
    records.openAddress(String(row.calendar_key), toSealed(row))

  return {
    find: (address) => reading(() => find(address)),

    async keyOf(address) {
      const known = await reading(() => find(address))
      // Looked for again inside: another first call may have come before.
      return known ?? write(() => find(address) ?? make(inOneCase(address)))
    },

    keyOfCase: (address) => write(() => findNamed(address) ?? make(address)),

    namedTwice: () =>
      reading(() => {
        const rows = others.all().map((row) => [String(row.calendar_key), toSealed(row)] as const)
        return [...records.openAddresses(rows)].flatMap(([key, address]) => {
          const other = findNamed(inOneCase(address))
          const present = other && presentOf(other)
          return present === undefined || present === key ? [] : [[key, present] as const]
        })
      }),

    async join(calendarKey, into) {
      await write(() => {
        const present = presentOf(into)
        if (present !== presentOf(calendarKey)) joinTo.run({ key: calendarKey, into: present })
      })
    },

    joined: () =>
      reading(() =>
        joined.all().map(({ calendar_key, joined_to }) => [String(calendar_key), String(joined_to)] as const),
      ),

    addressOf: (calendarKey) =>
      reading(() => {
        const row = byKey.get(calendarKey)
        return row === undefined ? undefined : addressIn(row)
      }),

    addressesOf: (calendarKeys) =>
      reading(() => {
        const rows = byKeys.all(JSON.stringify(calendarKeys))
        return records.openAddresses(rows.map((row) => [String(row.calendar_key), toSealed(row)]))
      }),

    async forget(calendarKey) {
      const { changes } = await write(() => remove.run({ key: calendarKey }))
      await reading(() => emptyLog(sql))
      return changes > 0
    },
  }
}

/** A vault of before has no such columns. */
function addColumns({ sql }: SqliteDatabase): void {
  const has = sql.prepare("SELECT 1 FROM pragma_table_info('calendar') WHERE name = ?")
  for (const [name, type] of [
    ['one_case', 'INTEGER NOT NULL DEFAULT 0'],
    ['joined_to', 'TEXT'],
  ] as const)
    if (has.get(name) === undefined) sql.exec(`ALTER TABLE calendar ADD COLUMN ${name} ${type}`)
}

/** At opening, as `rotate`. A calendar whose shared name has a key already keeps its own. */
function bringIntoOneCase({ sql }: SqliteDatabase, records: SealedRecords): void {
  const rows = sql.prepare('SELECT calendar_key, key_id, sealed FROM calendar WHERE one_case = 0').all()
  if (rows.length === 0) return
  const set = sql.prepare(
    'UPDATE OR IGNORE calendar SET key_id = ?, sealed = ?, fingerprint = ?, one_case = 1 WHERE calendar_key = ?',
  )
  inOneTransaction(sql, () => {
    for (const row of rows) {
      const calendarKey = String(row.calendar_key)
      const anew = records.resealInOneCase(calendarKey, toSealed(row))
      if (anew !== undefined) set.run(anew.keyId, anew.sealed, anew.fingerprint, calendarKey)
    }
  })
  emptyLog(sql)
}

/** At opening, before anything else can write: hence not through the group. */
function rotate({ sql }: SqliteDatabase, records: SealedRecords): void {
  const old = {
    credentials: sql
      .prepare('SELECT id, key_id, sealed FROM credential WHERE key_id <> ?')
      .all(records.newest),
    calendars: sql
      .prepare('SELECT calendar_key, key_id, sealed FROM calendar WHERE key_id <> ?')
      .all(records.newest),
  }
  if (old.credentials.length + old.calendars.length === 0) return
  const setCredential = sql.prepare('UPDATE credential SET key_id = ?, sealed = ? WHERE id = ?')
  const setCalendar = sql.prepare(
    'UPDATE calendar SET key_id = ?, sealed = ?, fingerprint = ? WHERE calendar_key = ?',
  )
  inOneTransaction(sql, () => {
    for (const row of old.credentials) {
      const anew = records.resealCredential(String(row.id), toSealed(row))
      if (anew !== undefined) setCredential.run(anew.keyId, anew.sealed, String(row.id))
    }
    for (const row of old.calendars) {
      const calendarKey = String(row.calendar_key)
      const anew = records.resealAddress(calendarKey, toSealed(row))
      if (anew !== undefined) setCalendar.run(anew.keyId, anew.sealed, anew.fingerprint, calendarKey)
    }
  })
  emptyLog(sql)
}

function inOneTransaction(sql: DatabaseSync, work: () => void): void {
  sql.exec('BEGIN IMMEDIATE')
  try {
    work()
    sql.exec('COMMIT')
  } catch (error) {
    if (sql.isTransaction) sql.exec('ROLLBACK')
    throw error
  }
}

/**
 * Moves what was committed into the file itself and empties the write-ahead log, so that nothing deleted lingers there.
 * Closing does so by itself.
 */
function emptyLog(sql: DatabaseSync): void {
  if (sql.isOpen) sql.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

function toSealed(row: Record<string, SQLOutputValue>): Sealed {
  if (!(row.sealed instanceof Uint8Array)) throw new Error('a sealed record is a blob')
  return { keyId: String(row.key_id), sealed: row.sealed }
}
