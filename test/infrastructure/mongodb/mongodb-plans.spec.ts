import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { MongodbConnection } from '../../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbReadStore } from '../../../infrastructure/mongodb/mongodb-read-store.ts'
import { mongodbSignalQueue } from '../../../infrastructure/mongodb/mongodb-signal-queue.ts'
import { mongodbVault } from '../../../infrastructure/mongodb/mongodb-vault.ts'
import type { ReadStore } from '../../../ports/read-store/read-store.ts'
import { keyOfBytes } from '../../ports/vault/vault.contract.ts'
import { mongodbForTests } from '../../support/mongodb.ts'

// What a MongoDB tells of each operation as it ran it: the profiler says of every one what `explain` says of one.
type Profiled = { op: string; ns: string; planSummary?: string; hasSortStage?: boolean; command: object }

const test = suite('MongoDB query plans')
const server = await mongodbForTests()
const reason =
  'other servers of its protocol have no plans; set MONGODB_URL to a MongoDB itself, or start Docker'
if (!server?.itself) console.log(`SKIP MongoDB query plans: ${reason}`)

function plans(sentence: string, body: (connection: MongodbConnection) => Promise<void>): void {
  if (!server?.itself) {
    test.skip(sentence)
    return
  }
  test(sentence, async () => {
    const { connection, close } = await server.open()
    try {
      await body(connection)
    } finally {
      await close()
    }
  })
}

plans('answers every query of a read model from an index, in the order of the index', async (connection) => {
  const store = mongodbReadStore(connection)
  await store.prepare([{ name: 'bookings', indexes: ['event', 'user'] }])
  const seen = await profiled(connection, 'database', () => everyQuery(store))
  const texts = seen.map(describe).join('\n')
  for (const one of seen) assert.not.match(one.planSummary ?? '', 'COLLSCAN', describe(one))
  assert.match(texts, 'IXSCAN { key.event: 1, _id: 1 }')
  assert.match(texts, 'IXSCAN { keys.event: 1 }')
  const finds = seen.filter(({ command }) => 'find' in command)
  assert.ok(finds.length >= 8, 'the profiler sees the queries')
  for (const one of finds) assert.not(one.hasSortStage, describe(one))
})

plans('answers every call of the signal queue from an index', async (connection) => {
  const queue = mongodbSignalQueue(connection, { newId: randomUUID })
  const subjects = ['a', 'b', 'c'].map((key) => ({ kind: 'calendar', key }) as const)
  await queue.signalMany(subjects.map((subject) => ({ subject, cause: { poll: true } })))
  const seen = await profiled(connection, 'database', async () => {
    const lease = await queue.lease({ leaseMs: 60_000 })
    assert.ok(lease)
    if (lease) await queue.complete(lease, { againInMs: 1000 })
    await queue.nextDueInMs(['calendar', 'booking'])
    await queue.completedBefore(Temporal.Instant.from('9999-01-01T00:00:00Z'), 2)
    await queue.status()
  })
  const texts = seen.map(describe).join('\n')
  for (const one of seen) assert.not.match(one.planSummary ?? '', 'COLLSCAN', describe(one))
  assert.match(texts, 'IXSCAN { kind: 1, readyAt: 1 }')
  assert.match(texts, 'IXSCAN { kind: 1, completedAt: 1, key: 1 }')
  for (const one of seen) if ('find' in one.command) assert.not(one.hasSortStage, describe(one))
})

plans('finds credentials and calendars by index', async (connection) => {
  const vault = mongodbVault(connection, { keys: [keyOfBytes(1)], newId: randomUUID })
  await vault.put('a', { kind: 'service-account', subject: 's' })
  const seen = await profiled(connection, 'vaultDatabase', async () => {
    const key = await vault.calendars.keyOf({ provider: 'google', externalCalendarId: 'c' })
    await vault.calendars.find({ provider: 'google', externalCalendarId: 'none' })
    await vault.calendars.addressesOf([key])
    await vault.use('a')
  })
  for (const one of seen) assert.not.match(one.planSummary ?? '', 'COLLSCAN', describe(one))
  assert.match(seen.map(describe).join('\n'), 'IXSCAN { fingerprint: 1 }')
})

test.run()

async function profiled(
  connection: MongodbConnection,
  of: 'database' | 'vaultDatabase',
  work: () => Promise<void>,
): Promise<Profiled[]> {
  const database = connection[of]
  await database.command({ profile: 2 })
  await work()
  await database.command({ profile: 0 })
  const own = { ns: { $ne: `${database.databaseName}.system.profile` }, planSummary: { $exists: true } }
  return await database.collection<Profiled>('system.profile').find(own).toArray()
}

const describe = ({ op, ns, planSummary, command }: Profiled) =>
  `${op} ${ns}: ${planSummary}: ${JSON.stringify(command)}`

async function everyQuery(store: ReadStore): Promise<void> {
  const write = (id: string, event: string[]) => ({
    collection: 'bookings',
    id,
    put: {},
    keys: { event },
    position: '1',
  })
  const writes = [write('a', ['ea']), write('b', ['eb']), write('c', ['ec']), write('d', ['ea', 'eb'])]
  await store.write(writes, { projection: 'p', position: '1' })
  await store.write(writes, { projection: 'p', position: '1' })
  await store.get('bookings', 'a')
  await store.getMany('bookings', ['a', 'b'])
  await store.checkpoint('p')
  const listed = await store.list('bookings', { limit: 1 })
  await store.list('bookings', { limit: 1, after: listed.next ?? '' })
  for (const range of [{ oneOf: ['ea', 'eb'] }, { prefix: 'e' }, { prefix: '' }, { from: 'e', to: 'f' }]) {
    const page = await store.find('bookings', 'event', range, { limit: 1 })
    await store.find('bookings', 'event', range, { limit: 1, after: page.next ?? '' })
    await store.count('bookings', 'event', range)
  }
}
