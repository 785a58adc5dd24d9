import type { Consumer, Kafka, KafkaMessage } from 'kafkajs'
import type { Clock } from '../../ports/clock.ts'

/** The stretch to read: from `from`, up to and without `to`. */
export type Span = { partition: number; from: bigint; to: bigint }

const SESSION_MS = 10_000
const SILENCE_MS = 30_000

/**
 * Hands the committed messages of the spans to `onMessage`, in the order of each partition, until all spans have been
 * read or `onMessage` answers 'enough'. The end is told by where batches end, as the last offsets are those of
 * transaction markers, which no reader is given. A consumer group of the name `groupId` is used once, and commits
 * nothing, so that the brokers forget it. Rejects where nothing comes for too long, and with what kafkajs throws.
 */
export async function readCommitted(options: {
  kafka: Kafka
  clock: Clock
  groupId: string
  topic: string
  spans: readonly Span[]
  onMessage(message: KafkaMessage, partition: number): 'enough' | undefined
}): Promise<void> {
  const { kafka, clock, topic, onMessage } = options
  const spans = options.spans.filter(({ from, to }) => from < to)
  if (spans.length === 0) return
  const left = new Map(spans.map(({ partition, to }) => [partition, to]))
  const over = new AbortController()
  let batches = 0
  const consumer = kafka.consumer({
    groupId: options.groupId,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    sessionTimeout: SESSION_MS,
    // One try: what fails here is begun again from its start.
    retry: { restartOnFailure: async () => false },
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const crash = crashed(consumer, over.signal)
    // If `run` itself rejects, nobody waits for it any more.
    crash.catch(() => undefined)
    consumer.on('consumer.end_batch_process', ({ payload: { partition, lastOffset } }) => {
      batches += 1
      const to = left.get(partition)
      if (to !== undefined && BigInt(lastOffset) + 1n >= to) left.delete(partition)
      if (left.size === 0) over.abort()
    })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages, partition } }) => {
        const to = left.get(partition)
        for (const message of messages) {
          if (to === undefined || BigInt(message.offset) >= to || over.signal.aborted) return
          if (onMessage(message, partition) === 'enough') return over.abort()
        }
      },
    })
    // It may have given up already; what it says of a seek then tells nothing.
    await Promise.race([crash, Promise.resolve()])
    for (const { partition, from } of spans) consumer.seek({ topic, partition, offset: from.toString() })
    await Promise.race([crash, silence()])
  } finally {
    over.abort()
    await consumer.disconnect()
  }

  /** Rejects where no batch came for a while: of a topic that has many, reading all takes its time. */
  async function silence(): Promise<void> {
    while (!over.signal.aborted) {
      const before = batches
      await clock.delay(SILENCE_MS, over.signal)
      if (!over.signal.aborted && batches === before)
        throw new Error(`timeout: nothing of ${topic} came for ${SILENCE_MS} ms`)
    }
  }
}

/** Rejects when the consumer gives up; resolves when `signal` aborts. */
function crashed(consumer: Consumer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload: { error } }) => reject(error))
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
