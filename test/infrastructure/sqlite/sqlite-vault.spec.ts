import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { VaultKeyUnknown } from '../../../ports/vault/credential-vault.ts'
import { keyOfBytes, vaultContract } from '../../ports/vault/vault.contract.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

vaultContract('SQLite in memory', async (keys) => {
  const database = openDatabase(':memory:')
  return {
    vault: sqliteVault(database, { keys, newId: randomUUID }),
    reopen: async (keys) => sqliteVault(database, { keys, newId: randomUUID }),
    close: () => database.close(),
  }
})

vaultContract('SQLite on a file', async (keys) => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'vault.sqlite')
  let database = openDatabase(path)
  return {
    vault: sqliteVault(database, { keys, newId: randomUUID }),
    async reopen(keys) {
      await database.close()
      database = openDatabase(path)
      return sqliteVault(database, { keys, newId: randomUUID })
    },
    async close() {
      await database.close()
      folder.remove()
    },
  }
})

const test = suite('SQLite vault')
const address = { provider: 'google', externalCalendarId: 'somebody@example.com' }

test('writes neither a credential nor a calendar in clear', async () => {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder.path, 'vault.sqlite'))
  const vault = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  await vault.put('a', { kind: 'oauth', refreshToken: '1//refresh-token' })
  await vault.calendars.keyOf(address)
  const written = contents(folder.path)
  assert.ok(written.includes('calendar_key'), 'the files are read')
  assert.not(written.includes('refresh'))
  assert.not(written.includes('somebody'))
  await database.close()
  const closed = contents(folder.path)
  assert.not(closed.includes('refresh'))
  assert.not(closed.includes('somebody'))
  folder.remove()
})

test('opens what a version stored that told letter cases apart', async () => {
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  const named = { ...address, externalCalendarId: 'Somebody@example.com' }
  const key = await vault.calendars.keyOfCase(named)
  database.sql.exec('ALTER TABLE calendar DROP COLUMN one_case')
  const { calendars } = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  assert.equal([await calendars.keyOf(address), await calendars.keyOf(named)], [key, key])
  await database.close()
})

test('leaves no trace of what was shredded or forgotten, not even encrypted', async () => {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder.path, 'vault.sqlite'))
  const vault = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  await vault.put('credential-to-shred', { kind: 'service-account', subject: 's@example.com' })
  const key = await vault.calendars.keyOf(address)
  const sealed = ['credential', 'calendar'].map((table) =>
    Buffer.from(database.sql.prepare(`SELECT sealed FROM ${table}`).get()?.sealed as Uint8Array),
  )
  for (const bytes of sealed) assert.ok(contents(folder.path).includes(bytes))
  await vault.shred('credential-to-shred')
  await vault.calendars.forget(key)
  const left = contents(folder.path)
  for (const bytes of sealed) assert.not(left.includes(bytes))
  assert.not(left.includes('credential-to-shred'))
  assert.not(left.includes(key))
  await database.close()
  folder.remove()
})

test('does not open a record that was altered or put in the place of another', async () => {
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  await vault.put('mine', { kind: 'service-account', subject: 'me@example.com' })
  await vault.put('yours', { kind: 'service-account', subject: 'you@example.com' })
  await database.write(() =>
    database.sql.exec(
      `UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE id = 'yours') WHERE id = 'mine'`,
    ),
  )
  assert.instance(await vault.use('mine').catch((error: unknown) => error), VaultKeyUnknown)
  await database.write(() => database.sql.exec('UPDATE credential SET sealed = substr(sealed, 2)'))
  assert.instance(await vault.use('yours').catch((error: unknown) => error), VaultKeyUnknown)
  const mine = await vault.calendars.keyOf(address)
  const yours = await vault.calendars.keyOf({ ...address, externalCalendarId: 'you@example.com' })
  await database.write(() =>
    database.sql
      .prepare('UPDATE calendar SET sealed = (SELECT sealed FROM calendar WHERE calendar_key = ?)')
      .run(yours),
  )
  assert.instance(await vault.calendars.addressOf(mine).catch((error: unknown) => error), VaultKeyUnknown)
  await database.close()
})

test('seals everything anew with the newest key at opening', async () => {
  const database = openDatabase(':memory:')
  const before = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  for (const n of [1, 2, 3]) {
    await before.put(`c${n}`, { kind: 'service-account', subject: `${n}@example.com` })
    await before.calendars.keyOf({ provider: 'google', externalCalendarId: `${n}@example.com` })
  }
  const keyIds = () =>
    database.sql.prepare('SELECT key_id FROM credential UNION SELECT key_id FROM calendar').all()
  const [old] = keyIds()
  sqliteVault(database, { keys: [keyOfBytes(2), keyOfBytes(1)], newId: randomUUID })
  assert.is(keyIds().length, 1)
  assert.is.not(keyIds()[0]?.key_id, old?.key_id)
  await database.close()
})

test('says at opening where no key opens anything of what is stored', async () => {
  const database = openDatabase(':memory:')
  const open = (...keys: number[]) => sqliteVault(database, { keys: keys.map(keyOfBytes), newId: randomUUID })
  assert.is(open(1).opensNothing, false, 'nothing is stored')
  await open(1).put('c1', { kind: 'service-account', subject: 'me@example.com' })
  assert.is(open(1).opensNothing, false)
  assert.is(open(2).opensNothing, true)
  assert.is(open(2, 1).opensNothing, false)
  assert.is(open(1).opensNothing, true, 'sealed anew with another key')
  await open(1).put('c2', { kind: 'service-account', subject: 'you@example.com' })
  assert.is(open(1).opensNothing, false, 'one of two opens')
  await database.close()
})

test('needs a key of 32 bytes', async () => {
  const database = openDatabase(':memory:')
  assert.throws(() => sqliteVault(database, { keys: [], newId: randomUUID }), /needs a key/)
  assert.throws(() => sqliteVault(database, { keys: [new Uint8Array(16)], newId: randomUUID }), /32 bytes/)
  await database.close()
})

test('answers StoreUnavailable when the file is closed', async () => {
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [keyOfBytes(1)], newId: randomUUID })
  await database.close()
  const calls = [vault.use('a'), vault.put('a', { kind: 'service-account', subject: 's' }), vault.shred('a')]
  for (const call of [...calls, vault.calendars.keyOf(address)]) {
    assert.instance(await call.catch((error: unknown) => error), StoreUnavailable)
  }
})

test.run()

/** All bytes of the folder's files, the write-ahead log included. */
function contents(folder: string): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
}
