import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { someTopic } from '../support/kafka.ts'
import { kafkaServer, SERVER_VARIABLE } from '../support/kafka-server.ts'
import { decideMoves, differences } from '../support/published-events.ts'
import {
  inDataFolder,
  makeDataFolder,
  publishingEnvironment,
  readinessOf,
  statusOf,
  until,
  waitingIn,
} from '../support/publishing-service.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readTopic } from '../support/topic-reader.ts'

const program = process.env[SERVER_VARIABLE]
const test = suite('brokers that are away for long')
if (!program) console.log(`SKIP set ${SERVER_VARIABLE} to test brokers that are away when the service starts`)

const bookings = Array.from({ length: 200 }, (_, n) => `booking-${n}`)

const onKafka = program ? test : test.skip
onKafka(
  'at the start, and once more in between: readiness says so, and the backlog arrives once and in order',
  async () => {
    const folder = temporaryFolder()
    const kafka = await kafkaServer(program ?? '')
    const topic = someTopic()
    const env = publishingEnvironment(join(folder.path, 'data'), { brokers: kafka.brokers, topic })
    await makeDataFolder(env)
    const stored = await inDataFolder(env.DATA_DIR, (events) => decideMoves(events, bookings, 100))
    const service = await startServiceProcess(env)
    try {
      const ready = () => readinessOf(service)
      await until('Degraded', async () => (await ready()).degraded.includes('publisher'))
      const { status, roles } = await ready()
      assert.equal([status, roles.http, roles.publisher], ['ready', 'ready', 'not-ready'])
      assert.is((await statusOf(service)).status, 'DEGRADED')
      assert.is(await waitingIn(service), null, 'nobody can say yet')

      await kafka.start()
      await until('Some are out', async () => ((await waitingIn(service)) ?? 20_000) < 19_000)
      await kafka.kill()
      const left = await waitingIn(service)
      assert.ok(typeof left === 'number' && left > 0, `${left} are left`)
      await kafka.start()
      await until('All', async () => (await waitingIn(service)) === 0)
      await until('Readiness', async () => (await ready()).degraded.length === 0)
      const seen = await readTopic([kafka.brokers], topic)
      assert.equal(differences(stored, seen).slice(0, 10), [])
      assert.is(seen.length, 20_000)
    } finally {
      await service.end('SIGKILL')
      await kafka.remove()
      folder.remove()
    }
  },
)

test.run()
