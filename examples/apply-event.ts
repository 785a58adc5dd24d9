// Applies one booking event to a PostgreSQL of Cal.com's shape: a compare-and-set, once for each id. docs/consuming.md tells
// the same in words, and what Cal.com does not do for a booking that is changed in its tables.
import type { Pool, PoolClient } from 'pg'

type Times = { start: string; end: string }

/** As on the feed; Kafka has `id` and `type` in the headers `ce_id` and `ce_type`, and `data` as the value. */
export type BookingEvent = {
  id: string
  position?: string
} & (
  | { type: 'BookingRescheduled'; data: { bookingUid: string; basis: Times; previous: Times; next: Times } }
  | { type: 'BookingCancelled'; data: { bookingUid: string; basis: Times; reasonText: string } & Times }
)

const KEEP = `INSERT INTO calendar_sync_consumed (event_id, position, outcome) VALUES ($1, $2, 'APPLIED')
  ON CONFLICT DO NOTHING`
const SKIP = `UPDATE calendar_sync_consumed
  SET outcome = $2, code = $3, start_time = $4, end_time = $5 WHERE event_id = $1`

const utc = (parameter: string) => `(${parameter}::timestamptz AT TIME ZONE 'UTC')`
/** $1 to $5: the booking's uid, and the two pairs of times that it may have. */
const AS_EXPECTED = `uid = $1 AND status = 'accepted' AND rescheduled IS NOT TRUE
  AND ("startTime", "endTime") IN ((${utc('$2')}, ${utc('$3')}), (${utc('$4')}, ${utc('$5')}))`
const MOVE = `UPDATE "Booking" SET "startTime" = ${utc('$6')}, "endTime" = ${utc('$7')} WHERE ${AS_EXPECTED}`
const CANCEL = `UPDATE "Booking" SET status = 'cancelled', "cancellationReason" = $6 WHERE ${AS_EXPECTED}`

/** Decides an event that is new, keeps its id in the transaction of the change, and skips one that is known. */
export async function applyEvent(pool: Pool, event: BookingEvent): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const kept = await client.query(KEEP, [event.id, event.position ?? null])
    if (kept.rowCount === 1 && !(await changed(client, event))) await supersede(client, event)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}

async function changed(client: PoolClient, event: BookingEvent): Promise<boolean> {
  const { bookingUid, basis } = event.data
  const before = event.type === 'BookingRescheduled' ? event.data.previous : event.data
  const expected = [bookingUid, before.start, before.end, basis.start, basis.end]
  const { rowCount } =
    event.type === 'BookingRescheduled'
      ? await client.query(MOVE, [...expected, event.data.next.start, event.data.next.end])
      : await client.query(CANCEL, [...expected, event.data.reasonText])
  return rowCount === 1
}

/** The booking is not as the event expects: it stays as it is, and its times are told where it goes on. */
async function supersede(client: PoolClient, { id, data }: BookingEvent): Promise<void> {
  const { rows } = await client.query(
    `SELECT status = 'accepted' AND rescheduled IS NOT TRUE AS open, "startTime"::text AS s, "endTime"::text AS e
      FROM "Booking" WHERE uid = $1`,
    [data.bookingUid],
  )
  const [booking] = rows
  if (booking === undefined) await client.query(SKIP, [id, 'REFUSED', 'BOOKING_UNKNOWN', null, null])
  else if (!booking.open) await client.query(SKIP, [id, 'SUPERSEDED', 'BOOKING_NOT_ACCEPTED', null, null])
  else await client.query(SKIP, [id, 'SUPERSEDED', 'OTHER_TIMES', booking.s, booking.e])
}
