import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { backUpFolder } from '../../composition/backup.ts'
import { restoreBackup } from '../../composition/restore.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { kafkaForTests, someTopic } from '../support/kafka.ts'
import { decideMoves, differences } from '../support/published-events.ts'
import {
  firstNeed,
  inDataFolder,
  makeDataFolder,
  needsOf,
  publishingEnvironment,
  readinessOf,
  until,
  waitingIn,
} from '../support/publishing-service.ts'
import { runProcess } from '../support/run-process.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { readTopic } from '../support/topic-reader.ts'

const kafka = await kafkaForTests()
const brokers = kafka?.brokers ?? []
const test = suite('a restored backup that is older than what was published')
const entry = join(import.meta.dirname, '../../bin/calendar-sync.cjs')

const onKafka = kafka ? test : test.skip
onKafka(
  'stops the publisher, until resume-publishing lets it go on with what is not in the topic',
  async () => {
    const folder = temporaryFolder()
    const topic = someTopic()
    const named = (name: string) =>
      publishingEnvironment(join(folder.path, name), { brokers: brokers.join(), topic })
    const env = named('data')
    const verb = (...args: string[]) =>
      runProcess(process.execPath, [entry, 'resume-publishing', ...args], {
        cwd: folder.path,
        env: named('restored'),
      })
    try {
      await makeDataFolder(env)
      await inDataFolder(env.DATA_DIR, (events) => decideMoves(events, ['a', 'b'], 5))
      const directory = join(folder.path, 'backup')
      await backUpFolder(env.DATA_DIR, systemClock, { directory, withKey: false })
      await inDataFolder(env.DATA_DIR, (events) => decideMoves(events, ['a', 'b'], 5, 6))
      const first = await startServiceProcess(env)
      await until('All is published', async () => (await waitingIn(first)) === 0)
      await first.end('SIGTERM')
      assert.is((await readTopic(brokers, topic)).length, 20)

      const { DATA_DIR, ENCRYPTION_KEY } = named('restored')
      await restoreBackup({ directory, folder: DATA_DIR, encryptionKey: ENCRYPTION_KEY, keyFile: undefined })
      const stored = await inDataFolder(DATA_DIR, (events) => decideMoves(events, ['b', 'c'], 2, 11))
      const alone = await verb()
      assert.is(alone.code, 0, alone.stderr)
      assert.match(alone.stdout, /has 14 booking events, 10 of them in the topic; the topic has 10 that/)

      const service = await startServiceProcess(named('restored'))
      try {
        const needed = await firstNeed(service)
        assert.is(needed?.code, 'STORE_REWOUND')
        assert.match(needed?.next ?? '', /resume-publishing/)
        assert.equal((await readinessOf(service)).degraded, ['publisher'])
        const looked = await verb('--json')
        assert.is(looked.code, 0, looked.stderr)
        const report = JSON.parse(looked.stdout)
        assert.equal([report.state, report.toPublish, report.first.id], ['READY', 4, stored[10]?.id])
        const resumed = await verb('--yes')
        assert.match(resumed.stdout, /The position is written/)
        await until('It goes on', async () => (await needsOf(service)).length === 0)
        await until('All is published', async () => (await waitingIn(service)) === 0)
        const ids = new Set(stored.map(({ id }) => id))
        const seen = await readTopic(brokers, topic)
        assert.is(seen.length, 24)
        assert.equal(
          differences(
            stored,
            seen.filter(({ headers }) => ids.has(headers.ce_id ?? '')),
          ),
          [],
        )
        assert.match((await verb('--yes')).stdout, /goes on by itself/)
      } finally {
        await service.end('SIGKILL')
      }
    } finally {
      folder.remove()
    }
  },
)

test.after(async () => {
  await kafka?.stop()
})
test.run()
