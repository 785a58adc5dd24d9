import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withDeadline } from '../support/deadline.ts'
import { openEventStoreDb } from '../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../support/eventstoredb-double.ts'
import { kafkaForTests, someTopic } from '../support/kafka.ts'
import { mongodbForTests } from '../support/mongodb.ts'
import { connectAndBook, type OutlivingWorld, withOutlivingWorld } from '../support/outliving-world.ts'
import { bookingEvents, differences } from '../support/published-events.ts'
import { runProcess } from '../support/run-process.ts'
import { readTopic } from '../support/topic-reader.ts'

// kafkajs sets one negative timer at its start.
process.removeAllListeners('warning')

const kafka = await kafkaForTests()
const mongodb = await mongodbForTests()

const moved = suite('moved to engines')
if (!kafka || !mongodb)
  console.log(
    'SKIP set KAFKA_BROKERS and MONGODB_URL, or start Docker, to move a data folder to them and go on there',
  )
const test = kafka && mongodb ? moved : moved.skip

const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

const migrating = ({ folder }: OutlivingWorld, env: { [variable: string]: string }) =>
  runProcess(process.execPath, [entry, 'migrate', '--from', 'embedded', 'data', '--json'], {
    cwd: folder,
    env,
  })

test('a service goes on where it was: same events, channels and credentials, and all of its events in Kafka', async () => {
  const double = await startEventStoreDbDouble()
  const other = await startEventStoreDbDouble()
  const database = await mongodb?.open()
  const brokers = kafka?.brokers ?? []
  const topic = someTopic()
  try {
    await withDeadline(80_000, () =>
      withOutlivingWorld(async (outliving) => {
        const { folder, calendar } = outliving
        const before = await outliving.start()
        const world = outliving.worldOf(before)
        const [first, second] = await connectAndBook(world, 2)
        assert.ok(first && second)
        const move = (eventId: string, hours: number) => {
          const start = Temporal.Now.instant().add({ hours }).round('hour')
          calendar.change(eventId, { start, end: start.add({ hours: 1 }) })
        }
        move(first.eventId, 72)
        const [published] = await world.until('The move in the feed', async () => {
          const feed = await world.feed()
          return feed.length > 0 ? feed : undefined
        })
        const channels = (await world.subscriptions()).map(({ subscriptionId }) => subscriptionId)
        assert.equal(await before.end('SIGTERM'), { code: 0, signal: null })

        const engines = {
          DATA_DIR: join(folder, 'new'),
          EVENTSTORE_URL: double.url,
          MONGODB_URL: database?.url ?? '',
          ENCRYPTION_KEY: readFileSync(join(folder, 'data', 'encryption.key'), 'utf8').trim(),
        }
        const google = { GOOGLE_API_URL: outliving.standIns.google.url, LOG_LEVEL: 'error' }
        const { code, stderr } = await migrating(outliving, { ...google, ...engines })
        assert.equal([stderr, code], ['', 0])

        const onKafka = { ...engines, KAFKA_BROKERS: brokers.join(), KAFKA_TOPIC: topic }
        const after = outliving.worldOf(await outliving.start(onKafka))
        move(second.eventId, 96)
        const feed = await after.until('Both moves in the feed', async () => {
          const feed = await after.feed()
          return feed.length > 1 ? feed : undefined
        })
        assert.is(feed.length, 2)
        assert.equal([feed[0]?.id, feed[0]?.source], [published?.id, published?.source])
        assert.equal(
          (await after.subscriptions()).map(({ subscriptionId }) => subscriptionId),
          channels,
        )
        const events = openEventStoreDb(double.url)
        const stored = await bookingEvents(events).finally(() => events.close())
        const seen = await after.until('Both moves in the topic', async () => {
          const messages = await readTopic(brokers, topic)
          return messages.length > 1 ? messages : undefined
        })
        assert.equal(differences(stored, seen), [])

        const again = await migrating(outliving, { ...google, ...engines })
        assert.is(again.code, 1, 'a service has run there')
        assert.match(again.stderr, /a service must not have run on it/)
      }),
    )

    // Another deployment, to another event store but the same database.
    await withOutlivingWorld(async (outliving) => {
      const another = await outliving.start()
      await another.end('SIGTERM')
      const env = {
        DATA_DIR: join(outliving.folder, 'new'),
        EVENTSTORE_URL: other.url,
        MONGODB_URL: database?.url ?? '',
        ENCRYPTION_KEY: readFileSync(join(outliving.folder, 'data', 'encryption.key'), 'utf8').trim(),
        GOOGLE_API_URL: outliving.standIns.google.url,
        LOG_LEVEL: 'error',
      }
      const refused = await migrating(outliving, env)
      assert.is(refused.code, 1)
      assert.match(refused.stderr, /MONGODB_URL is that of another deployment/)
      assert.equal(await allOf(other.url), [])
    })
  } finally {
    await database?.close()
    await double.close()
    await other.close()
  }
})

async function allOf(url: string): Promise<string[]> {
  const events = openEventStoreDb(url)
  const filter = { categories: ['deployment', 'booking', 'calendarSync'] }
  const page = await events.readAll({ after: '', filter, limit: 10 }).finally(() => events.close())
  return page.events.map(({ type }) => type)
}

moved.after(async () => {
  await kafka?.stop()
})
moved.run()
