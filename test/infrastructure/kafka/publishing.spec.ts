import { randomUUID } from 'node:crypto'
import { Kafka as KafkaBinding } from 'cloudevents'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { streamName } from '../../../domain/domain-event.ts'
import { encode } from '../../../ports/event-store/event-codec.ts'
import type { EventStore, NewEvent, Position, RecordedEvent } from '../../../ports/event-store/event-store.ts'
import { bookingCloudEvent } from '../../../services/publishing/booking-event.ts'
import { appendNext } from '../../support/append-next.ts'
import { brokerProxy } from '../../support/broker-proxy.ts'
import { someEvent } from '../../support/events.ts'
import { kafkaForTests } from '../../support/kafka.ts'
import { bookingEvents, decideMoves, differences } from '../../support/published-events.ts'
import {
  drained,
  ORIGIN,
  type PublishingFixture,
  untilStatus,
  withPublishing,
} from '../../support/publisher-fixture.ts'
import { readTopic, testClient } from '../../support/topic-reader.ts'

const kafka = await kafkaForTests()
const brokers = kafka?.brokers ?? []
const publishing = suite('the publisher over Kafka')
const test = (title: string, body: (fixture: PublishingFixture) => Promise<void>) =>
  kafka ? publishing(title, withPublishing(brokers, body)) : publishing.skip(title, () => {})

/** What is wrong with the topic as a copy of the store. */
const wrongIn = async ({ events, configuration }: PublishingFixture) =>
  differences(await bookingEvents(events), await readTopic(brokers, configuration.topic)).slice(0, 10)

test('each event is a CloudEvent in binary mode, keyed by its booking', async (fixture) => {
  const { events, configuration } = fixture
  await decideMoves(events, ['a', 'b'], 1)
  await drained(fixture.start())
  const [stored] = await bookingEvents(events)
  const seen = await readTopic(brokers, configuration.topic)
  const message = seen.find(({ key }) => key === 'a')
  if (stored === undefined || message === undefined) throw new Error('it was not published')
  const expected = bookingCloudEvent(stored, ORIGIN)
  assert.equal(JSON.parse(message.value), expected.data)
  const { traceparent } = message.headers
  assert.equal(message.headers, {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: stored.id,
    ce_source: ORIGIN.source,
    ce_type: 'BookingRescheduled',
    ce_subject: 'a',
    ce_time: '2026-03-02T08:00:00Z',
    ce_dataschema: expected.dataschema,
    ce_position: stored.position,
    ce_traceparent: stored.metadata.traceparent,
    traceparent,
  })
  assert.is(traceparent, stored.metadata.traceparent)
  const parsed = KafkaBinding.toEvent({ ...message, body: message.value })
  assert.is((Array.isArray(parsed) ? parsed[0] : parsed)?.id, stored.id)
})

test('a backlog and what is decided meanwhile are published once, in order of each booking', async (fixture) => {
  const bookings = Array.from({ length: 40 }, (_, n) => `booking-${n}`)
  await decideMoves(fixture.events, bookings, 30)
  const publisher = fixture.start({ batch: 100 })
  await decideMoves(fixture.events, bookings, 30, 31)
  await drained(publisher)
  assert.equal(await wrongIn(fixture), [])
})

test('the next publisher goes on where the last one ended', async (fixture) => {
  await decideMoves(fixture.events, ['a'], 3)
  const first = fixture.start()
  await drained(first)
  await first.end()
  await decideMoves(fixture.events, ['a'], 3, 4)
  await drained(fixture.start())
  assert.equal(await wrongIn(fixture), [])
})

test('an event that cannot be encoded, or is too large, is parked; its booking waits, and the rest goes on', async (fixture) => {
  const { events, configuration, parking } = fixture
  const { topic } = configuration
  await topicTaking(topic, 20_000)
  await decideMoves(events, ['a', 'b', 'c'], 20)
  const strange = await appendedTo(events, 'booking-c', someEvent('BookingRescheduled'))
  const tooLarge = await large(events, 'a')
  await decideMoves(events, ['a', 'b', 'c'], 20, 21)
  const publisher = fixture.start()
  assert.is((await drained(publisher)).parked, 2)
  assert.equal(
    [await parking.find(strange), await parking.find(tooLarge)].map((one) => one?.error.code),
    ['NOT_ENCODED', 'TOO_LARGE'],
  )
  const stored = await bookingEvents(events)
  const waits = ({ stream, position }: RecordedEvent) =>
    (stream === 'booking-a' && position >= tooLarge) || (stream === 'booking-c' && position >= strange)
  const wrong = async (left: (event: RecordedEvent) => boolean) =>
    differences(
      stored.filter((event) => !left(event)),
      await readTopic(brokers, topic),
    ).slice(0, 10)
  assert.equal(await wrong(waits), [])

  // Tried again in vain; then given up.
  await publisher.carryOut({ position: tooLarge, want: 'RETRY' })
  await publisher.carryOut({ position: strange, want: 'SKIP' })
  assert.equal(
    [await parking.find(strange), await parking.find(tooLarge)].map((one) => one?.error.code),
    [undefined, 'TOO_LARGE'],
  )
  assert.equal(
    await wrong((event) => event.position === strange || (event.stream === 'booking-a' && waits(event))),
    [],
  )

  // Once the topic takes it, it comes first, and then what waited; also in the hands of the next publisher.
  await publisher.end()
  await topicTaking(topic, 200_000)
  const next = fixture.start()
  assert.is((await drained(next)).parked, 1)
  await decideMoves(events, ['a'], 1, 41)
  await drained(next)
  await next.carryOut({ position: tooLarge, want: 'RETRY' })
  assert.is(await parking.find(tooLarge), undefined)
  assert.is((await next.status()).parked, 0)
  await decideMoves(events, ['a', 'c'], 1, 42)
  await drained(next)
  const all = (await bookingEvents(events)).filter(({ position }) => position !== strange)
  assert.equal(differences(all, await readTopic(brokers, topic)).slice(0, 10), [])
})

test('what waits is known to the next publisher even where the read models are lost', async (fixture) => {
  const { events, configuration, parking, readStore } = fixture
  await topicTaking(configuration.topic, 20_000)
  await decideMoves(events, ['a'], 1)
  const tooLarge = await large(events, 'a')
  const publisher = fixture.start()
  await drained(publisher)
  await publisher.end()
  await readStore.clear('parked-events', '')
  await decideMoves(events, ['a', 'b'], 2, 3)
  const next = fixture.start()
  assert.is((await drained(next)).parked, 1)
  assert.is((await parking.find(tooLarge))?.error.code, 'UNKNOWN')
  const waits = ({ stream, position }: RecordedEvent) => stream === 'booking-a' && position >= tooLarge
  const gone = (await bookingEvents(events)).filter((event) => !waits(event))
  assert.equal(differences(gone, await readTopic(brokers, configuration.topic)), [])
})

test('how long ago each event was decided is told when it is published', async (fixture) => {
  const { events } = fixture
  await decideMoves(events, ['a', 'b'], 3)
  const decidedAt = (await bookingEvents(events)).map(({ data }) => Date.parse(String(data.at)))
  const told: number[] = []
  const before = Date.now()
  await drained(fixture.start({ onPublished: (_, secondsAgo) => told.push(...secondsAgo) }))
  assert.is(told.length, decidedAt.length)
  for (const [index, seconds] of told.entries())
    assert.ok(seconds >= Math.max(0, before - (decidedAt[index] ?? 0)) / 1_000)
})

test('while an operator has stopped everything nothing is published, and nothing is lost', async (fixture) => {
  const { events } = fixture
  const publisher = fixture.start()
  await decideMoves(events, ['a'], 2)
  await drained(publisher)
  await setEverything(events, 'off')
  await decideMoves(events, ['a'], 2, 3)
  const { backlog, oldestAgeMs } = await untilStatus(publisher, ({ state }) => state === 'STOPPED')
  assert.is(backlog, 2)
  assert.type(oldestAgeMs, 'number')
  await publisher.ready()
  assert.is((await readTopic(brokers, fixture.configuration.topic)).length, 2)
  await setEverything(events, 'apply')
  await drained(publisher)
  assert.equal(await wrongIn(fixture), [])
})

test('a store that ends before what was published is not published from', async (fixture) => {
  await decideMoves(fixture.events, ['a'], 5)
  const publisher = fixture.start()
  await drained(publisher)
  await publisher.end()
  await refusesToPublish(fixture, fixture.otherStore(), /beyond the end/)
})

test('a store that went on with other events than those published is not published from', async (fixture) => {
  await decideMoves(fixture.events, ['a'], 5)
  const publisher = fixture.start()
  await drained(publisher)
  await publisher.end()
  const restored = fixture.otherStore()
  await decideMoves(restored, ['a'], 20)
  await refusesToPublish(fixture, restored, /is not in the event store/)
})

test('nothing is published to a topic with events whose position is missing', async (fixture) => {
  await decideMoves(fixture.events, ['a'], 5)
  const publisher = fixture.start()
  await drained(publisher)
  await publisher.end()
  const admin = testClient(brokers).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [`${fixture.configuration.topic}-position`] })
  await admin.disconnect()
  await refusesToPublish(fixture, fixture.events, /position up to where is missing/)
})

test('a first transaction that came to nothing leaves no trace', async (fixture) => {
  const { topic } = fixture.configuration
  const first = fixture.start()
  await drained(first)
  await first.end()
  const producer = testClient(brokers).producer({
    transactionalId: topic,
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: [{ key: 'a', value: 'x' }] })
  await transaction.abort()
  await producer.disconnect()
  await decideMoves(fixture.events, ['a'], 2)
  await drained(fixture.start())
  assert.equal(await wrongIn(fixture), [])
})

test('when the brokers are gone nothing is lost, readiness says so, and the backlog drains in order', async (fixture) => {
  const { events } = fixture
  const line = await brokerProxy(brokers[0] ?? '')
  try {
    const bookings = Array.from({ length: 50 }, (_, n) => `booking-${n}`)
    const publisher = fixture.start({ route: line.route, unreadyAfterMs: 300 })
    await decideMoves(events, bookings, 4)
    await drained(publisher)
    await publisher.ready()
    await line.cut()
    await decideMoves(events, bookings, 60, 5)
    await untilStatus(publisher, ({ oldestAgeMs }) => (oldestAgeMs ?? 0) > 300)
    const { backlog } = await publisher.status()
    assert.is(backlog, 3_000)
    assert.is(await rejects(publisher.ready()), true)
    await line.mend()
    await drained(publisher)
    await publisher.ready()
    assert.equal(await wrongIn(fixture), [])
  } finally {
    await line.close()
  }
})

test('brokers that do not answer at the start are asked until they do', async (fixture) => {
  const line = await brokerProxy(brokers[0] ?? '')
  try {
    await line.cut()
    const publisher = fixture.start({ route: line.route, unreadyAfterMs: 0 })
    await decideMoves(fixture.events, ['a'], 3)
    const { outage } = await untilStatus(publisher, ({ state }) => state === 'UNAVAILABLE')
    assert.match(outage?.message ?? '', /KAFKA_BROKERS/)
    assert.is(outage?.what, 'publishing of booking events')
    assert.is(await rejects(publisher.ready()), true)
    await line.mend()
    await drained(publisher)
    assert.equal(await wrongIn(fixture), [])
  } finally {
    await line.close()
  }
})

publishing.after(async () => {
  await kafka?.stop()
})
publishing.run()

async function refusesToPublish(fixture: PublishingFixture, events: EventStore, why: RegExp): Promise<void> {
  const before = await readTopic(brokers, fixture.configuration.topic)
  const publisher = fixture.start({ events })
  const { reason } = await untilStatus(publisher, ({ state }) => state === 'STORE_REWOUND')
  assert.match(reason ?? '', why)
  assert.is(await rejects(publisher.ready()), true)
  await decideMoves(events, ['z'], 1)
  await publisher.end()
  assert.is((await readTopic(brokers, fixture.configuration.topic)).length, before.length)
}

async function setEverything(events: EventStore, mode: 'off' | 'apply'): Promise<void> {
  const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'operator:test' }
  const event = encode<'syncPolicy'>(
    { type: 'SyncPolicySet', data: { scope: 'everything', mode, at: '2026-03-02T08:00:00Z' } },
    randomUUID(),
    metadata,
  )
  await appendedTo(events, streamName('syncPolicy', 'everything'), event)
}

/** Its position. */
async function appendedTo(events: EventStore, stream: string, event: NewEvent): Promise<Position> {
  return (await appendNext(events, stream, [event])).position
}

/** Appends an event of 30 kB to the booking, which has some, and gives its position. */
async function large(events: EventStore, bookingUid: string): Promise<Position> {
  const [before] = (await bookingEvents(events)).filter(({ stream }) => stream === `booking-${bookingUid}`)
  if (before === undefined) throw new Error('there is no event')
  const { type, data, metadata } = before
  const id = randomUUID()
  return appendedTo(events, before.stream, {
    id,
    type,
    metadata,
    data: { ...data, externalEventId: 'x'.repeat(30_000) },
  })
}

/** Makes the topic, or changes it, so that it takes batches of so many bytes. */
async function topicTaking(topic: string, bytes: number): Promise<void> {
  const admin = testClient(brokers).admin()
  await admin.connect()
  const configEntries = [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'max.message.bytes', value: String(bytes) },
  ]
  const made = await admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] })
  if (!made)
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] })
  await admin.disconnect()
}

const rejects = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  )
