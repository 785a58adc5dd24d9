import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { brokerProxy } from '../support/broker-proxy.ts'
import { withDeadline } from '../support/deadline.ts'
import { endableServer } from '../support/endable-server.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { mongodbForTests, withDatabase } from '../support/mongodb.ts'
import { mongodbDouble } from '../support/mongodb-double.ts'
import { freePort, type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const test = suite('servers that are not there at the start')

const mongodb = await mongodbForTests()
const onMongodb = mongodb ? test : test.skip
if (!mongodb) console.log('SKIP set MONGODB_URL, or start Docker, to start the service without its MongoDB')

const COMMON = {
  ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
  API_TOKEN: 'token',
  GOOGLE_API_URL: 'http://127.0.0.1:1',
  PORT: '0',
  LOG_LEVEL: 'silent',
}

const ready = async ({ url }: ServiceProcess) => (await fetch(`${url}/health/ready`)).status
const live = async ({ url }: ServiceProcess) => (await fetch(`${url}/health/live`)).status

/** Looks until `look` gives what is wanted. */
const until = (wanted: string, look: () => Promise<boolean> | boolean) =>
  withDeadline(40_000, async () => {
    while (!(await look())) await systemClock.delay(50)
  }).catch((error: unknown) => {
    throw new Error(`${wanted}: ${error}`)
  })

test('without its EventStoreDB it stays up, says so, and works as soon as that is there', async () => {
  const folder = temporaryFolder()
  const port = await freePort()
  const DATA_DIR = join(folder.path, 'data')
  const service = await startServiceProcess({
    ...COMMON,
    DATA_DIR,
    EVENTSTORE_URL: `esdb://127.0.0.1:${port}?tls=false`,
  })
  let double: Awaited<ReturnType<typeof startEventStoreDbDouble>> | undefined
  try {
    await until('A line', () => /EventStoreDB: REFUSED: .*tried again/.test(service.output()))
    assert.is(await live(service), 200)
    assert.is(await ready(service), 503)
    assert.is(await command(service), 503)
    double = await startEventStoreDbDouble({ port })
    await until('Readiness', async () => (await ready(service)) === 200)
    await until('A command', async () => (await command(service)) === 200)
    assert.ok((await double.store.head()) !== '')
    assert.equal(await service.end('SIGTERM'), { code: 0, signal: null })
  } finally {
    await service.end('SIGKILL')
    await double?.close()
    folder.remove()
  }
})

onMongodb(
  'without its MongoDB it stays up, keeps nothing elsewhere, and works as soon as that is there',
  async () => {
    const folder = temporaryFolder()
    const url = withDatabase(mongodb?.url ?? '', `calendar-sync-test-${randomUUID()}`)
    const [, address = ''] = /\/\/(?:[^@/]*@)?([^/?]+)/.exec(url) ?? []
    const line = await brokerProxy(address)
    await line.cut()
    const DATA_DIR = join(folder.path, 'data')
    const through = url.replace(address, `127.0.0.1:${line.route().port}`)
    const service = await startServiceProcess({ ...COMMON, DATA_DIR, MONGODB_URL: through })
    try {
      await until('A line', () => /MongoDB: REFUSED: .*tried again/.test(service.output()))
      assert.is(await live(service), 200)
      assert.is(await ready(service), 503)
      assert.not.ok(existsSync(join(DATA_DIR, 'vault.sqlite')), readdirSync(DATA_DIR).join())
      await line.mend()
      await until('Readiness', async () => (await ready(service)) === 200)
      await until('A command', async () => (await command(service)) === 200)
    } finally {
      await service.end('SIGKILL')
      await line.close()
      const connection = mongodbConnection(url)
      await connection.use(() => connection.vaultDatabase.dropDatabase())
      await connection.use(() => connection.database.dropDatabase())
      await connection.close()
      folder.remove()
    }
  },
)

test('beside servers that are wrong it stays up, says once which and why, and never a password or a stack', async () => {
  const folder = temporaryFolder()
  const http = await endableServer(createHttpServer((_, answer) => void answer.end('hello')))
  const mongodb = await mongodbDouble('REFUSES_CREDENTIALS')
  const noKafka = await startEventStoreDbDouble()
  const service = await startServiceProcess({
    ...COMMON,
    LOG_LEVEL: 'info',
    DATA_DIR: join(folder.path, 'data'),
    EVENTSTORE_URL: `esdb://user:hunter2@127.0.0.1:${http.port}?tls=false`,
    MONGODB_URL: `mongodb://user:hunter2@127.0.0.1:${mongodb.port}/`,
    KAFKA_BROKERS: `127.0.0.1:${noKafka.port}`,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'user',
    KAFKA_SASL_PASSWORD: 'hunter2',
  })
  let right: Awaited<ReturnType<typeof startEventStoreDbDouble>> | undefined
  try {
    const said = (words: RegExp) => until(String(words), () => words.test(service.output()))
    await said(/EventStoreDB: PROTOCOL: .*an HTTP server answers/)
    await said(/MongoDB: AUTHENTICATION: /)
    await said(/Kafka: PROTOCOL: /)
    assert.is(await live(service), 200)
    assert.is(await ready(service), 503)
    const asked = await fetch(`${service.url}/status`, { headers: { authorization: 'Bearer token' } })
    const problem = await asked.text()
    assert.is(asked.status, 503)
    for (const sentence of ['EventStoreDB: PROTOCOL: ', 'MongoDB: AUTHENTICATION: '])
      assert.match(problem, sentence)
    await http.close()
    right = await startEventStoreDbDouble({ port: http.port })
    await said(/EventStoreDB answers \(version/)
    assert.is(await live(service), 200)
    assert.not.match(service.output() + problem, /hunter2/)
    // As a line of its own, or escaped in a line of the log.
    const stacks = service.output().match(/^.*(^|\\n) +at \S.*:\d+:\d+.*$/gm)
    assert.is(stacks, null, stacks?.join('\n'))
    const told = service.output().match(/^.*"what":.*unavailable, retrying.*$/gm) ?? []
    const what = told.map((line) => JSON.parse(line).what)
    assert.equal(what, [...new Set(what)])
    for (const sentence of ['EventStoreDB: PROTOCOL', 'MongoDB: AUTHENTICATION', 'Kafka: PROTOCOL'])
      assert.is(service.output().split(`  ${sentence}`).length, 2, sentence)
  } finally {
    await service.end('SIGKILL')
    await Promise.all([http.close(), mongodb.close(), noKafka.close(), right?.close()])
    folder.remove()
  }
})

test.run()

/** Its status: it needs the event store, and the directory in the vault. */
async function command({ url, token }: ServiceProcess): Promise<number> {
  const response = await fetch(`${url}/commands/RegisterCalendarSync`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      userId: '1',
      provider: 'google',
      externalCalendarId: 'a@b.example',
      credentialId: 'c',
    }),
  })
  await response.body?.cancel()
  return response.status
}
