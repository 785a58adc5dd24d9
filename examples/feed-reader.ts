// Applies what curl reads of the feed: see feed-reader.sh. `feed-reader.ts last` prints the position to go on after.
import { createInterface } from 'node:readline'
import { Pool } from 'pg'
import { applyEvent } from './apply-event.ts'
import { reportOutcomes } from './report-outcomes.ts'

const { DATABASE_URL, CALENDAR_SYNC_URL = '', CALENDAR_SYNC_TOKEN = '' } = process.env
const service = { url: CALENDAR_SYNC_URL, token: CALENDAR_SYNC_TOKEN }
const pool = new Pool({ connectionString: DATABASE_URL })

if (process.argv[2] === 'last') {
  const { rows } = await pool.query('SELECT max(position COLLATE "C") AS last FROM calendar_sync_consumed')
  console.log(rows[0].last ?? '')
} else {
  await reportOutcomes(pool, service)
  for await (const line of createInterface({ input: process.stdin })) {
    // A comment line comes every 15 seconds: the time to report what could not be reported before.
    if (line.startsWith('data:')) await applyEvent(pool, JSON.parse(line.slice('data:'.length)))
    if (line.startsWith('data:') || line.startsWith(':')) await reportOutcomes(pool, service)
  }
}
await pool.end()
