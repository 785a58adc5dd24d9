import { randomUUID } from 'node:crypto'
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { readCommitted } from '../../infrastructure/kafka/committed-messages.ts'

/** What a consumer sees of a message; headers as text. */
export type SeenMessage = {
  partition: number
  offset: string
  key: string
  value: string
  headers: Record<string, string>
}

/** A client of the tests' own. */
export const testClient = (brokers: readonly string[]): Kafka =>
  new Kafka({ clientId: 'test', brokers: [...brokers], logLevel: logLevel.NOTHING })

/** Every committed message of the topic, in the order of each partition. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<SeenMessage[]> {
  const kafka = testClient(brokers)
  const offsets = await settledOffsets(kafka, topic)
  const seen: SeenMessage[] = []
  await readCommitted({
    kafka,
    clock: systemClock,
    groupId: `${topic}-reader-${randomUUID()}`,
    topic,
    spans: offsets.map(({ partition, low, high }) => ({ partition, from: BigInt(low), to: BigInt(high) })),
    onMessage(message, partition) {
      seen.push(asSeen(message, partition))
      return undefined
    },
  })
  return seen
}

/** The answer to a commit comes some milliseconds before every partition shows it as such. */
async function settledOffsets(kafka: Kafka, topic: string) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    let offsets = await admin.fetchTopicOffsets(topic)
    for (let same = 0; same < 10; same++) {
      const now = await admin.fetchTopicOffsets(topic)
      if (
        now.some(({ partition, high }) => offsets.find((one) => one.partition === partition)?.high !== high)
      )
        same = 0
      offsets = now
    }
    return offsets
  } finally {
    await admin.disconnect()
  }
}

/** A live `read_committed` consumer; `onMessage` is told of each message as it comes. */
export async function follow(
  brokers: readonly string[],
  topic: string,
  onMessage: (message: SeenMessage) => void,
): Promise<{ stop(): Promise<void> }> {
  const consumer = testClient(brokers).consumer({
    groupId: `${topic}-follower-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 50,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message, partition }) => onMessage(asSeen(message, partition)),
  })
  await joined
  return { stop: () => consumer.disconnect() }
}

const asSeen = ({ key, value, headers = {}, offset }: KafkaMessage, partition: number): SeenMessage => ({
  partition,
  offset,
  key: key?.toString() ?? '',
  value: value?.toString() ?? '',
  headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, String(header)])),
})
