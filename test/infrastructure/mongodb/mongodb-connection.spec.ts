import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCode } from '../../../infrastructure/logging/error-facts.ts'
import { mongodbConnection } from '../../../infrastructure/mongodb/mongodb-connection.ts'
import type { MongodbDescription } from '../../../infrastructure/mongodb/mongodb-diagnosis.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { mongodbForTests, skippedWithoutMongodb, withDatabase } from '../../support/mongodb.ts'
import { mongodbDouble } from '../../support/mongodb-double.ts'
import { freePort } from '../../support/mongodb-server.ts'

const test = suite('MongoDB connection')

test('says that nothing listens there, and rejects each call within its time', async () => {
  const url = `mongodb://127.0.0.1:${await freePort()}/`
  const { ok, problem, detail } = await described(url)
  assert.equal({ ok, problem }, { ok: false, problem: 'REFUSED' })
  assert.match(detail, 'ECONNREFUSED')
  const connection = mongodbConnection(url, { unreachableAfterMs: 300 })
  for (let call = 0; call < 2; call++) {
    const started = performance.now()
    const outcome = await connection
      .use(() => connection.database.collection('a').findOne())
      .catch((error: unknown) => error)
    assert.instance(outcome, StoreUnavailable)
    assert.ok(performance.now() - started < 2000)
  }
  await connection.close()
})

test('gives a call its whole time, where another began to connect before it', async () => {
  const port = await freePort()
  const connection = mongodbConnection(`mongodb://127.0.0.1:${port}/`, { unreachableAfterMs: 2000 })
  const read = () => connection.use(() => connection.database.collection('a').findOne())
  const before = read().catch((error: unknown) => error)
  const later = read()
  assert.instance(await before, StoreUnavailable)
  const server = await mongodbDouble('STANDALONE', { port })
  try {
    assert.is(await later, null)
  } finally {
    await connection.close()
    await server.close()
  }
})

test('says that a name cannot be resolved, one that lists servers too', async () => {
  for (const scheme of ['mongodb', 'mongodb+srv']) {
    const { ok, problem } = await described(`${scheme}://nowhere.invalid/`)
    assert.equal({ ok, problem }, { ok: false, problem: 'DNS' }, scheme)
  }
})

test('says that what answers speaks no TLS', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => socket.end('no TLS here\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { ok, problem } = await described(`mongodb://127.0.0.1:${address.port}/?tls=true`)
  assert.equal({ ok, problem }, { ok: false, problem: 'TLS' })
  await new Promise((resolve) => server.close(resolve))
})

test('says that a server is older than the driver knows', async () => {
  const server = await mongodbDouble('OLD')
  const { ok, problem, detail } = await described(`mongodb://127.0.0.1:${server.port}/`)
  assert.equal({ ok, problem }, { ok: false, problem: 'TOO_OLD' })
  assert.match(detail, 'wire version')
  await server.close()
})

test('has a majority confirm each write, and reads what is confirmed, whatever the connection string says', async () => {
  const options = 'w=1&journal=false&readConcernLevel=local&readPreference=secondary'
  const connection = mongodbConnection(`mongodb://127.0.0.1:1/?${options}`)
  for (const { writeConcern, readConcern, readPreference } of [
    connection.database,
    connection.vaultDatabase,
    connection.database.collection('any'),
  ]) {
    assert.equal([writeConcern?.w, writeConcern?.journal], ['majority', true])
    assert.is(readConcern?.level, 'majority')
    assert.is(readPreference?.mode, 'primary')
  }
  await connection.close()
})

test('never repeats a connection string that it cannot understand', () => {
  for (const url of [
    'mongodb://user:secret@/x',
    'postgres://user:secret@h/x',
    'mongodb://u:secret@h:99999/',
    '',
  ]) {
    try {
      mongodbConnection(url)
      assert.unreachable(url)
    } catch (error) {
      assert.is(errorCode(error), 'BAD_MONGODB_URL')
      assert.not.match(String(error), 'secret')
    }
  }
})

test('takes its database from the path, and has one of its own name without a path', async () => {
  const names: string[] = []
  for (const rest of ['', '/', '/?appName=x', '/bookings', '/test?appName=x', '/a%2Db']) {
    const connection = mongodbConnection(`mongodb://one.invalid,two.invalid:1${rest}`)
    names.push(connection.database.databaseName)
    assert.is(connection.vaultDatabase.databaseName, `${connection.database.databaseName}-vault`)
    await connection.close()
  }
  assert.equal(names, ['calendar-sync', 'calendar-sync', 'calendar-sync', 'bookings', 'test', 'a-b'])
})

test('rejects calls after it was closed, connected before or not', async () => {
  const connection = mongodbConnection('mongodb://nowhere.invalid/')
  await connection.close()
  const outcome = await connection.use(async () => 'ran').catch((error: unknown) => error)
  assert.instance(outcome, StoreUnavailable)
})

const server = await mongodbForTests()
if (server === undefined) skippedWithoutMongodb('MongoDB connection: a server that answers')
else {
  const { url } = server

  test('says what a server is that answers', async () => {
    const { ok, version, replicaSet, problem, detail } = await described(url)
    assert.ok(ok, detail)
    assert.match(version ?? '', /^\d+\.\d+/)
    assert.is(problem === undefined, replicaSet !== undefined)
    if (problem !== undefined) assert.is(problem, 'NOT_A_REPLICA_SET')
  })

  test('says that a server does not take the credentials', async () => {
    const stranger = url.replace('://', '://somebody:wrong-password@')
    const { ok, problem, detail } = await described(stranger)
    assert.equal({ ok, problem }, { ok: false, problem: 'AUTHENTICATION' })
    assert.not.match(detail, 'wrong-password')
  })

  test('says that a server is not of the replica set named', async () => {
    const elsewhere = withDatabase(url.replace(/\?.*$/, ''), 'any')
    const { ok, problem, detail } = await described(`${elsewhere}?replicaSet=not-this-one`)
    assert.equal({ ok, problem }, { ok: false, problem: 'NOT_A_REPLICA_SET' })
    assert.match(detail, 'not-this-one')
  })

  test('leaves a mistake in a call what it is', async () => {
    const { connection, close } = await server.open()
    const mistaken = connection.use(() =>
      connection.database
        .collection('a')
        .aggregate([{ $nothing: {} }])
        .toArray(),
    )
    const outcome = await mistaken.catch((error: unknown) => error)
    await close()
    assert.instance(outcome, Error)
    assert.not.instance(outcome, StoreUnavailable)
  })
}

test.run()

async function described(url: string): Promise<MongodbDescription> {
  const connection = mongodbConnection(url, { unreachableAfterMs: 1000 })
  try {
    return await connection.describe()
  } finally {
    await connection.close()
  }
}
