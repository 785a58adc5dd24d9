import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EngineCondition, openEngines } from '../../composition/engines.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { type Configuration, readConfiguration } from '../../infrastructure/config/configuration.ts'
import { formatProblems } from '../../infrastructure/config/problem.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { type Certified, someAuthority } from '../support/certificates.ts'
import { withDeadline } from '../support/deadline.ts'
import { endableServer, type RunningServer } from '../support/endable-server.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { GrpcStatus, grpcServer } from '../support/grpc-server.ts'
import { kafkaDouble } from '../support/kafka-double.ts'
import { mongodbDouble } from '../support/mongodb-double.ts'

const suiteOfProblems = suite('why a server cannot be worked with')

/** Longer than any look takes that was seen. */
const test = (title: string, body: () => Promise<void>) =>
  suiteOfProblems(title, () => withDeadline(40_000, body))

const PASSWORD = 'not-to-be-told'

/** How each kind of server is configured at a place, with or without TLS, and with a password. */
const KINDS = {
  EventStoreDB: (place: string, tls: boolean) => ({
    EVENTSTORE_URL: `esdb://user:${PASSWORD}@${place}?tls=${tls}`,
  }),
  MongoDB: (place: string, tls: boolean) => ({
    MONGODB_URL: `mongodb://user:${PASSWORD}@${place}/?tls=${tls}`,
  }),
  Kafka: (place: string, tls: boolean) => ({
    KAFKA_BROKERS: place,
    KAFKA_SSL: String(tls),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'user',
    KAFKA_SASL_PASSWORD: PASSWORD,
  }),
}
const ALL = Object.keys(KINDS) as (keyof typeof KINDS)[] /* keyof typeof, which Object.keys forgets */

/** What each of the servers that the variables name is said to be. */
async function conditions(env: { [variable: string]: string }): Promise<Map<string, EngineCondition>> {
  const { engines, close } = await openEngines(configured(env), {
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
  })
  try {
    return new Map(
      await Promise.all(engines.map(async ({ name, describe }) => [name, await describe()] as const)),
    )
  } finally {
    await close()
  }
}

function configured(env: { [variable: string]: string }): Configuration {
  const ENCRYPTION_KEY = Buffer.alloc(32).toString('base64')
  const read = readConfiguration({ ENCRYPTION_KEY, GOOGLE_API_URL: 'http://127.0.0.1:1', ...env })
  if (!read.ok) throw new Error(formatProblems(read.problems))
  return read.configuration
}

/** Each kind of server at this place has this problem, and says so in these words. */
async function expect(
  problem: string,
  words: RegExp,
  { place, tls, kinds = ALL }: { place: string; tls: boolean; kinds?: readonly (keyof typeof KINDS)[] },
): Promise<void> {
  const found = await conditions(Object.assign({}, ...kinds.map((kind) => KINDS[kind](place, tls))))
  assert.equal([...found.keys()].sort(), [...kinds].sort())
  for (const [name, condition] of found) {
    assert.equal([name, condition.ok, condition.problem], [name, false, problem], condition.sentence)
    assert.match(condition.sentence, words)
    assert.ok(condition.sentence.startsWith(`${name}: ${problem}: `), condition.sentence)
    assert.not.match(condition.sentence, PASSWORD)
    assert.not.match(condition.sentence, /\n|\bat .*:\d+:\d+/)
  }
}

async function at(server: RunningServer, body: (place: string) => Promise<void>): Promise<void> {
  try {
    // TLS to EventStoreDB needs a name.
    await body(`localhost:${server.port}`)
  } finally {
    await server.close()
  }
}

const silent = () => endableServer(createServer((socket) => void socket.resume()))
const closing = () =>
  endableServer(createServer((socket) => void socket.once('data', () => socket.destroy())))
const encrypted = (certified: Certified) =>
  endableServer(createTlsServer(certified, (socket) => void socket.resume()))

test('a name that is not known is DNS', () =>
  expect('DNS', /no-such-host\.invalid/, { place: 'no-such-host.invalid:2113', tls: false }))

test('a port where nothing listens is REFUSED', () =>
  expect('REFUSED', /127\.0\.0\.1:1: .*ECONNREFUSED/, { place: '127.0.0.1:1', tls: false }))

test('a server that takes connections and says nothing is TIMEOUT, with TLS and without', async () => {
  await Promise.all([
    at(await silent(), (place) => expect('TIMEOUT', /nothing is answered/, { place, tls: false })),
    at(await silent(), (place) => expect('TIMEOUT', /TLS is not answered/, { place, tls: true })),
  ])
})

test('TLS where none is spoken is TLS, and what says so is named', async () => {
  const words = /does not speak TLS, and (KAFKA_SSL is true|the connection string (says|does not say) tls=)/
  await at(await closing(), (place) => expect('TLS', words, { place, tls: true }))
})

test('no TLS where it is spoken is TLS, and what says so is named', async () => {
  const words = /it speaks TLS, and (KAFKA_SSL is not true|the connection string (says|does not say) tls=)/
  const certified = someAuthority().issue(['localhost'])
  await at(await encrypted(certified), (place) => expect('TLS', words, { place, tls: false }))
})

test('a certificate of nobody who is trusted is TLS', async () => {
  const certified = someAuthority().issue(['localhost'])
  await at(await encrypted(certified), (place) => expect('TLS', /is not trusted here/, { place, tls: true }))
})

test('a certificate that has expired, or is for another name, is TLS', async () => {
  const authority = someAuthority()
  setDefaultCACertificates([...getCACertificates('default'), authority.cert])
  const yesterday = Temporal.Now.instant().subtract({ hours: 24 })
  const expired = authority.issue(['localhost'], { expires: yesterday })
  const elsewhere = authority.issue(['elsewhere.example'])
  await Promise.all([
    at(await encrypted(expired), (place) => expect('TLS', /certificate has expired/, { place, tls: true })),
    at(await encrypted(elsewhere), (place) => expect('TLS', /is for another name/, { place, tls: true })),
  ])
})

test('TLS to an IP address, which the client of EventStoreDB cannot, is TLS', async () => {
  const kinds = ['EventStoreDB'] as const
  await expect('TLS', /needs the name of a host/, { place: '127.0.0.1:1', tls: true, kinds })
})

test('a server of something else is PROTOCOL', async () => {
  const http = await endableServer(createHttpServer((_, answer) => void answer.end('hello')))
  await at(http, (place) => expect('PROTOCOL', /an HTTP server answers, not /, { place, tls: false }))
  const ssh = createServer((socket) => void socket.resume().write('SSH-2.0-OpenSSH_9.9\r\n'))
  await at(await endableServer(ssh), (place) =>
    expect('PROTOCOL', /something else answers, not /, { place, tls: false }),
  )
  await at(await closing(), (place) => expect('PROTOCOL', /closing the connection/, { place, tls: false }))
  // A healthy server, of another kind.
  const eventStoreDb = await startEventStoreDbDouble()
  const place = `127.0.0.1:${eventStoreDb.port}`
  await expect('PROTOCOL', / answers/, { place, tls: false, kinds: ['MongoDB', 'Kafka'] })
  await eventStoreDb.close()
})

test('a wrong user or password is AUTHENTICATION, also behind TLS', async () => {
  const authority = someAuthority()
  setDefaultCACertificates([...getCACertificates('default'), authority.cert])
  const certified = authority.issue(['localhost'])
  for (const tls of [false, true]) {
    const given = tls ? { certified } : {}
    await at(await mongodbDouble('REFUSES_CREDENTIALS', given), (place) =>
      expect('AUTHENTICATION', /./, { place, tls, kinds: ['MongoDB'] }),
    )
    await at(await kafkaDouble('REFUSES_CREDENTIALS', given), (place) =>
      expect('AUTHENTICATION', /./, { place, tls, kinds: ['Kafka'] }),
    )
  }
  const server = grpcServer()
  server.handle(StreamsService.read, async () => {
    throw new GrpcStatus(16, 'UNAUTHENTICATED')
  })
  const port = await server.listen(0)
  try {
    const place = `127.0.0.1:${port}`
    await expect('AUTHENTICATION', /./, { place, tls: false, kinds: ['EventStoreDB'] })
  } finally {
    await server.kill()
  }
})

test('a server that is too old is TOO_OLD', async () => {
  const eventStoreDb = await startEventStoreDbDouble({ version: '21.10.9' })
  const place = `127.0.0.1:${eventStoreDb.port}`
  await expect('TOO_OLD', /23\.10 or later/, { place, tls: false, kinds: ['EventStoreDB'] })
  await eventStoreDb.close()
  await at(await mongodbDouble('OLD'), (place) =>
    expect('TOO_OLD', /wire version/, { place, tls: false, kinds: ['MongoDB'] }),
  )
  await at(await kafkaDouble('OLD'), (place) =>
    expect('TOO_OLD', /older than/, { place, tls: false, kinds: ['Kafka'] }),
  )
})

test('a MongoDB that is no replica set is told; where one is named, it does not serve', async () => {
  await at(await mongodbDouble('STANDALONE'), async (place) => {
    const found = await conditions({ MONGODB_URL: `mongodb://${place}/` })
    const { ok, problem } = found.get('MongoDB') ?? {}
    assert.equal({ ok, problem }, { ok: true, problem: 'NOT_A_REPLICA_SET' })
    const named = await conditions({ MONGODB_URL: `mongodb://${place}/?replicaSet=rs7` })
    assert.match(named.get('MongoDB')?.sentence ?? '', /^MongoDB: NOT_A_REPLICA_SET: .*rs7/)
  })
})

test('one node of several that answers as it should is enough', async () => {
  const double = await startEventStoreDbDouble()
  const url = `esdb://no-such-host.invalid:1,127.0.0.1:${double.port}?tls=false`
  const found = await conditions({ EVENTSTORE_URL: url })
  assert.match(found.get('EventStoreDB')?.sentence ?? '', /^EventStoreDB answers/)
  await double.close()
})

suiteOfProblems.run()
