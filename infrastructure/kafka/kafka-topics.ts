import type { Admin, ITopicConfig } from 'kafkajs'
import { problemOf } from './kafka-failure.ts'

/** The topic of the events and that of the position, as this service makes them where it may. */
export type KafkaTopics = {
  events: string
  position: string
  /**
   * The number of partitions of the topic of events, if it is created here. An existing topic keeps its own number, for
   * ever.
   */
  partitions: number
}

/** The topics that are there. */
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
  await checkPosition(admin, topics.position)
  return checkEvents(admin, topics.events)
}

/** As `ensureTopics`, without creating anything: checks those that are there, and tells which are not. */
export async function lookAtTopics(
  admin: Admin,
  topics: KafkaTopics,
): Promise<{ missing: string[]; found: FoundTopics | undefined }> {
  const there = new Set(await admin.listTopics())
  const missing = wanted(topics)
    .map(({ topic }) => topic)
    .filter((topic) => !there.has(topic))
  const found = there.has(topics.events) ? await checkEvents(admin, topics.events) : undefined
  if (there.has(topics.position)) await checkPosition(admin, topics.position)
  return { missing, found: missing.length > 0 ? undefined : found }
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

async function checkEvents(admin: Admin, topic: string): Promise<FoundTopics> {
  const settings = await settingsOf(admin, topic)
  mustBe(topic, 'delete', settings, 'consumers expect every event, not the last one of each booking')
  const maxMessageBytes = Number(settings?.get('max.message.bytes'))
  return {
    partitions: await partitionsOf(admin, topic),
    maxMessageBytes: maxMessageBytes > 0 ? maxMessageBytes : undefined,
  }
}

async function checkPosition(admin: Admin, topic: string): Promise<void> {
  const partitions = await partitionsOf(admin, topic)
  if (partitions !== 1) throw new WrongTopic(`${topic} must have 1 partition, and has ${partitions}`)
  mustBe(topic, 'compact', await settingsOf(admin, topic), 'the position would be deleted after a while')
}

async function partitionsOf(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics[0]?.partitions.length ?? 0
}

/** Throws WrongTopic where the topic of events has not as many partitions as when it was published to last. */
export function mustHaveKept(topic: string, before: number, now: number): void {
  if (before !== now)
    throw new WrongTopic(
      `${topic} had ${before} partitions and has ${now}: events of one booking could overtake each ` +
        'other. Publish to a new topic (KAFKA_TOPIC)',
    )
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
