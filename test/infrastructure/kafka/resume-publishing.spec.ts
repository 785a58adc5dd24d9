import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { kafkaPublisher } from '../../../infrastructure/kafka/kafka-publisher.ts'
import type { EventStore, Position, RecordedEvent } from '../../../ports/event-store/event-store.ts'
import { ResumeRefused, resumePublishing } from '../../../services/publishing/resume.ts'
import type { ResumeReport } from '../../../services/publishing/resume-report.ts'
import { appendNext } from '../../support/append-next.ts'
import { kafkaForTests, quietLog } from '../../support/kafka.ts'
import { bookingEvents, decideMoves, differences } from '../../support/published-events.ts'
import {
  drained,
  type PublishingFixture,
  untilStatus,
  withPublishing,
} from '../../support/publisher-fixture.ts'
import { readTopic, testClient } from '../../support/topic-reader.ts'

const kafka = await kafkaForTests()
const brokers = kafka?.brokers ?? []
const resuming = suite('resuming to publish')
const test = (title: string, body: (fixture: PublishingFixture) => Promise<void>) =>
  kafka ? resuming(title, withPublishing(brokers, body)) : resuming.skip(title, () => {})

async function resume(
  { configuration, parking }: PublishingFixture,
  events: EventStore,
  options: { after?: string; write?: boolean } = {},
): Promise<ResumeReport> {
  const publisher = kafkaPublisher({ configuration, clock: systemClock, log: quietLog() })
  try {
    return await resumePublishing(
      { events, publisher, parking },
      { after: options.after, write: options.write ?? false },
    )
  } finally {
    await publisher.close()
  }
}

/** Publishes all of the fixture's store. */
async function publishAll(fixture: PublishingFixture): Promise<RecordedEvent[]> {
  const publisher = fixture.start()
  await drained(publisher)
  await publisher.end()
  // Until the topic shows it all.
  await readTopic(brokers, fixture.configuration.topic)
  return bookingEvents(fixture.events)
}

/** Another store with the first `count` of these events, as a backup has them. */
async function backupOf(fixture: PublishingFixture, count: number): Promise<EventStore> {
  const restored = fixture.otherStore()
  for (const { stream, id, type, data, metadata } of (await bookingEvents(fixture.events)).slice(0, count))
    await appendNext(restored, stream, [{ id, type, data, metadata }])
  return restored
}

const byPosition = (events: readonly RecordedEvent[], after: Position) =>
  events.filter(({ position }) => position > after)

test('after an older backup was restored, what is not in the topic yet is published once and in order', async (fixture) => {
  await decideMoves(fixture.events, ['a', 'b', 'c'], 10)
  await publishAll(fixture)
  const restored = await backupOf(fixture, 20)
  await decideMoves(restored, ['a', 'd'], 3, 8)
  const running = fixture.start({ events: restored, rewoundPauseMs: 1_000 })
  const { reason = '' } = await untilStatus(running, ({ state }) => state === 'STORE_REWOUND')

  const looked = await resume(fixture, restored)
  assert.is(looked.state, 'READY')
  assert.is(looked.reason, reason)
  const stored = await bookingEvents(restored)
  const [next] = stored.slice(20)
  assert.equal(
    [looked.inStore, looked.inTopic, looked.unknownToStore, looked.toPublish, looked.repeated],
    [26, 20, 10, 6, 0],
  )
  assert.equal(looked.first, {
    position: next?.position,
    id: next?.id,
    time: next?.recordedAt,
    bookingUid: 'a',
  })
  assert.is(looked.goesOnAfter, stored[19]?.position)
  assert.is((await running.status()).state, 'STORE_REWOUND')
  assert.is((await readTopic(brokers, fixture.configuration.topic)).length, 30)

  assert.is((await resume(fixture, restored, { write: true })).state, 'RESUMED')
  await drained(running)
  await decideMoves(restored, ['d'], 1, 11)
  await drained(running)
  const seen = await readTopic(brokers, fixture.configuration.topic)
  const ids = new Set((await bookingEvents(restored)).map(({ id }) => id))
  assert.is(seen.length, 37)
  const ours = seen.filter(({ headers }) => ids.has(headers.ce_id ?? ''))
  assert.equal(differences(await bookingEvents(restored), ours), [])
  assert.is((await resume(fixture, restored)).state, 'NOT_STOPPED')
})

test('where the position is lost, publishing goes on behind the last event in the topic', async (fixture) => {
  const { events, configuration } = fixture
  await decideMoves(events, ['a', 'b'], 5)
  await publishAll(fixture)
  const admin = testClient(brokers).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [`${configuration.topic}-position`] })
  await admin.disconnect()
  await decideMoves(events, ['a', 'b'], 5, 6)
  const report = await resume(fixture, events, { write: true })
  assert.equal([report.state, report.toPublish, report.unknownToStore], ['RESUMED', 10, 0])
  await publishAll(fixture)
  assert.equal(differences(await bookingEvents(events), await readTopic(brokers, configuration.topic)), [])
})

test('where the topic does not tell, it is asked where to go on, and nothing is written', async (fixture) => {
  const { events, configuration } = fixture
  await decideMoves(events, ['a', 'b'], 5)
  const stored = await publishAll(fixture)
  const restored = await backupOf(fixture, 6)
  // As a topic is whose events have all been deleted for their age.
  const admin = testClient(brokers).admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(configuration.topic)
  await admin.deleteTopicRecords({
    topic: configuration.topic,
    partitions: offsets.map(({ partition, high }) => ({ partition, offset: high })),
  })
  await admin.disconnect()
  const undecided = await resume(fixture, restored, { write: true })
  assert.is(undecided.state, 'UNDECIDED')
  assert.is(undecided.doubts.length, 1)
  const running = fixture.start({ events: restored, rewoundPauseMs: 1_000 })
  await untilStatus(running, ({ state }) => state === 'STORE_REWOUND')

  const after = stored[3]?.position ?? ''
  for (const wrong of [after.slice(1), '9'.repeat(after.length), 'x'.repeat(after.length)])
    await resume(fixture, restored, { after: wrong, write: true }).then(
      () => assert.unreachable('it went on after no position'),
      (error) => assert.is(error instanceof ResumeRefused && error.code, 'POSITION_UNKNOWN'),
    )
  const told = await resume(fixture, restored, { after, write: true })
  assert.equal([told.state, told.toPublish, told.goesOnAfter], ['RESUMED', 2, after])
  await drained(running)
  const seen = await readTopic(brokers, configuration.topic)
  assert.equal(differences(byPosition(await bookingEvents(restored), after), seen), [])
})

test('where events are missing before others that are there, it is asked where to go on', async (fixture) => {
  const { events, configuration } = fixture
  const positions = await decideMoves(events, ['a', 'b'], 10)
  await publishAll(fixture)
  // The same store with one event in the middle that never was in the topic.
  const other = fixture.otherStore()
  const stored = await bookingEvents(events)
  for (const [n, { stream, id, type, data, metadata }] of stored.entries()) {
    if (n === 10) await decideMoves(other, ['z'], 1)
    await appendNext(other, stream, [{ id, type, data, metadata }])
  }
  const report = await resume(fixture, other)
  assert.equal([report.state, report.leftOut, report.firstLeftOut?.bookingUid], ['UNDECIDED', 1, 'z'])
  assert.is(report.leavesOutNoneAfter, positions[9])
  const again = await resume(fixture, other, { after: report.leavesOutNoneAfter ?? '', write: true })
  assert.equal([again.state, again.toPublish, again.repeated], ['RESUMED', 11, 10])
  await drained(fixture.start({ events: other }))
  assert.is((await readTopic(brokers, configuration.topic)).length, 31)
})

test('from the start everything is published, and a look at a publisher that works does not disturb it', async (fixture) => {
  const { events, configuration } = fixture
  await decideMoves(events, ['a'], 3)
  await publishAll(fixture)
  const other = fixture.otherStore()
  await decideMoves(other, ['a'], 5)
  assert.is((await resume(fixture, other)).state, 'UNDECIDED')
  const report = await resume(fixture, other, { after: 'start', write: true })
  assert.equal([report.state, report.goesOnAfter, report.toPublish], ['RESUMED', 'start', 5])
  const running = fixture.start({ events: other })
  await drained(running)
  assert.is((await resume(fixture, other, { write: true })).state, 'NOT_STOPPED')
  await decideMoves(other, ['a'], 1, 6)
  await drained(running)
  assert.is((await running.status()).state, 'PUBLISHING')
  assert.is((await readTopic(brokers, configuration.topic)).length, 9)
})

resuming.after(async () => {
  await kafka?.stop()
})
resuming.run()
