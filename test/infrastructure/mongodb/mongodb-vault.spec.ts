import { randomUUID } from 'node:crypto'
import { BSON } from 'mongodb'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type MongodbConnection,
  mongodbConnection,
} from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbVault } from '../../../infrastructure/mongodb/mongodb-vault.ts'
import { VaultKeyUnknown } from '../../../ports/vault/credential-vault.ts'
import { keyOfBytes, vaultContract } from '../../ports/vault/vault.contract.ts'
import { mongodbForTests, skippedWithoutMongodb } from '../../support/mongodb.ts'

const server = await mongodbForTests()

if (server === undefined) skippedWithoutMongodb('MongoDB vault')
else {
  vaultContract('MongoDB', async (keys) => {
    const { connection, close } = await server.open()
    return {
      vault: mongodbVault(connection, { keys, newId: randomUUID }),
      async reopen(keys) {
        const again = mongodbVault(connection, { keys, newId: randomUUID })
        // An answer says that its keys have rotated.
        await again.has('any')
        return again
      },
      close,
    }
  })

  const test = suite('MongoDB vault')
  const address = { provider: 'google', externalCalendarId: 'somebody@example.com' }
  const opened = (connection: MongodbConnection, ...bytes: number[]) =>
    mongodbVault(connection, { keys: bytes.map(keyOfBytes), newId: randomUUID })

  test('gives one key to first calls of two processes at once', async () => {
    const { connection, url, close } = await server.open()
    const other = mongodbConnection(url)
    const vaults = [opened(connection, 1), opened(other, 1)]
    for (let round = 0; round < 10; round++) {
      const calendar = { ...address, externalCalendarId: `c${round}@example.com` }
      const calls = Array.from({ length: 10 }, (_, n) => vaults[n % 2]?.calendars.keyOf(calendar))
      assert.is(new Set(await Promise.all(calls)).size, 1)
    }
    await other.close()
    await close()
  })

  test('keeps neither a credential nor a calendar in clear, in a database of its own', async () => {
    const { connection, close } = await server.open()
    const vault = opened(connection, 1)
    await vault.put('a', { kind: 'oauth', refreshToken: '1//refresh-token' })
    await vault.calendars.keyOf(address)
    const { vaultDatabase, database } = connection
    const kept = await Promise.all(
      ['credentials', 'calendars'].map((name) => vaultDatabase.collection(name).find().toArray()),
    )
    assert.equal(
      kept.map((list) => list.length),
      [1, 1],
    )
    const bytes = BSON.serialize({ kept })
    for (const text of ['refresh', 'somebody']) assert.not(Buffer.from(bytes).includes(text))
    assert.equal(await database.listCollections().toArray(), [])
    await close()
  })

  test('tells whether something is stored and none of the keys opens any of it', async () => {
    const { connection, close } = await server.open()
    assert.is(await opened(connection, 1).opensNothing(), false, 'nothing is stored')
    await opened(connection, 1).put('a', { kind: 'oauth', refreshToken: 'r' })
    assert.is(await opened(connection, 1).opensNothing(), false)
    assert.is(await opened(connection, 2).opensNothing(), true)
    assert.is(await opened(connection, 2, 1).opensNothing(), false)
    assert.is(await opened(connection, 1).opensNothing(), true, 'sealed anew with another key')
    await opened(connection, 1).put('b', { kind: 'oauth', refreshToken: 'r' })
    assert.is(await opened(connection, 1).opensNothing(), false, 'one of two opens')
    await close()
  })

  test('does not take what is stored in the same moment, also with an older key, for what no key opens', async () => {
    const { connection, close } = await server.open()
    const vault = opened(connection, 1)
    for (let round = 0; round < 30; round++) {
      const put = vault.put('a', { kind: 'oauth', refreshToken: 'r' })
      const found = await Promise.all([vault.opensNothing(), vault.opensNothing(), put])
      assert.equal(found.slice(0, 2), [false, false])
      await vault.shred('a')
    }
    const newer = opened(connection, 2, 1)
    assert.is(await newer.opensNothing(), false)
    await vault.calendars.keyOf(address)
    assert.is(await newer.opensNothing(), false)
    await close()
  })

  test('seals again what a process with the older key stored after the newer one had rotated', async () => {
    const { connection, close } = await server.open()
    const older = opened(connection, 1)
    await older.has('any')
    const newer = opened(connection, 2, 1)
    await newer.has('any')
    const key = await older.calendars.keyOf(address)
    assert.is(await newer.calendars.keyOf(address), key)
    assert.is(await opened(connection, 2).calendars.keyOf(address), key)
    await close()
  })

  test('does not open a record that was put in the place of another', async () => {
    const { connection, close } = await server.open()
    const vault = opened(connection, 1)
    await vault.put('mine', { kind: 'service-account', subject: 'me@example.com' })
    await vault.put('yours', { kind: 'service-account', subject: 'you@example.com' })
    const records = connection.vaultDatabase.collection<{ _id: string }>('credentials')
    const yours = await records.findOne({ _id: 'yours' })
    await records.replaceOne({ _id: 'mine' }, { ...yours, _id: 'mine' })
    assert.instance(await vault.use('mine').catch((error: unknown) => error), VaultKeyUnknown)
    await close()
  })

  test.run()
}
