import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import type { KafkaConfiguration } from '../../../infrastructure/kafka/kafka-configuration.ts'
import { kafkaPublisher } from '../../../infrastructure/kafka/kafka-publisher.ts'
import { withDeadline } from '../../support/deadline.ts'
import { configurationFor, kafkaForTests, quietLog, someTopic } from '../../support/kafka.ts'
import { markAt, someCloudEvent } from '../../support/published-events.ts'
import { testClient } from '../../support/topic-reader.ts'

const kafka = await kafkaForTests()
const brokers = kafka?.brokers ?? []
const topics = suite('topics, and what is told of brokers that cannot be used')
const DEADLINE_MS = 60_000
const test = (title: string, body: () => Promise<void>) =>
  kafka ? topics(title, () => withDeadline(DEADLINE_MS, body)) : topics.skip(title, () => {})

type Entries = Record<string, string>

const withAdmin = async <Result>(
  work: (admin: ReturnType<ReturnType<typeof testClient>['admin']>) => Promise<Result>,
): Promise<Result> => {
  const admin = testClient(brokers).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

const create = (topic: string, numPartitions: number, entries: Entries) =>
  withAdmin((admin) =>
    admin.createTopics({
      topics: [
        {
          topic,
          numPartitions,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  )

/** What `begin` answers. */
async function beginning(configuration: KafkaConfiguration) {
  const publisher = kafkaPublisher({ configuration, clock: systemClock, log: quietLog() })
  try {
    return await publisher.begin()
  } finally {
    await publisher.close()
  }
}

async function describing(configuration: KafkaConfiguration) {
  const publisher = kafkaPublisher({ configuration, clock: systemClock, log: quietLog() })
  try {
    return await publisher.describe()
  } finally {
    await publisher.close()
  }
}

test('missing topics are created as they have to be', async () => {
  const configuration = configurationFor(brokers)
  const { topic } = configuration
  const before = await describing(configuration)
  assert.match(before.ok ? before.sentence : before.message, /will be created/)
  assert.is((await beginning(configuration)).ok, true)
  const [metadata, configs] = await withAdmin((admin) =>
    Promise.all([
      admin.fetchTopicMetadata({ topics: [topic, `${topic}-position`] }),
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [topic, `${topic}-position`].map((name) => ({
          type: 2,
          name,
          configNames: ['cleanup.policy', 'retention.ms'],
        })),
      }),
    ]),
  )
  assert.equal(metadata.topics.map(({ name, partitions }) => [name, partitions.length]).sort(), [
    [topic, 6],
    [`${topic}-position`, 1],
  ])
  const settings = configs.resources.map(({ resourceName, configEntries }) => [
    resourceName,
    Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
  ])
  assert.is(Object.fromEntries(settings)[topic]['cleanup.policy'], 'delete')
  assert.is(Object.fromEntries(settings)[topic]['retention.ms'], '604800000')
  assert.is(Object.fromEntries(settings)[`${topic}-position`]['cleanup.policy'], 'compact')
  const after = await describing(configuration)
  assert.match(after.ok ? after.sentence : after.message, /6 partitions/)
})

test('a topic of events that is compacted is refused, with the reason', async () => {
  const configuration = configurationFor(brokers)
  await create(configuration.topic, 3, { 'cleanup.policy': 'compact' })
  const begun = await beginning(configuration)
  assert.is(!begun.ok && begun.error === 'UNAVAILABLE' && begun.problem, 'TOPIC')
  assert.match(begun.ok ? '' : begun.message, /cleanup\.policy=delete/)
  const described = await describing(configuration)
  assert.is(!described.ok && described.problem, 'TOPIC')
})

test('a look finds what is wrong with a topic while the other one is missing', async () => {
  for (const [suffix, policy, said] of [
    ['', 'compact', /cleanup\.policy=delete/],
    ['-position', 'delete', /cleanup\.policy=compact/],
  ] as const) {
    const configuration = configurationFor(brokers)
    await create(`${configuration.topic}${suffix}`, 1, { 'cleanup.policy': policy })
    const described = await describing(configuration)
    assert.is(!described.ok && described.problem, 'TOPIC')
    assert.match(described.ok ? '' : described.message, said)
  }
})

test('a topic of the position that deletes, or has more than one partition, is refused', async () => {
  for (const [partitions, policy] of [
    [1, 'delete'],
    [2, 'compact'],
  ] as const) {
    const configuration = configurationFor(brokers)
    await create(`${configuration.topic}-position`, partitions, { 'cleanup.policy': policy })
    const begun = await beginning(configuration)
    assert.is(!begun.ok && begun.error === 'UNAVAILABLE' && begun.problem, 'TOPIC')
  }
})

test('a topic keeps its number of partitions, whatever it is, or is refused', async () => {
  const configuration = configurationFor(brokers)
  const { topic } = configuration
  await create(topic, 2, { 'cleanup.policy': 'delete' })
  const publisher = kafkaPublisher({ configuration, clock: systemClock, log: quietLog() })
  assert.is((await publisher.begin()).ok, true)
  assert.equal(await publisher.publish([someCloudEvent('a')], markAt(1)), { ok: true })
  await publisher.close()
  await withAdmin(async (admin) => {
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
    // The answer comes before every look at the topic shows it.
    const count = async () =>
      (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length
    for (let shown = 0; shown < 20; ) shown = (await count()) === 4 ? shown + 1 : 0
  })
  const said = async () => {
    const begun = await beginning(configuration)
    return begun.ok ? '' : begun.message
  }
  let message = await said()
  for (let tries = 0; tries < 20 && !message.includes('partitions'); tries++) message = await said()
  assert.match(message, /had 2 partitions and has 4/)
  const described = await describing(configuration)
  assert.is(!described.ok && described.problem, 'TOPIC')
  assert.match(described.ok ? '' : described.message, /had 2 partitions and has 4/)
})

test('what keeps brokers from being used is named', async () => {
  const [address = ''] = brokers
  const at = (broker: string, more: Partial<KafkaConfiguration> = {}): KafkaConfiguration => ({
    ...configurationFor([broker], someTopic()),
    ...more,
  })
  const sasl = { mechanism: 'plain', username: 'nobody', password: 'not-to-be-told' } as const
  const cases: [string, KafkaConfiguration][] = [
    ['REFUSED', at('127.0.0.1:1')],
    ['DNS', at('kafka.invalid:9092')],
    ['TLS', at(address, { ssl: true })],
    ['AUTHENTICATION', at(address, { sasl })],
  ]
  for (const [problem, configuration] of cases) {
    const described = await describing(configuration)
    assert.is(described.ok ? 'ok' : described.problem, problem, described.ok ? '' : described.message)
    assert.not.match(described.ok ? '' : described.message, /not-to-be-told/)
  }
})

topics.after(async () => {
  await kafka?.stop()
})
topics.run()
