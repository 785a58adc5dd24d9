// Tells calendar-sync what became of its events. A crash before it, or a service that is away, only delays it.
import type { Pool } from 'pg'

const UNREPORTED = `SELECT event_id, outcome, code,
    to_char(start_time, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS start,
    to_char(end_time, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS end
  FROM calendar_sync_consumed WHERE NOT reported ORDER BY decided_at LIMIT 100`

/** Reports each outcome until it is taken. Reporting twice is the same as once. */
export async function reportOutcomes(pool: Pool, at: { url: string; token: string }): Promise<void> {
  for (const { event_id: eventId, outcome, code, start, end } of (await pool.query(UNREPORTED)).rows) {
    const body = { eventId, outcome, ...(code && { code }), ...(start && end && { start, end }) }
    const response = await fetch(`${at.url}/commands/ReportBookingEventOutcome`, {
      method: 'POST',
      headers: { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined)
    if (!response?.ok) return
    await pool.query('UPDATE calendar_sync_consumed SET reported = true WHERE event_id = $1', [eventId])
  }
}
