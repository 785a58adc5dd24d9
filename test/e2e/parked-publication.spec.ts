import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { appendNext } from '../support/append-next.ts'
import { kafkaForTests, someTopic } from '../support/kafka.ts'
import { bookingEvents, decideMoves, differences } from '../support/published-events.ts'
import {
  firstNeed,
  inDataFolder,
  makeDataFolder,
  needsOf,
  publishingEnvironment,
  until,
  waitingIn,
} from '../support/publishing-service.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readTopic, testClient } from '../support/topic-reader.ts'

const kafka = await kafkaForTests()
const brokers = kafka?.brokers ?? []
const test = suite('an event that is too large for the topic')

const onKafka = kafka ? test : test.skip
onKafka('needs a person, who gives it up: then what waited behind it is published', async () => {
  const folder = temporaryFolder()
  const topic = someTopic()
  const env = publishingEnvironment(join(folder.path, 'data'), { brokers: brokers.join(), topic })
  try {
    await makeDataFolder(env)
    const admin = testClient(brokers).admin()
    await admin.connect()
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }]
    await admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })
    await admin.disconnect()
    const tooLarge = randomUUID()
    const stored = await inDataFolder(env.DATA_DIR, async (events) => {
      await decideMoves(events, ['a', 'b'], 2)
      const [one] = await bookingEvents(events)
      if (one === undefined) throw new Error('there is no event')
      const { stream, type, data, metadata } = one
      const large = { ...data, externalEventId: 'x'.repeat(30_000) }
      await appendNext(events, stream, [{ id: tooLarge, type, data: large, metadata }])
      await decideMoves(events, ['a', 'b'], 2, 3)
    })
    const service = await startServiceProcess(env)
    try {
      const needed = await firstNeed(service)
      assert.is(needed?.code, 'EVENT_PARKED')
      assert.match(needed?.sentence ?? '', /could not be published \(TOO_LARGE\)/)
      await until('The rest is published', async () => (await waitingIn(service)) === 0)
      assert.is((await readTopic(brokers, topic)).length, 6)

      const position = stored.find(({ id }) => id === tooLarge)?.position
      const response = await fetch(`${service.url}/commands/SkipParked`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ projection: 'publication', position }),
      })
      assert.is(response.status, 200)
      await until('It is given up', async () => (await needsOf(service)).length === 0)
      const rest = stored.filter(({ id }) => id !== tooLarge)
      assert.equal(differences(rest, await readTopic(brokers, topic)), [])
    } finally {
      await service.end('SIGKILL')
    }
  } finally {
    folder.remove()
  }
})

test.after(async () => {
  await kafka?.stop()
})
test.run()
