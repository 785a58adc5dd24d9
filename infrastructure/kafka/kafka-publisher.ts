import { randomUUID } from 'node:crypto'
import { type Message, Partitioners, type Producer, type Transaction } from 'kafkajs'
import type {
  Begun,
  BookingEventPublisher,
  Fenced,
  MessageTooLarge,
  PublishedMark,
  Unavailable,
} from '../../ports/booking-event-publisher.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { toMessage } from './booking-event-message.ts'
import { inChunks } from './chunks.ts'
import { spansOf, withAdmin } from './kafka-admin.ts'
import { type BrokerAddress, kafkaClient } from './kafka-client.ts'
import type { KafkaConfiguration } from './kafka-configuration.ts'
import { describeKafka } from './kafka-description.ts'
import { failureOf, isSettling, isTooLarge, unavailable } from './kafka-failure.ts'
import { ensureTopics, type FoundTopics, type KafkaTopics, mustHaveKept, WrongTopic } from './kafka-topics.ts'
import { everPublishedTo, positionMessage, readMark } from './position-topic.ts'
import { topicContents } from './topic-contents.ts'

export type KafkaPublisherOptions = {
  configuration: KafkaConfiguration
  clock: Clock
  log: Logger
  /** The number of partitions of the topic of events, if it is created here (6). */
  partitions?: number
  /** See KafkaClientOptions. */
  route?: (address: BrokerAddress) => BrokerAddress
}

/** Longer than all tries of kafkajs together, so that only a process that died or stands still runs into it. */
const TRANSACTION_TIMEOUT_MS = 60_000
const CLOSE_MS = 3_000
const SETTLING_TRIES = 20
const SETTLING_PAUSE_MS = 100

/** The parts that are needed to publish, between a `begin` and the first failure. */
type Session = { producer: Producer; found: FoundTopics; last: PublishedMark | undefined }

/**
 * Publishes to Kafka: events and position in one transaction. The transactional id is that of the topic, so that all
 * publishers to it fence each other. kafkajs keeps to this folder.
 */
export function kafkaPublisher(options: KafkaPublisherOptions): BookingEventPublisher {
  const { clock, log } = options
  const { topic } = options.configuration
  const topics: KafkaTopics = {
    events: topic,
    position: `${topic}-position`,
    partitions: options.partitions ?? 6,
  }
  const clientOptions = { configuration: options.configuration, log, route: options.route }
  const kafka = kafkaClient(clientOptions)
  let session: Session | undefined
  let busy = false
  let closed = false

  const letGo = (producer: Producer): Promise<void> =>
    producer
      .disconnect()
      .catch((err: unknown) => log.debug({ err }, 'producer connections did not end as they should'))

  function endSession(): Promise<void> {
    const ended = session
    session = undefined
    return ended ? letGo(ended.producer) : Promise.resolve()
  }

  async function onceSettled<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++)
      try {
        return await work()
      } catch (error) {
        if (closed || tries === SETTLING_TRIES || !isSettling(error)) throw error
        await clock.delay(SETTLING_PAUSE_MS)
      }
  }

  async function begin(): Promise<Begun> {
    const found = await withAdmin(kafka, (admin) => ensureTopics(admin, topics))
    const producer = kafka.producer({
      transactionalId: `calendar-sync.${topic}`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      allowAutoTopicCreation: false,
      // Messages come with their partition already: see chunks.ts.
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    try {
      await producer.connect()
      // This call, not `connect`, is what fences the predecessor. Nothing is in the transaction: it ends without a trace.
      const fencing = await producer.transaction()
      await fencing.abort()
      const begun = await whatIsThere(found)
      if (closed) throw new Error('the publisher is closed')
      session = { producer, found, last: begun.last }
      return begun
    } catch (error) {
      void letGo(producer)
      throw error
    }
  }

  async function whatIsThere({ partitions }: FoundTopics): Promise<Begun> {
    const attempt = randomUUID()
    const groupId = (part: string) => `${topics.position}-${attempt}-${part}`
    const reading = { kafka, clock, groupId }
    const [ofPosition, ofEvents] = await withAdmin(kafka, (admin) =>
      Promise.all([spansOf(admin, topics.position), spansOf(admin, topics.events)]),
    )
    const [span] = ofPosition
    if (span === undefined) throw new WrongTopic(`${topics.position} has no partition`)
    const stored = await readMark({ ...reading, topic: topics.position, span })
    if (stored === undefined) {
      const holdsEvents = await everPublishedTo({ ...reading, topic: topics.events, spans: ofEvents })
      return { ok: true, last: undefined, holdsEvents }
    }
    const { partitions: before, mark: last } = stored
    mustHaveKept(topics.events, before, partitions)
    return { ok: true, last, holdsEvents: true }
  }

  async function publish(
    { producer, found }: Session,
    messages: readonly Message[],
    mark: PublishedMark,
  ): Promise<void> {
    const transaction = await producer.transaction()
    try {
      const chunks = inChunks(messages, found)
      const last = chunks.pop() ?? []
      for (const chunk of chunks) await send(transaction, [{ topic: topics.events, messages: chunk }])
      await send(transaction, [
        ...(last.length > 0 ? [{ topic: topics.events, messages: last }] : []),
        { topic: topics.position, messages: [positionMessage(mark, found.partitions)] },
      ])
      if (closed) throw new Error('the publisher is closed')
    } catch (error) {
      // An orderly end, so that readers do not have to wait for the next producer; without one the next one sees to it.
      if (isTooLarge(error)) await transaction.abort()
      throw error
    }
    await transaction.commit()
  }

  /**
   * Begins anew after a send that failed in part. kafkajs then gives the next messages the numbers of those that the
   * brokers took. The brokers would drop them as repetitions without a word: only a new epoch starts a new count. Gives
   * FENCED if somebody else has published meanwhile.
   */
  async function beginAgain({ last }: Session): Promise<Fenced | undefined> {
    await endSession()
    const begun = await onceSettled(begin)
    if (begun.last?.position === last?.position) return undefined
    await endSession()
    return { ok: false, error: 'FENCED', message: `another publisher has published to ${topic}` }
  }

  async function failed(error: unknown, current: Session): Promise<Fenced | Unavailable | MessageTooLarge> {
    const doing = `publishing to ${topic}`
    // If even the abort failed, the error is that of the abort.
    if (!isTooLarge(error)) {
      void endSession()
      return failureOf(error, doing)
    }
    try {
      const fenced = await beginAgain(current)
      if (fenced) return fenced
    } catch (beginning) {
      return failureOf(beginning, doing)
    }
    return { ok: false, error: 'MESSAGE_TOO_LARGE', message: error instanceof Error ? error.message : '' }
  }

  return {
    async begin() {
      await endSession()
      try {
        return await onceSettled(begin)
      } catch (error) {
        return failureOf(error, `taking over ${topic}`)
      }
    },

    async publish(events, mark) {
      if (session === undefined) throw new Error('nothing was begun: `begin` comes first')
      if (busy) throw new Error('one batch at a time')
      busy = true
      const current = session
      try {
        await publish(current, events.map(toMessage), mark)
        current.last = mark
        return { ok: true }
      } catch (error) {
        return await failed(error, current)
      } finally {
        busy = false
      }
    },

    async contents() {
      try {
        return await onceSettled(() => topicContents({ kafka, clock, topics }))
      } catch (error) {
        return unavailable(error, `reading ${topic}`)
      }
    },

    describe: () => describeKafka({ ...clientOptions, clock }, topics),

    async close() {
      closed = true
      const done = new AbortController()
      await Promise.race([endSession(), clock.delay(CLOSE_MS, done.signal)])
      done.abort()
    },
  }
}

/**
 * Sends, and makes sure that it was done once. If the leadership of a partition moves between two tries, kafkajs may
 * send again to the new leader what the old one took. Its own answer shows it: the partition comes twice.
 */
async function send(
  transaction: Transaction,
  topicMessages: { topic: string; messages: Message[] }[],
): Promise<void> {
  const answers = await transaction.sendBatch({ topicMessages, acks: -1 })
  const written = answers.map(({ topicName, partition }) => `${topicName} ${partition}`)
  if (new Set(written).size < written.length)
    throw new Error('a partition was written by two leaders: the transaction is given up')
}
