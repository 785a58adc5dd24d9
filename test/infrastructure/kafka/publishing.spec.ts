import { randomUUID } from 'node:crypto'
import { Kafka as KafkaBinding } from 'cloudevents'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { streamName } from '../../../domain/domain-event.ts'
import { encode } from '../../../infrastructure/event-store/event-codec.ts'
import type { EventStore, NewEvent } from '../../../infrastructure/event-store/event-store.ts'
import { bookingCloudEvent } from '../../../services/booking-event.ts'
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

test('an event that cannot be encoded, and one that is too large, are parked, and the rest goes on', async (fixture) => {
  const { events, configuration, parked } = fixture
  const admin = testClient(brokers).admin()
  await admin.connect()
  const configEntries = [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'max.message.bytes', value: '20000' },
  ]
  await admin.createTopics({ topics: [{ topic: configuration.topic, numPartitions: 2, configEntries }] })
  await admin.disconnect()
  await decideMoves(events, ['a', 'b'], 20)
  const strange = { ...someEvent('BookingRescheduled'), id: randomUUID() }
  await appended(events, 'stranger-1', strange)
  const [large, ...others] = await bookingEvents(events)
  if (large === undefined) throw new Error('there is no event')
  const tooLarge = {
    ...large,
    id: randomUUID(),
    data: { ...large.data, externalEventId: 'x'.repeat(30_000) },
  }
  await appended(events, large.stream, {
    id: tooLarge.id,
    type: large.type,
    data: tooLarge.data,
    metadata: large.metadata,
  })
  await decideMoves(events, ['a', 'b'], 20, 21)
  const { parked: count } = await drained(fixture.start())
  assert.equal(
    parked.map(({ event, code }) => [event.id, code]),
    [
      [strange.id, 'NOT_ENCODED'],
      [tooLarge.id, 'TOO_LARGE'],
    ],
  )
  assert.is(count, 2)
  const rest = (await bookingEvents(events)).filter(({ id }) => id !== strange.id && id !== tooLarge.id)
  assert.equal(differences(rest, await readTopic(brokers, configuration.topic)).slice(0, 10), [])
  assert.ok(others.length > 0)
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
  await appended(events, streamName('syncPolicy', 'everything'), event)
}

async function appended(events: EventStore, stream: string, event: NewEvent): Promise<void> {
  const result = await events.append(stream, 'any', [event])
  if (!result.ok) throw new Error(result.error)
}

const rejects = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  )
