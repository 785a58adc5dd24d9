import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mongodbConnection } from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbReadStore } from '../../../infrastructure/mongodb/mongodb-read-store.ts'
import { readStoreContract } from '../../ports/read-store/read-store.contract.ts'
import { mongodbForTests, skippedWithoutMongodb } from '../../support/mongodb.ts'

const server = await mongodbForTests()

/** Another server of the protocol may compare text as its language does. */
const ORDERED_BY_UTF_16 = {
  'orders text by its code points and bounds a prefix exactly':
    'this server orders by UTF-16 units; set MONGODB_URL to a MongoDB itself',
}

if (server === undefined) skippedWithoutMongodb('MongoDB read store')
else {
  readStoreContract(
    'MongoDB',
    async () => {
      const { connection, close } = await server.open()
      return { store: mongodbReadStore(connection), close }
    },
    server.itself ? {} : ORDERED_BY_UTF_16,
  )

  const test = suite('MongoDB read store')
  const bookings = { name: 'bookings', indexes: ['event'] }
  const put = (id: string, position: number, event: string[]) => ({
    collection: 'bookings',
    id,
    put: { id },
    keys: { event },
    position: String(position).padStart(20, '0'),
  })

  test('pages in one order through documents of one key and of several, as they change', async () => {
    const { connection, close } = await server.open()
    const store = mongodbReadStore(connection)
    await store.prepare([bookings])
    await store.write([
      put('a', 1, ['k1', 'k3', 'k5']),
      put('b', 2, ['k2']),
      put('c', 3, ['k3']),
      put('d', 4, ['k4', 'z']),
    ])
    const paged = async (range: { prefix: string } | { oneOf: string[] }) => {
      const seen: string[] = []
      for (let after: string | undefined, more = true; more; ) {
        const page = await store.find('bookings', 'event', range, { limit: 1, ...(after ? { after } : {}) })
        seen.push(...page.items.map(({ id, key, document }) => `${key} ${id} ${document.id}`))
        after = page.next ?? undefined
        more = page.next !== null
      }
      return seen
    }
    assert.equal(await paged({ prefix: 'k' }), ['k1 a a', 'k2 b b', 'k3 a a', 'k3 c c', 'k4 d d', 'k5 a a'])
    assert.equal(await paged({ oneOf: ['k3', 'z', 'k2'] }), ['k2 b b', 'k3 a a', 'k3 c c', 'z d d'])
    assert.is(await store.count('bookings', 'event', { prefix: 'k' }), 6)
    await store.write([put('a', 5, ['k3']), put('c', 6, ['k3', 'k6']), put('d', 7, [])])
    assert.equal(await paged({ prefix: '' }), ['k2 b b', 'k3 a a', 'k3 c c', 'k6 c c'])
    assert.is(await store.count('bookings', 'event', { prefix: '' }), 4)
    await close()
  })

  test('does not leave out a document whose other keys come or go while it is read', async () => {
    const { connection, close } = await server.open()
    const store = mongodbReadStore(connection)
    await store.prepare([bookings])
    await store.write([put('a', 1, ['k'])])
    for (let n = 2; n < 100; n++) {
      const reading = store.find('bookings', 'event', { oneOf: ['k'] }, { limit: 9 })
      await store.write([put('a', n, n % 2 === 0 ? ['j', 'k', 'l'] : ['k'])])
      const { items } = await reading
      assert.equal(
        items.map(({ id, key }) => `${key} ${id}`),
        ['k a'],
      )
    }
    await close()
  })

  test('keeps the latest of many first writes of one document by two processes at once', async () => {
    const { connection, url, close } = await server.open()
    const other = mongodbConnection(url)
    const stores = [mongodbReadStore(connection), mongodbReadStore(other)]
    for (const store of stores) await store.prepare([bookings])
    for (let round = 0; round < 20; round++) {
      const id = `b${round}`
      await Promise.all(
        [3, 1, 4, 2].map((n) =>
          stores[n % 2]?.write([put(id, n, [`k${n}`])], { projection: id, position: `0${n}` }),
        ),
      )
      const { items } = (await stores[0]?.find('bookings', 'event', { prefix: '' }, { limit: 99 })) ?? {
        items: [],
      }
      assert.equal(
        items.filter((item) => item.id === id).map(({ key }) => key),
        ['k4'],
      )
      assert.is(await stores[1]?.checkpoint(id), '04')
    }
    await other.close()
    await close()
  })

  test('takes documents whose field names say something to MongoDB', async () => {
    const { connection, close } = await server.open()
    const store = mongodbReadStore(connection)
    await store.prepare([bookings])
    const document = { $set: 1, 'a.b': { $gt: 'x' }, _id: 'other', '': [{ 'c.$': null }] }
    await store.write([{ collection: 'bookings', id: 'a', put: document, position: '1' }])
    assert.equal(await store.get('bookings', 'a'), document)
    await close()
  })

  const onMongodbItself = server.itself ? test : test.skip
  if (!server.itself)
    console.log('SKIP MongoDB indexes in the way: set MONGODB_URL to a MongoDB itself, or start Docker')
  onMongodbItself('replaces an index of another kind that has the name or the keys of its own', async () => {
    const { connection, close } = await server.open()
    const collection = connection.database.collection('read.bookings')
    await collection.createIndex({ other: 1 }, { name: 'event key' })
    await collection.createIndex({ 'keys.event': 1 }, { name: 'by hand' })
    const store = mongodbReadStore(connection)
    await store.prepare([bookings])
    const indexes = await collection.indexes()
    assert.equal(indexes.map(({ name }) => name).toSorted(), ['_id_', 'event key', 'event keys'])
    assert.equal(indexes.find(({ name }) => name === 'event key')?.key, { 'key.event': 1, _id: 1 })
    await close()
  })

  test.run()
}
