// The views of docs/calcom-view.sql as they are asked, and their rows in the service's words.
import { z } from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryBooking, DirectoryReference } from '../../ports/booking-directory.ts'
import { BookingAnswer, directoryBooking } from './calcom-answers.ts'

export const VIEW_SCHEMA = 'calendar_sync'

/** The columns that are read. `doctor` names those that a view lacks. */
export const VIEW_COLUMNS = {
  booking: [
    'booking_id',
    'booking_uid',
    'user_id',
    'status',
    'start_time',
    'end_time',
    'created_at',
    'event_length',
    'seats',
    'rescheduled_from_uid',
    'rescheduled_to_uid',
    'moved_by_sync_at',
    'ended_by_sync',
  ],
  booking_reference: ['reference_id', 'booking_uid', 'event_id', 'calendar_id', 'recurring_event_id'],
  destination_calendar: ['booking_uid', 'calendar_id', 'credential_id'],
} as const

/** Text of the instant that a time in UTC means, whatever the zones of both machines. */
const instant = (column: string) => `to_char(b.${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`

const SELECT_BOOKINGS = `
  SELECT b.booking_id::text AS booking_id, b.booking_uid, b.user_id::text AS user_id, b.status,
    ${instant('start_time')}, ${instant('end_time')}, ${instant('created_at')},
    b.event_length, b.seats, b.rescheduled_from_uid, b.rescheduled_to_uid,
    b.moved_by_sync_at, b.ended_by_sync,
    d.calendar_id AS destination_id, d.credential_id::text AS credential_id
  FROM ${VIEW_SCHEMA}.booking b
  LEFT JOIN ${VIEW_SCHEMA}.destination_calendar d ON d.booking_uid = b.booking_uid`

export const SELECT_BOOKING = `${SELECT_BOOKINGS} WHERE b.booking_uid = $1`

/** $1: from, $2: the last id of the page before, $3: the user, $4: rows a page. Ids only rise: no booking is missed. */
export const SELECT_FUTURE = `${SELECT_BOOKINGS}
  WHERE b.start_time > ($1::timestamptz AT TIME ZONE 'UTC') AND b.booking_id > $2::bigint
    AND b.status IN ('accepted', 'pending', 'awaiting_host')
    AND ($3::text IS NULL OR b.user_id::text = $3)
  ORDER BY b.booking_id LIMIT $4`

/** No row: there is no such booking. A row without `event_id`: it has no reference. */
export const SELECT_REFERENCES = `
  SELECT r.event_id, r.calendar_id, r.recurring_event_id
  FROM ${VIEW_SCHEMA}.booking b
  LEFT JOIN ${VIEW_SCHEMA}.booking_reference r ON r.booking_uid = b.booking_uid
  WHERE b.booking_uid = $1 ORDER BY r.reference_id`

const text = z.string()
const optional = text.nullable().transform((value) => value ?? undefined)

const BookingRow = z.object({
  booking_id: text,
  booking_uid: text,
  user_id: optional,
  status: text,
  start_time: optional,
  end_time: optional,
  created_at: optional,
  event_length: z.number().nullable(),
  seats: z.boolean(),
  rescheduled_from_uid: optional,
  rescheduled_to_uid: optional,
  moved_by_sync_at: optional,
  ended_by_sync: z.boolean(),
  destination_id: optional,
  credential_id: optional,
})

/** Undefined where the row is no booking that can be: without a host, or with a time that no calendar has. */
export function bookingOfRow(given: unknown): DirectoryBooking | undefined {
  const { success, data: row } = BookingRow.safeParse(given)
  if (!success) return undefined
  const answer = BookingAnswer.safeParse({
    uid: row.booking_uid,
    status: row.status,
    start: row.start_time,
    end: row.end_time,
    hosts: [{ id: row.user_id }],
    rescheduledToUid: row.rescheduled_to_uid,
    rescheduledFromUid: row.rescheduled_from_uid,
    createdAt: row.created_at,
    duration: row.event_length,
    metadata: metadataOf(row.moved_by_sync_at),
  })
  const booking = answer.data && directoryBooking(answer.data, undefined)
  const { destination_id: externalCalendarId, credential_id: credentialId } = row
  return (
    booking && {
      ...booking,
      ...(row.seats && { seats: true as const }),
      ...(row.ended_by_sync && { secondWriter: true as const }),
      ...(externalCalendarId && {
        destination: { externalCalendarId, ...defined({ credentialId }) },
      }),
    }
  )
}

/** The mark as Cal.com keeps it, as far as the view shows it. */
const metadataOf = (updatedAt: string | undefined) =>
  updatedAt === undefined ? undefined : { calendarSubscriptionEvent: JSON.stringify({ updatedAt }) }

const IdOfRow = z.object({ booking_id: text })
/** The place of a row among all. Throws where it has none. */
export const idOfRow = (row: unknown): string => IdOfRow.parse(row).booking_id

const ReferenceRow = z.object({ event_id: optional, calendar_id: optional, recurring_event_id: optional })

/** A row without an event stands for a booking without references. */
export function referenceOfRow(given: unknown): DirectoryReference[] {
  const { event_id, calendar_id, recurring_event_id } = ReferenceRow.parse(given)
  if (event_id === undefined) return []
  return [
    {
      externalEventId: event_id,
      ...defined({ externalCalendarId: calendar_id, recurringEventId: recurring_event_id }),
    },
  ]
}
