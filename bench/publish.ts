// Booking events from the event store to Kafka. First a backlog, drained through transactions by the publisher as it
// is, against plain idempotent sends of the very same messages by bare kafkajs, in turns; then, with nothing waiting,
// the time from an append to the hands of a `read_committed` consumer. KAFKA_BROKERS says where.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import { toMessage } from '../infrastructure/kafka/booking-event-message.ts'
import { kafkaPublisher } from '../infrastructure/kafka/kafka-publisher.ts'
import { openDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../infrastructure/sqlite/sqlite-read-store.ts'
import type { EventStore, RecordedEvent } from '../ports/event-store/event-store.ts'
import { bookingCloudEvent } from '../services/publishing/booking-event.ts'
import { publicationParking } from '../services/publishing/parking.ts'
import { runPublisher } from '../services/publishing/publisher.ts'
import { configurationFor, quietLog } from '../test/support/kafka.ts'
import { bookingEvents, decideMoves, differences } from '../test/support/published-events.ts'
import { follow, readTopic, testClient } from '../test/support/topic-reader.ts'
import { count, median, percentile } from './support/figures.ts'

/** What the publisher is held to. */
const LEAST_RATIO = 0.7
const MOST_IDLE_MS = 50

const ORIGIN = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }
const PARTITIONS = 6

/** The options, as `parseArgs` takes them. */
export const options = {
  events: { type: 'string', default: '50000' },
  rounds: { type: 'string', default: '5' },
  /** Appends one after another while nothing waits. */
  idle: { type: 'string', default: '200' },
} as const

/** Prints both medians, their ratio and the percentiles; throws where the topic is not what the store holds. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options })
  const brokers = process.env.KAFKA_BROKERS?.split(',')
  if (brokers === undefined) throw new Error('Set KAFKA_BROKERS to the brokers to publish to.')
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  const database = openDatabase(join(folder, 'events.sqlite'))
  const events = sqliteEventStore(database, { clock: systemClock })
  try {
    const backlog = Number(values.events)
    const bookings = Array.from({ length: 500 }, (_, n) => `booking-${n}`)
    await decideMoves(events, bookings, Math.ceil(backlog / bookings.length))
    const total = (await bookingEvents(events)).length
    const drained: number[] = []
    const sent: number[] = []
    const ratios: number[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      const plain = await plainSends(brokers, events)
      const ours = await publishAll(brokers, events, total)
      sent.push(plain)
      drained.push(ours)
      ratios.push(ours / plain)
      console.log(`round ${round + 1}: publisher ${count(ours)}/s, plain idempotent sends ${count(plain)}/s`)
    }
    // Of the pairs: what else the machine does meanwhile slows both sides of one.
    const ratio = median(ratios)
    console.log(
      `backlog of ${count(total)}: publisher ${count(median(drained))}/s, plain idempotent sends ` +
        `${count(median(sent))}/s; ratio ${ratio.toFixed(2)}, at least ${LEAST_RATIO} wanted (medians)`,
    )
    const latencies = await idle(brokers, events, Number(values.idle))
    const p50 = percentile(latencies, 50)
    console.log(
      `append to read_committed consumer, idle: p50 ${p50.toFixed(1)} ms, p99 ${percentile(latencies, 99).toFixed(1)} ms, ` +
        `under ${MOST_IDLE_MS} ms wanted`,
    )
    if (!(ratio >= LEAST_RATIO && p50 < MOST_IDLE_MS)) process.exitCode = 1
  } finally {
    await events.close()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the publisher makes of it. */
function messageOf(event: RecordedEvent): Message {
  const { data, subject = '', ...attributes } = bookingCloudEvent(event, ORIGIN)
  const texts = Object.entries({ ...attributes, subject }).map(([name, value]) => [name, String(value)])
  return toMessage({ subject, attributes: Object.fromEntries(texts), data: JSON.stringify(data) })
}

/** Messages a second of bare kafkajs, a thousand in each request, to a topic of its own. */
async function plainSends(brokers: readonly string[], events: EventStore): Promise<number> {
  const messages = (await bookingEvents(events)).map(messageOf)
  const { topic } = configurationFor(brokers)
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] })
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic, messages: messages.slice(0, 1) })
  collectGarbage()
  const begun = performance.now()
  for (let at = 0; at < messages.length; at += 1000)
    await producer.send({ topic, messages: messages.slice(at, at + 1000) })
  const seconds = (performance.now() - begun) / 1000
  await producer.disconnect()
  await admin.deleteTopics({ topics: [topic] })
  await admin.disconnect()
  return messages.length / seconds
}

/** Events a second of the publisher, from the moment at which it has taken over until the last commit. */
async function publishAll(brokers: readonly string[], events: EventStore, total: number): Promise<number> {
  const configuration = configurationFor(brokers)
  collectGarbage()
  const running = publish(configuration, events, total)
  const seconds = await running.seconds
  await running.stop()
  const stored = await bookingEvents(events)
  const wrong = differences(stored, await readTopic(brokers, configuration.topic))
  if (wrong.length > 0)
    throw new Error(`the topic is not what the store holds: ${wrong.slice(0, 5).join('; ')}`)
  await deleteTopic(brokers, configuration.topic)
  return total / seconds
}

/** Milliseconds from an append to the consumer, ascending. */
async function idle(brokers: readonly string[], events: EventStore, times: number): Promise<Float64Array> {
  const configuration = configurationFor(brokers)
  const before = (await bookingEvents(events)).length
  const running = publish(configuration, events, before)
  await running.seconds
  const arrived = new Map<string, number>()
  let wake = () => {}
  const consumer = await follow(brokers, configuration.topic, ({ headers }) => {
    arrived.set(headers.ce_position ?? '', performance.now())
    wake()
  })
  const untilThere = async (position: string) => {
    while (!arrived.has(position))
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  const latencies = new Float64Array(times)
  for (let n = -10; n < times; n++) {
    const begun = performance.now()
    const [position = ''] = await decideMoves(events, [`idle-${n}`], 1)
    await untilThere(position)
    // The first ones are spent on waking up.
    if (n >= 0) latencies[n] = (arrived.get(position) ?? Number.NaN) - begun
  }
  await consumer.stop()
  await running.stop()
  await deleteTopic(brokers, configuration.topic)
  return latencies.sort()
}

/** The publisher as the service runs it. `seconds`: from taking over until `total` events were committed. */
function publish(configuration: ReturnType<typeof configurationFor>, events: EventStore, total: number) {
  const database = openDatabase(':memory:')
  const stopping = new AbortController()
  const publisher = kafkaPublisher({
    configuration,
    clock: systemClock,
    log: quietLog(),
    partitions: PARTITIONS,
  })
  let begunAt = 0
  let left = total
  let done = () => {}
  const seconds = new Promise<number>((resolve) => {
    done = () => resolve((performance.now() - begunAt) / 1000)
  })
  const running = runPublisher({
    events,
    publisher: {
      ...publisher,
      async begin() {
        const begun = await publisher.begin()
        begunAt = performance.now()
        return begun
      },
    },
    origin: ORIGIN,
    parking: publicationParking({ readStore: sqliteReadStore(database), now: systemClock.now }),
    clock: systemClock,
    log: quietLog(),
    signal: stopping.signal,
    onPublished(count) {
      left -= count
      if (left === 0) done()
    },
  })
  return {
    seconds,
    async stop() {
      stopping.abort()
      await running.stopped
      await database.close()
    },
  }
}

/** Neither side is to clear up after the other, nor to drag along what only the benchmark needs. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

async function deleteTopic(brokers: readonly string[], topic: string): Promise<void> {
  const admin = testClient(brokers).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic, `${topic}-position`] })
  await admin.disconnect()
}
