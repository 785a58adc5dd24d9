import { setTimeout } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeCalcomDatabase, READER } from '../support/calcom-tables.ts'
import {
  type PostgresForTests,
  postgresPrograms,
  skippedWithoutPostgres,
  startPostgres,
} from '../support/postgres.ts'
import { needsOf } from '../support/publishing-service.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const NAME = 'a service that reads Cal.com’s database'
const programs = postgresPrograms()
if (programs === undefined) skippedWithoutPostgres(NAME)
else onPostgres(await startPostgres(programs))

const Item = z.object({ externalCalendarId: z.string(), credentialId: z.string().nullish() })
const Answer = z.object({
  items: z.array(Item).default([]),
  references: z.array(z.object({ externalEventId: z.string() })).default([]),
})

async function answerOf(service: ServiceProcess, path: string) {
  const response = await fetch(`${service.url}${path}`, {
    headers: { authorization: `Bearer ${service.token}` },
  })
  return Answer.parse(await response.json())
}

/** Asks until it is so; the service looks every half second. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    if (await holds()) return
    await setTimeout(100)
  }
  assert.unreachable(what)
}

function onPostgres(postgres: PostgresForTests): void {
  const test = suite(NAME)

  test('follows bookings without webhook or key; tells of each trouble, loses nothing, recovers by itself', async () => {
    const folder = temporaryFolder()
    await makeCalcomDatabase(postgres)
    const book = (uid: string) =>
      postgres.run(`INSERT INTO "Booking" (uid, "userId", title, "startTime", "endTime")
        VALUES ('${uid}', 7, 'secret title', '2031-03-30T10:00:00', '2031-03-30T10:30:00');
        INSERT INTO "BookingReference" (type, uid, "bookingId", "externalCalendarId")
        SELECT 'google_calendar', 'event-of-${uid}', id, 'host@example.com' FROM "Booking" WHERE uid = '${uid}'`)
    await postgres.run(`INSERT INTO "User" (id, email) VALUES (7, 'host@example.com');
      INSERT INTO "DestinationCalendar" (integration, "externalId", "userId", "credentialId")
        VALUES ('google_calendar', 'host@example.com', 7, 92)`)
    await book('first')
    const service = await startServiceProcess({
      DATA_DIR: `${folder.path}/data`,
      PORT: '0',
      GOOGLE_API_URL: 'http://127.0.0.1:1',
      CALCOM_DATABASE_URL: postgres.url(READER.role, READER.password),
      CRON_SECONDS: '0.3',
      BOOKING_RECONCILE_MINUTES: '0.005',
      LOG_LEVEL: 'debug',
    })
    const told = async (code: string) => (await needsOf(service)).some((need) => need.code === code)
    const followed = (uid: string) =>
      until(`${uid} is followed`, async () => {
        const { references } = await answerOf(service, `/bookings/${uid}`)
        return references.some(({ externalEventId }) => externalEventId === `event-of-${uid}`)
      })
    try {
      await followed('first')
      const { items } = await answerOf(service, '/calendar-syncs')
      assert.equal(
        items.map((item) => [item.externalCalendarId, item.credentialId]),
        [['host@example.com', '92']],
      )
      const troubles: [code: string, begin: () => Promise<unknown>, end: () => Promise<unknown>][] = [
        [
          'CALCOM_VIEW_MISSING',
          () => postgres.run('ALTER VIEW calendar_sync.booking RENAME COLUMN seats TO chairs'),
          () => postgres.run('ALTER VIEW calendar_sync.booking RENAME COLUMN chairs TO seats'),
        ],
        ['CALCOM_DATABASE_AWAY', postgres.stop, postgres.start],
        [
          'CALCOM_DATABASE_REFUSED',
          async () => {
            await postgres.run(`ALTER ROLE ${READER.role} PASSWORD 'another'`)
            await postgres.run(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${READER.role}'`,
            )
          },
          () => postgres.run(`ALTER ROLE ${READER.role} PASSWORD '${READER.password}'`),
        ],
      ]
      for (const [code, begin, end] of troubles) {
        await begin()
        await until(`${code} is told`, () => told(code))
        await end()
        await book(`after-${code}`)
        await followed(`after-${code}`)
        assert.is(await told(code), false, code)
      }
      assert.not.match(service.output(), /hunter2|secret title/)
    } finally {
      await service.end('SIGTERM')
      await postgres.remove()
      folder.remove()
    }
  })

  test.run()
}
