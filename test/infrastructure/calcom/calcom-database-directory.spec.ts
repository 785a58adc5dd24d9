import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lookAtCalcomDatabase } from '../../../cli/doctor/calcom-database.ts'
import {
  type CalcomDatabaseDirectory,
  calcomDatabaseDirectory,
} from '../../../infrastructure/calcom/calcom-database-directory.ts'
import { calcomDatabaseCondition } from '../../../infrastructure/calcom/calcom-database-probe.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { calcomCore } from '../../../stand-ins/calcom/calcom-core.ts'
import { bookingDirectoryContract, WITHOUT_RACES } from '../../ports/booking-directory.contract.ts'
import { blackHole } from '../../support/black-hole.ts'
import { fillFrom, makeCalcomDatabase, READER, VIEW } from '../../support/calcom-tables.ts'
import {
  type PostgresForTests,
  postgresPrograms,
  skippedWithoutPostgres,
  startPostgres,
} from '../../support/postgres.ts'

const NAME = 'the directory by Cal.com’s database'
const programs = postgresPrograms()
if (programs === undefined) skippedWithoutPostgres(NAME)
else onPostgres(await startPostgres(programs))

function onPostgres(postgres: PostgresForTests): void {
  const url = postgres.url(READER.role, READER.password)
  const test = suite(NAME)

  bookingDirectoryContract('Cal.com’s database', async () => {
    await makeCalcomDatabase(postgres)
    const core = calcomCore({
      clock: systemClock,
      newId: () => randomUUID().replaceAll('-', ''),
      settings: WITHOUT_RACES,
    })
    const directory = calcomDatabaseDirectory({ url, pageSize: 2 })
    return {
      core,
      async look() {
        await fillFrom(postgres, core.snapshot())
        return directory
      },
      close: () => directory.close(),
    }
  })

  /** Views and role are as their file makes them, and there is one booking `u1` tomorrow. */
  const onDatabase =
    (play: (directory: CalcomDatabaseDirectory) => Promise<void>, given: object = {}) =>
    async (): Promise<void> => {
      await makeCalcomDatabase(postgres)
      await postgres.run(`INSERT INTO "User" (id, email) VALUES (7, 'Host@example.com');
        INSERT INTO "EventType" (id, title, length) VALUES (3, 'secret title', 45);
        INSERT INTO "DestinationCalendar" (integration, "externalId", "userId", "credentialId")
          VALUES ('google_calendar', 'host@example.com', 7, 92);
        INSERT INTO "Booking" (uid, "userId", "eventTypeId", title, "startTime", "endTime")
          VALUES ('u1', 7, 3, 'secret title', '2031-03-30T00:30:00.123', '2031-03-30T01:15:00')`)
      const directory = calcomDatabaseDirectory({ url, ...given })
      try {
        await play(directory)
      } finally {
        await directory.close()
      }
    }

  const codeOf = async (directory: CalcomDatabaseDirectory): Promise<string> => {
    const answer = await directory.booking('u1', '7')
    return [answer.ok ? 'OK' : answer.code, ...directory.databaseComplaints()].join(' ')
  }

  test(
    'reads times as UTC to the millisecond, whatever the zones of server and process',
    onDatabase(async (directory) => {
      await postgres.run(`ALTER ROLE ${READER.role} SET timezone = 'America/New_York'`)
      const answer = await directory.booking('u1', '7')
      assert.is(answer.ok && answer.value.start.toString(), '2031-03-30T00:30:00.123Z')
      await postgres.run(`ALTER ROLE ${READER.role} RESET timezone`)
    }),
  )

  test(
    'tells the calendar that Cal.com writes into: the booking’s own, the type’s, the host’s, in this order',
    onDatabase(async (directory) => {
      const destination = async () => {
        const answer = await directory.booking('u1', '7')
        return answer.ok && answer.value.destination
      }
      assert.equal(await destination(), { externalCalendarId: 'host@example.com', credentialId: '92' })
      await postgres.run(`INSERT INTO "DestinationCalendar" (id, integration, "externalId", "eventTypeId")
        VALUES (50, 'google_calendar', 'type@example.com', 3), (51, 'google_calendar', 'own@example.com', NULL)`)
      assert.equal(await destination(), { externalCalendarId: 'type@example.com' })
      await postgres.run('UPDATE "Booking" SET "destinationCalendarId" = 51')
      assert.equal(await destination(), { externalCalendarId: 'own@example.com' })
      await postgres.run(`UPDATE "DestinationCalendar" SET integration = 'office365_calendar' WHERE id = 51`)
      assert.is(await destination(), undefined)
    }),
  )

  test(
    'shows the marks of Cal.com’s own calendar sync, and a booking rescheduled away that is still accepted as over',
    onDatabase(async (directory) => {
      const read = async () => {
        const answer = await directory.booking('u1', '7')
        assert.ok(answer.ok)
        return answer.value
      }
      assert.is((await read()).secondWriter, undefined)
      await postgres.run(`UPDATE "Booking" SET "cancellationReason" = 'Cancelled on user''s calendar',
        "cancelledBy" = 'host@example.com'`)
      assert.is((await read()).secondWriter, true)
      await postgres.run(`UPDATE "Booking" SET "cancelledBy" = 'guest@example.com'`)
      assert.is((await read()).secondWriter, undefined)
      const mark = (updatedAt: string) =>
        postgres.run('UPDATE "Booking" SET metadata = $1, "createdAt" = \'2031-01-01T10:00:30\'', [
          JSON.stringify({ calendarSubscriptionEvent: JSON.stringify({ summary: 'secret', updatedAt }) }),
        ])
      await mark('2031-01-01T10:00:00.000Z')
      assert.is((await read()).secondWriter, true)
      await mark('2030-12-01T10:00:00.000Z')
      assert.is((await read()).secondWriter, undefined)
      await postgres.run(`UPDATE "Booking" SET rescheduled = true;
        INSERT INTO "Booking" (uid, title, "startTime", "endTime", "fromReschedule")
          SELECT 'u2', title, "startTime", "endTime", 'u1' FROM "Booking"`)
      const { status, rescheduledToUid } = await read()
      assert.equal([status, rescheduledToUid], ['CANCELLED', 'u2'])
    }),
  )

  test(
    'leaves out of a list what cannot be a booking’s, and marks times that cannot be',
    onDatabase(async (directory) => {
      await postgres.run(`INSERT INTO "Booking" (uid, "userId", title, "startTime", "endTime") VALUES
        ('nobodys', NULL, '', '2031-05-01', '2031-05-02'), ('endless', 7, '', '2031-05-01', 'infinity');
        UPDATE "Booking" SET "endTime" = "startTime" WHERE uid = 'u1'`)
      const page = await directory.futureBookings({ from: systemClock.now() })
      assert.ok(page.ok)
      assert.equal(
        page.value.bookings.map(({ bookingUid, impossibleTimes }) => [bookingUid, impossibleTimes]),
        [['u1', true]],
      )
      assert.equal(await directory.booking('endless', '7'), { ok: false, code: 'BAD_ANSWER' })
    }),
  )

  test(
    'answers BAD_ANSWER while a view lacks a column or is gone, and mends itself',
    onDatabase(async (directory) => {
      assert.is(await codeOf(directory), 'OK')
      await postgres.run('ALTER VIEW calendar_sync.booking RENAME COLUMN seats TO chairs')
      assert.is(await codeOf(directory), 'BAD_ANSWER CALCOM_VIEW_MISSING')
      const lacking = await calcomDatabaseCondition(url)
      assert.equal(lacking.ok && lacking.missing, ['booking.seats'])
      await postgres.run('DROP SCHEMA calendar_sync CASCADE')
      assert.is(await codeOf(directory), 'BAD_ANSWER CALCOM_VIEW_MISSING')
      await postgres.run(VIEW)
      assert.is(await codeOf(directory), 'OK')
    }),
  )

  test(
    'answers UNAVAILABLE while the password is another or the database is away, and mends itself',
    onDatabase(async (directory) => {
      assert.is(await codeOf(directory), 'OK')
      await postgres.stop()
      assert.is(await codeOf(directory), 'UNAVAILABLE CALCOM_DATABASE_AWAY')
      await postgres.start()
      await postgres.run(`ALTER ROLE ${READER.role} PASSWORD 'another'`)
      assert.is(await codeOf(directory), 'UNAVAILABLE CALCOM_DATABASE_REFUSED')
      await postgres.run(`ALTER ROLE ${READER.role} PASSWORD '${READER.password}'`)
      assert.is(await codeOf(directory), 'OK')
    }),
  )

  test(
    'gives up a question that takes too long',
    onDatabase(
      async (directory) => {
        await postgres.run(`CREATE OR REPLACE VIEW calendar_sync.destination_calendar AS
          SELECT 'u1'::text AS booking_uid, 'c'::text AS calendar_id, 1 AS credential_id FROM pg_sleep(2)`)
        assert.is(await codeOf(directory), 'UNAVAILABLE CALCOM_DATABASE_AWAY')
        await postgres.run(VIEW)
        assert.is(await codeOf(directory), 'OK')
      },
      { answerMs: 300, connectMs: 300 },
    ),
  )

  test(
    'gives up a server that takes connections and says nothing, also in the middle, and comes back',
    onDatabase(async () => {
      const line = await blackHole(postgres.port)
      const through = url.replace(`:${postgres.port}/`, `:${line.port}/`)
      const directory = calcomDatabaseDirectory({ url: through, answerMs: 300, connectMs: 300 })
      assert.is(await codeOf(directory), 'OK')
      line.swallow()
      for (let times = 0; times < 2; times++)
        assert.is(await codeOf(directory), 'UNAVAILABLE CALCOM_DATABASE_AWAY')
      line.mend()
      assert.is(await codeOf(directory), 'OK')
      await directory.close()
      await line.close()
    }),
  )

  test(
    'reads with a role that can read the views and do nothing else; doctor finds one that can do more',
    onDatabase(async () => {
      const condition = await calcomDatabaseCondition(url)
      assert.ok(condition.ok)
      assert.equal([condition.missing, condition.bookings, condition.beyond], [[], 1, []])
      await postgres.run(`GRANT SELECT (id) ON "Attendee" TO ${READER.role};
        GRANT UPDATE ON "Booking" TO ${READER.role}; GRANT CREATE ON SCHEMA public TO ${READER.role}`)
      const mighty = await calcomDatabaseCondition(url)
      assert.equal(mighty.ok && mighty.beyond, [
        'can read public."Attendee"',
        'can write public."Booking"',
        'can make tables in public',
      ])
      const wrong = await calcomDatabaseCondition(postgres.url(READER.role, 'hunter3'))
      assert.is(!wrong.ok && wrong.complaint, 'CALCOM_DATABASE_REFUSED')
      assert.not.match(JSON.stringify(wrong), /hunter/)
      const findings = await lookAtCalcomDatabase(url)
      assert.equal(
        findings.map(({ state }) => state),
        ['ok', 'note'],
      )
      await postgres.run('DROP VIEW calendar_sync.booking_reference')
      const [missing] = await lookAtCalcomDatabase(url)
      assert.match(missing?.says ?? '', /booking_reference[.]event_id.+CALCOM_VIEW_MISSING/)
    }),
  )

  test('ends the server', () => postgres.remove())

  test.run()
}
