import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { toMessage } from '../../infrastructure/kafka/booking-event-message.ts'
import { makeCalcomDatabase } from '../support/calcom-tables.ts'
import { scriptedServer } from '../support/http-server.ts'
import { type KafkaForTests, kafkaForTests, someTopic } from '../support/kafka.ts'
import {
  type PostgresForTests,
  postgresPrograms,
  skippedWithoutPostgres,
  startPostgres,
} from '../support/postgres.ts'
import { someCloudEvent } from '../support/published-events.ts'
import { testClient } from '../support/topic-reader.ts'
import { withWholeService } from '../support/whole-service.ts'

const NAME = 'the examples of consumers'
const EXAMPLES = join(import.meta.dirname, '../../examples')
const programs = postgresPrograms()
if (programs === undefined) skippedWithoutPostgres(NAME)
else onPostgres(await startPostgres(programs), await kafkaForTests())

/** With its children: the shell of the feed reader has some. */
async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  await gone
}

const at = (hour: number) => ({
  start: `2031-03-30T${hour}:00:00.000Z`,
  end: `2031-03-30T${hour}:30:00.000Z`,
})
const moved = (bookingUid: string, from: number, to: number, basis = from) => ({
  bookingUid,
  previous: at(from),
  basis: at(basis),
  next: at(to),
})

function onPostgres(postgres: PostgresForTests, kafka: KafkaForTests | undefined): void {
  const test = suite(NAME)
  const { run } = postgres

  async function prepare(): Promise<string> {
    await makeCalcomDatabase(postgres)
    await run(readFileSync(join(EXAMPLES, 'consumed.sql'), 'utf8'))
    await run(`DROP ROLE IF EXISTS consumer; CREATE ROLE consumer LOGIN PASSWORD 'consumer' SUPERUSER`)
    return postgres.url('consumer', 'consumer')
  }
  const book = (uid: string, start: string, end: string, status = 'accepted') =>
    run(
      `INSERT INTO "Booking" (uid, title, "startTime", "endTime", status)
       VALUES ($1, '', $2::timestamptz AT TIME ZONE 'UTC', $3::timestamptz AT TIME ZONE 'UTC', $4::"BookingStatus")`,
      [uid, start, end, status],
    )
  const bookingOf = async (uid: string) => {
    const rows = await run(`SELECT status::text, "startTime"::text AS start FROM "Booking" WHERE uid = $1`, [
      uid,
    ])
    return rows[0]
  }
  const consumed = () =>
    run('SELECT event_id, outcome, code, reported FROM calendar_sync_consumed ORDER BY decided_at, event_id')
  async function untilReported(count: number) {
    for (let tries = 0; tries < 200; tries++) {
      const rows = await consumed()
      if (rows.filter(({ reported }) => reported).length >= count) return rows
      await setTimeout(100)
    }
    throw new Error(`not reported: ${JSON.stringify(await consumed())}`)
  }

  test(
    'the feed reader carries a move and a deletion to Cal.com’s tables, once, and reports both',
    withWholeService(
      async (world, { url, token }) => {
        const DATABASE_URL = await prepare()
        type Booked = { uid: string; start: string; end: string }
        const days = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString()
        const uids: string[] = []
        const reader = () =>
          spawn('sh', [join(EXAMPLES, 'feed-reader.sh')], {
            env: {
              DATABASE_URL,
              CALENDAR_SYNC_URL: url,
              CALENDAR_SYNC_TOKEN: token,
              NODE: process.execPath,
              PATH: process.env.PATH,
            },
            detached: true,
            stdio: ['ignore', 'inherit', 'inherit'],
          })
        for (const day of [2, 3]) {
          const { uid, start, end } = await world.calcom.post<Booked>('/bookings', {
            userId: 1,
            start: days(day),
          })
          await book(uid, start, end)
          uids.push(uid)
        }
        const events = await Promise.all(
          uids.map((uid) =>
            world.until(`${uid} has its event`, async () => (await world.booking(uid))?.references[0]),
          ),
        )
        const path = ({ externalCalendarId, externalEventId }: (typeof events)[number]) =>
          `/calendars/${encodeURIComponent(externalCalendarId ?? '')}/events/${externalEventId}`
        const [first, second] = events
        const [movedUid = '', deletedUid = ''] = uids
        if (first === undefined || second === undefined) throw new Error('no events')
        const start = days(4)
        await world.google.post(`${path(first)}/move`, { start })
        let child = reader()
        try {
          await untilReported(1)
          await end(child)
          await world.google.delete(path(second))
          child = reader()
          const rows = await untilReported(2)
          assert.equal(
            rows.map(({ outcome }) => outcome),
            ['APPLIED', 'APPLIED'],
          )
        } finally {
          await end(child)
        }
        assert.match(String((await bookingOf(movedUid))?.start), start.slice(0, 10))
        assert.is((await bookingOf(deletedUid))?.status, 'cancelled')
        const { stages } = await world.status()
        assert.is(stages.find(({ stage }) => stage === 'published→applied')?.backlog, 0)
      },
      { CALCOM_APPLY: 'none' },
    ),
  )

  const onKafka = kafka === undefined ? test.skip : test
  onKafka(
    'the Kafka consumer applies, skips and supersedes as the table in docs/consuming.md says',
    async () => {
      if (kafka === undefined) return
      const DATABASE_URL = await prepare()
      const service = await scriptedServer(() => ({ status: 200, body: {} }))
      const topic = someTopic()
      const client = testClient(kafka.brokers)
      const admin = client.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
      await admin.disconnect()
      for (const uid of ['moved', 'by-basis', 'elsewhere', 'cancelled'])
        await book(uid, at(10).start, at(10).end)
      await book('over', at(10).start, at(10).end, 'cancelled')
      const cancelled = {
        bookingUid: 'cancelled',
        ...at(10),
        basis: at(10),
        reasonText: 'The host removed it.',
      }
      const cancellation = someCloudEvent('cancelled', cancelled)
      const events = [
        someCloudEvent('moved', moved('moved', 10, 12)),
        someCloudEvent('by-basis', moved('by-basis', 11, 12, 10)),
        someCloudEvent('elsewhere', moved('elsewhere', 11, 12)),
        someCloudEvent('over', moved('over', 10, 12)),
        someCloudEvent('unknown', moved('unknown', 10, 12)),
        { ...cancellation, attributes: { ...cancellation.attributes, type: 'BookingCancelled' } },
      ]
      const producer = client.producer()
      await producer.connect()
      await producer.send({ topic, messages: [...events, ...events].map(toMessage) })
      await producer.disconnect()
      const consumer = spawn(process.execPath, [join(EXAMPLES, 'kafka-consumer.ts')], {
        env: {
          DATABASE_URL,
          CALENDAR_SYNC_URL: service.url,
          CALENDAR_SYNC_TOKEN: 't',
          KAFKA_BROKERS: kafka.brokers.join(),
          KAFKA_TOPIC: topic,
          KAFKA_GROUP: randomUUID(),
        },
        detached: true,
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      try {
        const rows = await untilReported(events.length)
        const outcomes = events.map(({ attributes: { id } }) => {
          const { outcome, code } = rows.find(({ event_id }) => event_id === id) ?? {}
          return `${outcome} ${code ?? ''}`.trim()
        })
        assert.equal(outcomes, [
          'APPLIED',
          'APPLIED',
          'SUPERSEDED OTHER_TIMES',
          'SUPERSEDED BOOKING_NOT_ACCEPTED',
          'REFUSED BOOKING_UNKNOWN',
          'APPLIED',
        ])
      } finally {
        await end(consumer)
        await service.close()
        await kafka.stop()
      }
      const startOf = async (uid: string) => (await bookingOf(uid))?.start
      assert.equal(await Promise.all(['moved', 'by-basis', 'elsewhere', 'over'].map(startOf)), [
        '2031-03-30 12:00:00',
        '2031-03-30 12:00:00',
        '2031-03-30 10:00:00',
        '2031-03-30 10:00:00',
      ])
      assert.is((await bookingOf('cancelled'))?.status, 'cancelled')
      const reported = service.received.map(({ body }) => JSON.parse(String(body)))
      assert.is(reported.length, events.length)
      const elsewhere = reported.find(({ eventId }) => eventId === events[2]?.attributes.id)
      assert.equal([elsewhere.start, elsewhere.end], [at(10).start, at(10).end])
    },
  )

  test('ends the server', () => postgres.remove())

  test.run()
}
