import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import type { PublishedContents } from '../../ports/booking-event-publisher.ts'
import type { Clock } from '../../ports/clock.ts'
import { partitionsFor } from './chunks.ts'
import { readCommitted } from './committed-messages.ts'
import { spansOf, withAdmin } from './kafka-admin.ts'
import { type KafkaTopics, WrongTopic } from './kafka-topics.ts'
import { readMark } from './position-topic.ts'

/** The contents of the topics now, from their starts to their ends. Throws WrongTopic, and what kafkajs throws. */
export async function topicContents(parts: {
  kafka: Kafka
  clock: Clock
  topics: KafkaTopics
}): Promise<PublishedContents> {
  const { kafka, clock, topics } = parts
  const { spans, ofPosition } = await withAdmin(kafka, async (admin) => {
    const there = new Set(await admin.listTopics())
    if (!there.has(topics.events)) throw new WrongTopic(`there is no ${topics.events}: see KAFKA_TOPIC`)
    return {
      spans: await spansOf(admin, topics.events),
      ofPosition: there.has(topics.position) ? await spansOf(admin, topics.position) : [],
    }
  })
  const attempt = randomUUID()
  const groupId = (part: string) => `${topics.position}-${attempt}-${part}`
  const [span] = ofPosition
  const stored = span && (await readMark({ kafka, clock, groupId, topic: topics.position, span }))
  const ids = new Set<string>()
  await readCommitted({
    kafka,
    clock,
    groupId: groupId('contents'),
    topic: topics.events,
    spans: spans.map(({ partition, low, high }) => ({ partition, from: low, to: high })),
    onMessage({ headers }) {
      // A message that others wrote is no event of anybody's.
      if (headers?.ce_id !== undefined) ids.add(String(headers.ce_id))
      return undefined
    },
  })
  const trimmed = new Set(spans.filter(({ low }) => low > 0n).map(({ partition }) => partition))
  const partitionOf = partitionsFor(spans.length)
  return {
    ok: true,
    last: stored?.mark,
    holdsEvents: ids.size > 0 || trimmed.size > 0,
    ids,
    laneOf(subject) {
      const lane = partitionOf({ key: subject, value: null })
      return { lane, trimmed: trimmed.has(lane) }
    },
    async isStillAll() {
      // If nobody answers, nobody can say so.
      const now = await withAdmin(kafka, (admin) => spansOf(admin, topics.events)).catch(() => undefined)
      if (now === undefined) return false
      return now.every(
        ({ partition, high }) => spans.find((one) => one.partition === partition)?.high === high,
      )
    },
  }
}
