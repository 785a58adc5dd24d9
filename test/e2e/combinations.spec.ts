import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { withDeadline } from '../support/deadline.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { kafkaForTests, someTopic } from '../support/kafka.ts'
import { mongodbForTests, withDatabase } from '../support/mongodb.ts'
import { connectAndBook, withOutlivingWorld } from '../support/outliving-world.ts'
import { bookingEvents, differences } from '../support/published-events.ts'
import { runProcess } from '../support/run-process.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readTopic } from '../support/topic-reader.ts'

const test = suite('which stores go together')

const mongodb = await mongodbForTests()
const onMongodb = mongodb ? test : test.skip
if (!mongodb) console.log('SKIP set MONGODB_URL, or start Docker, to start the service on MongoDB')

const kafka = await kafkaForTests()
const onKafka = kafka ? test : test.skip

// kafkajs sets one negative timer at its start.
process.removeAllListeners('warning')

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')
const COMMON = {
  ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
  API_TOKEN: 'token',
  GOOGLE_API_URL: 'http://127.0.0.1:1',
  PORT: '0',
  LOG_LEVEL: 'silent',
}

/** A folder with a place for each process, on which `play` may start some. */
async function withProcesses(
  play: (
    start: (env: { [variable: string]: string }, options?: string[]) => Promise<ServiceProcess>,
    dataDir: (name: string) => string,
  ) => Promise<void>,
): Promise<void> {
  const folder = temporaryFolder()
  const started: ServiceProcess[] = []
  const dataDir = (name: string) => join(folder.path, name)
  try {
    await play(async (env, options) => {
      const service = await startServiceProcess({ ...COMMON, DATA_DIR: dataDir('a'), ...env }, options)
      started.push(service)
      return service
    }, dataDir)
  } finally {
    for (const one of started) await one.end('SIGKILL')
    folder.remove()
  }
}

const untilReady = ({ url, output }: ServiceProcess) =>
  withDeadline(20_000, async () => {
    for (;;) {
      const { status } = await fetch(`${url}/health/ready`)
      if (status === 200) return
      await systemClock.delay(50)
    }
  }).catch(() => assert.unreachable(output()))

/** Works: what a command changes is to be read. */
async function works({ url, token }: ServiceProcess): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const externalCalendarId = `${randomUUID()}@example.com`
  const body = JSON.stringify({ userId: '1', provider: 'google', externalCalendarId, credentialId: 'c' })
  const done = await fetch(`${url}/commands/RegisterCalendarSync`, { method: 'POST', headers, body })
  assert.is(done.status, 200, await done.text())
  const position = done.headers.get('X-Consistency-Position') ?? ''
  const listed = await fetch(`${url}/calendar-syncs?limit=100`, {
    headers: { ...headers, 'X-Consistency-Position': position },
  })
  assert.match(await listed.text(), externalCalendarId)
}

/** Ends by itself, with 1, and says why. */
async function isRefused(service: Promise<ServiceProcess>, why: RegExp): Promise<void> {
  const refused = await service
  const ended = await withDeadline(20_000, () => refused.gone)
  assert.equal(ended, { code: 1, signal: null })
  assert.match(refused.output(), why)
}

test('EventStoreDB with embedded read models is for one process: another folder is refused, until it takes over', async () => {
  const double = await startEventStoreDbDouble()
  const EVENTSTORE_URL = double.url
  try {
    await withProcesses(async (start, dataDir) => {
      const first = await start({ EVENTSTORE_URL })
      await untilReady(first)
      await works(first)
      const other = { EVENTSTORE_URL, DATA_DIR: dataDir('b') }
      await isRefused(start(other), /in use with another data folder .+ several processes need MONGODB_URL/)
      await works(first)
      assert.equal(await first.end('SIGTERM'), { code: 0, signal: null })
      const again = await start({ EVENTSTORE_URL })
      await untilReady(again)
      await works(again)
      await again.end('SIGTERM')

      const next = await start(other, ['--take-over'])
      await untilReady(next)
      await works(next)
      await next.end('SIGTERM')
      await isRefused(start({ EVENTSTORE_URL }), /another data folder/)
    })
  } finally {
    await double.close()
  }
})

test('an empty event store in the place of the one it was started with ends a process, and nothing is written there', async () => {
  const double = await startEventStoreDbDouble()
  let empty: Awaited<ReturnType<typeof startEventStoreDbDouble>> | undefined
  try {
    await withProcesses(async (start) => {
      const service = await start({ EVENTSTORE_URL: double.url })
      await untilReady(service)
      await works(service)
      await double.close()
      empty = await startEventStoreDbDouble({ port: double.port })
      // Written through whatever connection comes first.
      const writing = withDeadline(20_000, () => service.gone.then(() => undefined))
      for (let gone = false; !gone; ) {
        const body = JSON.stringify({ userId: '1', provider: 'google', externalCalendarId: 'a@b.example' })
        const headers = { authorization: 'Bearer token', 'content-type': 'application/json' }
        const url = `${service.url}/commands/RegisterCalendarSync`
        await fetch(url, { method: 'POST', headers, body }).then(
          (answer) => assert.is.not(answer.status, 200),
          () => {
            gone = true
          },
        )
      }
      await writing
      await isRefused(Promise.resolve(service), /EVENTSTORE_URL was replaced/)
      const { events } = await empty.store.readAll({ after: '', limit: 100 })
      assert.equal(
        events.filter(({ type }) => !type.startsWith('$')),
        [],
      )
      const again = start({ EVENTSTORE_URL: double.url }, ['--take-over'])
      await isRefused(again, /holds the read models, signals and vault of another event store/)
    })
  } finally {
    await empty?.close()
    await double.close()
  }
})

test('a folder restored from a backup takes the place of the one that the event store knows, where it is told to', async () => {
  const double = await startEventStoreDbDouble()
  const EVENTSTORE_URL = double.url
  try {
    await withProcesses(async (start, dataDir) => {
      const first = await start({ EVENTSTORE_URL })
      await untilReady(first)
      await works(first)
      const verb = async (name: string, env: { [variable: string]: string }) => {
        const { code, stdout, stderr } = await runProcess(process.execPath, [entry, name, 'backup'], {
          cwd: join(dataDir('a'), '..'),
          env: { ...COMMON, EVENTSTORE_URL, ...env },
        })
        assert.is(code, 0, stderr)
        return stdout
      }
      const said = await verb('backup', { DATA_DIR: dataDir('a') })
      assert.match(said, /without the events, which lie in EventStoreDB/)
      assert.not.match(said, /with every event/)
      await first.end('SIGKILL')
      const restored = { EVENTSTORE_URL, DATA_DIR: dataDir('restored') }
      await verb('restore', restored)
      await isRefused(start(restored), /in use with another data folder/)
      const next = await start(restored, ['--take-over'])
      await untilReady(next)
      await works(next)
    })
  } finally {
    await double.close()
  }
})

onMongodb(
  'read models on MongoDB belong to one event store: an embedded one of another process is refused',
  async () => {
    const MONGODB_URL = withDatabase(mongodb?.url ?? '', `calendar-sync-test-${randomUUID()}`)
    try {
      await withProcesses(async (start, dataDir) => {
        const first = await start({ MONGODB_URL })
        await untilReady(first)
        await works(first)
        const other = start({ MONGODB_URL, DATA_DIR: dataDir('b') })
        await isRefused(other, /holds the read models of another event store: .+ set EVENTSTORE_URL too/)
        await works(first)
        await first.end('SIGTERM')
        const again = await start({ MONGODB_URL })
        await untilReady(again)
        await works(again)
      })
    } finally {
      const connection = mongodbConnection(MONGODB_URL)
      await connection.use(() => connection.vaultDatabase.dropDatabase())
      await connection.use(() => connection.database.dropDatabase())
      await connection.close()
    }
  },
)

onMongodb(
  'a process with another encryption key than the vault on MongoDB was filled with is refused',
  async () => {
    const double = await startEventStoreDbDouble()
    const servers = {
      EVENTSTORE_URL: double.url,
      MONGODB_URL: withDatabase(mongodb?.url ?? '', `calendar-sync-test-${randomUUID()}`),
    }
    const otherKey = Buffer.alloc(32, 7).toString('base64')
    try {
      await withProcesses(async (start, dataDir) => {
        const first = await start(servers)
        await untilReady(first)
        await works(first)
        const other = { ...servers, DATA_DIR: dataDir('b') }
        await isRefused(
          start({ ...other, ENCRYPTION_KEY: otherKey }),
          /None of the encryption keys opens anything .+ ENCRYPTION_KEY/,
        )
        const second = await start({ ...other, ENCRYPTION_KEY: `${otherKey},${COMMON.ENCRYPTION_KEY}` })
        await untilReady(second)
        await works(second)
      })
    } finally {
      const connection = mongodbConnection(servers.MONGODB_URL)
      await connection.use(() => connection.vaultDatabase.dropDatabase())
      await connection.use(() => connection.database.dropDatabase())
      await connection.close()
      await double.close()
    }
  },
)

onMongodb(
  'all processes of a deployment publish to one topic: another one is refused, until a process takes over with it',
  async () => {
    const double = await startEventStoreDbDouble()
    const MONGODB_URL = withDatabase(mongodb?.url ?? '', `calendar-sync-test-${randomUUID()}`)
    // Nothing is published: no broker is needed.
    const servers = { EVENTSTORE_URL: double.url, MONGODB_URL, KAFKA_BROKERS: '127.0.0.1:1' }
    try {
      await withProcesses(async (start, dataDir) => {
        const first = await start({ ...servers, KAFKA_TOPIC: 'old' })
        await works(first)
        const other = { ...servers, KAFKA_TOPIC: 'new', DATA_DIR: dataDir('b') }
        await isRefused(start(other), /publish to old[.] KAFKA_TOPIC of this one is new: .+--take-over/)
        await works(first)
        const next = await start(other, ['--take-over'])
        await works(next)
        await isRefused(Promise.resolve(first), /publish to new[.] KAFKA_TOPIC of this one is old/)
        await works(next)
        await isRefused(start({ ...servers, KAFKA_TOPIC: 'old' }), /publish to new/)
      })
    } finally {
      const connection = mongodbConnection(MONGODB_URL)
      await connection.use(() => connection.vaultDatabase.dropDatabase())
      await connection.use(() => connection.database.dropDatabase())
      await connection.close()
      await double.close()
    }
  },
)

onKafka('EventStoreDB, embedded read models and Kafka: a moved event comes out of the topic', async () => {
  const double = await startEventStoreDbDouble()
  const brokers = kafka?.brokers ?? []
  const topic = someTopic()
  try {
    await withOutlivingWorld(
      async (outliving) => {
        const service = await outliving.start()
        const [booked] = await connectAndBook(outliving.worldOf(service), 1)
        assert.ok(booked)
        const start = Temporal.Now.instant().add({ hours: 72 }).round('hour')
        outliving.calendar.change(booked.eventId, { start, end: start.add({ hours: 1 }) })
        const world = outliving.worldOf(service)
        await world.until('The move in the feed', async () =>
          (await world.feed()).length > 0 ? true : undefined,
        )
        const events = openEventStoreDb(double.url)
        const stored = await bookingEvents(events).finally(() => events.close())
        assert.is(stored.length, 1)
        const seen = await world.until('The move in the topic', async () => {
          const messages = await readTopic(brokers, topic)
          return messages.length > 0 ? messages : undefined
        })
        assert.equal(differences(stored, seen), [])
        assert.is(seen[0]?.key, booked.bookingUid)
      },
      {
        EVENTSTORE_URL: double.url,
        KAFKA_BROKERS: brokers.join(),
        KAFKA_TOPIC: topic,
        ENCRYPTION_KEY: COMMON.ENCRYPTION_KEY,
      },
    )
  } finally {
    await double.close()
  }
})

test('the stand-ins are refused beside an outside store', async () => {
  const folder = temporaryFolder()
  try {
    for (const [variable, value] of [
      ['EVENTSTORE_URL', 'esdb://127.0.0.1:1?tls=false'],
      ['MONGODB_URL', 'mongodb://127.0.0.1:1/'],
      ['KAFKA_BROKERS', '127.0.0.1:1'],
    ] as const) {
      const { code, stderr } = await runProcess(process.execPath, [entry, 'start'], {
        cwd: folder.path,
        env: { [variable]: value },
      })
      assert.is(code, 2)
      assert.match(
        stderr,
        `GOOGLE_SERVICE_ACCOUNT_FILE or GOOGLE_API_URL is needed, because ${variable} is set`,
      )
    }
  } finally {
    folder.remove()
  }
})

test.after(async () => {
  await kafka?.stop()
})
test.run()
