// Tables as Cal.com's published Prisma schema makes them, with the columns that somebody here reads or writes, and some that
// nobody may see; filled with what the stand-in has.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CalcomState } from '../../stand-ins/calcom/calcom-state.ts'
import type { PostgresForTests } from './postgres.ts'

const CALCOM_TABLES = `
  CREATE TYPE "BookingStatus" AS ENUM ('cancelled', 'accepted', 'rejected', 'pending', 'awaiting_host');
  CREATE TABLE "User" (id serial PRIMARY KEY, username text, email text NOT NULL);
  CREATE TABLE "EventType" (
    id serial PRIMARY KEY, title text NOT NULL, length int NOT NULL, "userId" int,
    "requiresConfirmation" boolean NOT NULL DEFAULT false, "seatsPerTimeSlot" int
  );
  CREATE TABLE "DestinationCalendar" (
    id serial PRIMARY KEY, integration text NOT NULL, "externalId" text NOT NULL, "primaryEmail" text,
    "userId" int UNIQUE, "eventTypeId" int UNIQUE, "credentialId" int
  );
  CREATE TABLE "Booking" (
    id serial PRIMARY KEY, uid text NOT NULL UNIQUE, "userId" int, "eventTypeId" int, title text NOT NULL,
    "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" timestamp(3),
    status "BookingStatus" NOT NULL DEFAULT 'accepted', "destinationCalendarId" int,
    "cancellationReason" text, "cancelledBy" text, rescheduled boolean, "fromReschedule" text,
    "rescheduledBy" text, metadata jsonb
  );
  CREATE TABLE "Attendee" (id serial PRIMARY KEY, email text NOT NULL, name text NOT NULL, "bookingId" int);
  CREATE TABLE "BookingReference" (
    id serial PRIMARY KEY, type text NOT NULL, uid text NOT NULL, "meetingId" text,
    "thirdPartyRecurringEventId" text, "bookingId" int, "externalCalendarId" text, "credentialId" int,
    deleted boolean
  );`

export const VIEW = readFileSync(join(import.meta.dirname, '../../docs/calcom-view.sql'), 'utf8')

/** The role that the view's file makes, with its password. */
export const READER = { role: 'calendar_sync', password: 'read-only-hunter2' }

/** Makes tables, views and role, of which the role alone can be there before. */
export async function makeCalcomDatabase({ run }: PostgresForTests): Promise<void> {
  await run(`DROP SCHEMA IF EXISTS calendar_sync CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC`)
  await run(CALCOM_TABLES)
  await run(VIEW)
  await run(`ALTER ROLE ${READER.role} PASSWORD '${READER.password}'`)
}

/** Makes the tables hold what the stand-in holds, and nothing else. */
export async function fillFrom({ run }: PostgresForTests, state: CalcomState): Promise<void> {
  const rows = {
    users: state.users.map(({ id, email }) => ({ id, email })),
    types: state.eventTypes.map((type) => ({ ...type, length: type.lengthMinutes })),
    calendars: state.users.flatMap(({ id: userId, destination }) =>
      destination
        ? [
            {
              id: destination.id,
              integration: 'google_calendar',
              externalId: destination.externalCalendarId,
              userId,
              credentialId: Number(destination.credentialId),
            },
          ]
        : [],
    ),
    bookings: state.bookings.map((one) => ({
      ...one,
      startTime: one.start,
      endTime: one.end,
      cancellationReason: one.reason,
    })),
    references: state.bookings.flatMap(({ id: bookingId, references }) =>
      references.map((one) => ({ ...one, bookingId, credentialId: Number(one.credentialId) || null })),
    ),
  }
  const into = (table: string, columns: string, part: keyof typeof rows) =>
    `INSERT INTO "${table}" (${columns}) SELECT ${columns}
       FROM jsonb_populate_recordset(NULL::"${table}", $1::jsonb->'${part}');`
  const tables = [
    ['User', 'id, email', 'users'],
    ['EventType', 'id, title, length, "userId", "requiresConfirmation", "seatsPerTimeSlot"', 'types'],
    ['DestinationCalendar', 'id, integration, "externalId", "userId", "credentialId"', 'calendars'],
    [
      'Booking',
      'id, uid, "userId", "eventTypeId", title, "startTime", "endTime", "createdAt", status, "cancellationReason", "cancelledBy", rescheduled, "fromReschedule", metadata',
      'bookings',
    ],
    [
      'BookingReference',
      'id, type, uid, "thirdPartyRecurringEventId", "bookingId", "externalCalendarId", "credentialId", deleted',
      'references',
    ],
  ] as const
  await run(`TRUNCATE ${tables.map(([table]) => `"${table}"`).join(', ')}`)
  for (const [table, columns, part] of tables) await run(into(table, columns, part), [JSON.stringify(rows)])
}
