import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { suite } from 'uvu'
import { type MongodbConnection, mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'

/** A MongoDB to test on. `itself`: MongoDB, and not another server of its protocol. */
export type MongodbForTests = {
  url: string
  itself: boolean
  /** Opens a database of a test's own; `close` drops it. */
  open(): Promise<OpenedForTests>
}
export type OpenedForTests = {
  connection: MongodbConnection
  /** Of the same database, to be opened a second time. */
  url: string
  close(): Promise<void>
}

const HOW = 'set MONGODB_URL, or start Docker'

/** The server of MONGODB_URL, else one in a container where Docker answers, else none. */
export async function mongodbForTests(): Promise<MongodbForTests | undefined> {
  const url = process.env.MONGODB_URL ?? (await containerUrl())
  if (url === undefined) return undefined
  const client = new MongoClient(url)
  const { storageEngines } = await client.db('admin').command({ buildInfo: 1 })
  await client.close()
  return { url, itself: Array.isArray(storageEngines), open: () => openOwn(url) }
}

/** A suite's place where there is no server, so that the skip is counted and says what would run it. */
export function skippedWithoutMongodb(name: string): void {
  console.log(`SKIP ${name}: ${HOW}`)
  const test = suite(name)
  test.skip('needs a MongoDB')
  test.run()
}

async function openOwn(server: string): Promise<OpenedForTests> {
  const url = withDatabase(server, `calendar-sync-test-${randomUUID()}`)
  const connection = mongodbConnection(url)
  return {
    connection,
    url,
    async close() {
      // The longer name first: another server of the protocol drops all that begin with a name.
      await connection.use(() => connection.vaultDatabase.dropDatabase())
      await connection.use(() => connection.database.dropDatabase())
      await connection.close()
    },
  }
}

/** The connection string with another database in its path. */
export function withDatabase(url: string, name: string): string {
  const parts = /^([a-z+]+:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(url)
  if (parts === null) throw new Error('MONGODB_URL is not a connection string')
  return `${parts[1]}/${name}${parts[2] ?? ''}`
}

/** A replica set of one, for as long as this process lives: testcontainers takes it away afterwards. */
async function containerUrl(): Promise<string | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    return undefined
  }
  const container = await new GenericContainer('mongo:8')
    .withCommand(['--replSet', 'rs0', '--bind_ip_all'])
    .withExposedPorts(27017)
    .withWaitStrategy(Wait.forLogMessage('Waiting for connections'))
    .start()
  const url = `mongodb://${container.getHost()}:${container.getMappedPort(27017)}/?directConnection=true`
  const client = new MongoClient(url, { heartbeatFrequencyMS: 500 })
  const isPrimary = new Promise<void>((resolve) => {
    client.on('serverDescriptionChanged', ({ newDescription }) => {
      if (newDescription.type === 'RSPrimary') resolve()
    })
  })
  const members = [{ _id: 0, host: 'localhost:27017' }]
  await client.db('admin').command({ replSetInitiate: { _id: 'rs0', members } })
  await isPrimary
  await client.close()
  return url
}
