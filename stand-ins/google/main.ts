import { parseArgs } from 'node:util'
import { adjustableClock } from '../adjustable-clock.ts'
import { type GoogleStandIn, startGoogleStandIn } from './http-shell.ts'

const usage = `Google Calendar's stand-in.

  --port N       where to listen (default 3190; 0: any free port)
  --host H       default 127.0.0.1
  --seed N       the same seed gives the same ids, gaps and faults (default 1)
  --calendar ID  a calendar to begin with (may be repeated; default host@example.com)
  --time-zone Z  the zone of those calendars (default UTC)
  --help         this text
`

/**
 * The program: starts the stand-in, prints where it is and what to set, and runs until the process is told to end.
 * Resolves once it listens; undefined where only help was asked for. Throws for arguments that it does not know.
 */
export async function runGoogleStandIn(argv: readonly string[]): Promise<GoogleStandIn | undefined> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '3190' },
      host: { type: 'string', default: '127.0.0.1' },
      seed: { type: 'string', default: '1' },
      calendar: { type: 'string', multiple: true, default: ['host@example.com'] },
      'time-zone': { type: 'string', default: 'UTC' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return undefined
  }
  const standIn = await startGoogleStandIn({
    port: Number(values.port),
    host: values.host,
    seed: Number(values.seed),
    clock: adjustableClock(),
  })
  for (const id of values.calendar) standIn.core.createCalendar({ id, timeZone: values['time-zone'] })
  const calendar = `${standIn.url}/stand-in/calendars/${encodeURIComponent(values.calendar[0] ?? '')}`
  process.stdout.write(`Google Calendar's stand-in is at ${standIn.url}

GOOGLE_API_URL=${standIn.url}
GOOGLE_TOKEN_URL=${standIn.tokenUrl}

An event, and then another time for it:
  curl -s ${calendar}/events -H 'content-type: application/json' -d '{"id":"meeting1","summary":"A meeting","start":"2030-01-07T10:00:00Z","end":"2030-01-07T10:30:00Z"}'
  curl -s ${calendar}/events/meeting1/move -H 'content-type: application/json' -d '{"start":"2030-01-07T14:00:00Z"}'
`)
  const end = () => void standIn.close()
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  return standIn
}
