import type { Admin, ITopicConfig } from 'kafkajs'
import { problemOf } from './kafka-failure.ts'

/** The topic of the events and that of the position, as this service makes them where it may. */
export type KafkaTopics = {
  events: string
  position: string
  /** Of the topic of events, where it is created here. One that is there already keeps its own number, for ever. */
  partitions: number
}

/** What is there. */
export type FoundTopics = {
  partitions: number
  /** Bytes that the topic of events takes in one batch for one partition; undefined where the brokers do not tell. */
  maxMessageBytes: number | undefined
}

/** A topic is not as it has to be: `message` says what an operator has to change. */
export class WrongTopic extends Error {
  /** As kafkajs names a problem with a topic. */
  readonly type = 'INVALID_TOPIC_EXCEPTION'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'WrongTopic'
  }
}

/** kafkajs has a name for it that cannot be imported from a module. */
const RESOURCE_TYPE_TOPIC = 2
const DAY_MS = 24 * 60 * 60 * 1000

const wanted = ({ events, position, partitions }: KafkaTopics): ITopicConfig[] => [
  {
    topic: events,
    numPartitions: partitions,
    configEntries: [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(7 * DAY_MS) },
    ],
  },
  { topic: position, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
]

/** Creates what is missing, where the brokers allow it, and checks what is there. Throws WrongTopic, or what kafkajs throws. */
export async function ensureTopics(admin: Admin, topics: KafkaTopics): Promise<FoundTopics> {
  const there = new Set(await admin.listTopics())
  const missing = wanted(topics).filter(({ topic }) => !there.has(topic))
  if (missing.length > 0) await create(admin, missing)
  return checkTopics(admin, topics)
}

/** As `ensureTopics`, without creating anything; tells too which topics are not there. */
export async function lookAtTopics(
  admin: Admin,
  topics: KafkaTopics,
): Promise<{ missing: string[]; found: FoundTopics | undefined }> {
  const there = new Set(await admin.listTopics())
  const missing = wanted(topics)
    .map(({ topic }) => topic)
    .filter((topic) => !there.has(topic))
  return { missing, found: missing.length > 0 ? undefined : await checkTopics(admin, topics) }
}

async function create(admin: Admin, missing: ITopicConfig[]): Promise<void> {
  const names = missing.map(({ topic }) => topic).join(' and ')
  try {
    await admin.createTopics({ topics: missing, waitForLeaders: true })
  } catch (error) {
    if (problemOf(error) !== 'AUTHORIZATION') throw error
    throw new WrongTopic(
      `${names} must be created by hand, as this user may not: the topic of events with cleanup.policy=delete, the ` +
        'one of the position with one partition and cleanup.policy=compact; or, where they are there, this user must ' +
        'be let see them (Describe)',
      { cause: error },
    )
  }
}

async function checkTopics(admin: Admin, topics: KafkaTopics): Promise<FoundTopics> {
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: [topics.events, topics.position] })
  const partitionsOf = (topic: string) => metadata.find(({ name }) => name === topic)?.partitions.length ?? 0
  if (partitionsOf(topics.position) !== 1)
    throw new WrongTopic(`${topics.position} must have 1 partition, and has ${partitionsOf(topics.position)}`)

  const [ofEvents, ofPosition] = await Promise.all([
    settingsOf(admin, topics.events),
    settingsOf(admin, topics.position),
  ])
  mustBe(topics.events, 'delete', ofEvents, 'consumers expect every event, not the last one of each booking')
  mustBe(topics.position, 'compact', ofPosition, 'the position would be deleted after a while')
  const maxMessageBytes = Number(ofEvents?.get('max.message.bytes'))
  return {
    partitions: partitionsOf(topics.events),
    maxMessageBytes: maxMessageBytes > 0 ? maxMessageBytes : undefined,
  }
}

/** undefined where this user may not read them: then they are taken on trust. */
async function settingsOf(admin: Admin, topic: string): Promise<Map<string, string> | undefined> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: RESOURCE_TYPE_TOPIC,
          name: topic,
          configNames: ['cleanup.policy', 'max.message.bytes'],
        },
      ],
    })
    const entries = resources.flatMap(({ configEntries }) => configEntries)
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    if (problemOf(error) === 'AUTHORIZATION') return undefined
    throw error
  }
}

function mustBe(topic: string, policy: string, settings: Map<string, string> | undefined, why: string): void {
  const actual = settings?.get('cleanup.policy')
  if (actual !== undefined && actual !== policy)
    throw new WrongTopic(`${topic} must have cleanup.policy=${policy}, and has ${actual}: ${why}`)
}
