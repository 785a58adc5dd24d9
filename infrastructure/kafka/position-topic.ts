import type { Kafka, Message } from 'kafkajs'
import { z } from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import type { PublishedMark } from '../../ports/booking-event-publisher.ts'
import type { Clock } from '../../ports/clock.ts'
import { readCommitted } from './committed-messages.ts'
import type { PartitionSpan } from './kafka-admin.ts'
import { WrongTopic } from './kafka-topics.ts'

/** The one key of the topic, so that compaction leaves the newest position. */
const KEY = 'published'

const Stored = z.object({
  /** Empty: before the first event. */
  position: z.string(),
  eventId: z.string(),
  after: z.string(),
  /**
   * The number of partitions of the topic of events when this was written: with another the events of a booking could
   * overtake.
   */
  partitions: z.int().min(1),
  held: z.array(z.object({ stream: z.string(), revision: z.int().min(0), position: z.string() })).optional(),
})
type StoredMark = z.infer<typeof Stored>

/** The message that moves the position. */
export function positionMessage(mark: PublishedMark, partitions: number): Message {
  const { position, eventId, after, blocked = [] } = mark
  const stored: StoredMark = {
    position,
    eventId,
    after,
    partitions,
    ...(blocked.length > 0 && { held: [...blocked] }),
  }
  return { key: KEY, value: JSON.stringify(stored), partition: 0 }
}

/** So many offsets before the end are looked at first; a transaction takes two. */
const TAIL = 200n

/**
 * The newest committed position; undefined if there is none. To be asked once nobody else can write any more. Messages
 * that were aborted last may hide it from a look at the end of the topic; then all of it is read.
 */
export async function readMark(options: {
  kafka: Kafka
  clock: Clock
  groupId: (part: string) => string
  topic: string
  span: PartitionSpan
}): Promise<{ mark: PublishedMark; partitions: number } | undefined> {
  const { low, high } = options.span
  const tail = high - TAIL > low ? high - TAIL : low
  const starts = tail === low ? [low] : [tail, low]
  for (const from of starts) {
    let newest: string | undefined
    await readCommitted({
      ...options,
      groupId: options.groupId(`position-${from}`),
      spans: [{ partition: 0, from, to: high }],
      onMessage({ key, value }) {
        if (key?.toString() === KEY && value !== null) newest = value.toString()
        return undefined
      },
    })
    if (newest !== undefined) return parsed(options.topic, newest)
  }
  return undefined
}

function parsed(topic: string, text: string): { mark: PublishedMark; partitions: number } {
  try {
    const { partitions, held, ...place } = Stored.parse(JSON.parse(text))
    return { mark: { ...place, ...defined({ blocked: held }) }, partitions }
  } catch (cause) {
    throw new WrongTopic(`${topic} holds a position that this version did not write`, { cause })
  }
}

/**
 * Whether anything was ever published to a topic. Its offsets alone do not tell where no message was deleted yet: a
 * transaction that came to nothing takes some too.
 */
export async function everPublishedTo(options: {
  kafka: Kafka
  clock: Clock
  groupId: (part: string) => string
  topic: string
  spans: readonly PartitionSpan[]
}): Promise<boolean> {
  if (options.spans.some(({ low }) => low > 0n)) return true
  let found = false
  await readCommitted({
    ...options,
    groupId: options.groupId('events'),
    spans: options.spans.map(({ partition, low, high }) => ({ partition, from: low, to: high })),
    onMessage() {
      found = true
      return 'enough'
    },
  })
  return found
}
