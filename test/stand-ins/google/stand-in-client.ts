import { createServer, type IncomingHttpHeaders } from 'node:http'
import { auth, calendar, type calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import {
  type GoogleStandIn,
  type GoogleStandInOptions,
  startGoogleStandIn,
} from '../../../stand-ins/google/http-shell.ts'

export const HOST = 'host@example.com'

/** A stand-in with one calendar in Chicago, and Google's own client on it; all ended after `run`. */
export async function withStandIn(
  run: (standIn: GoogleStandIn, client: calendar_v3.Calendar) => Promise<void>,
  options: Partial<GoogleStandInOptions> = {},
): Promise<void> {
  const standIn = await startGoogleStandIn({ clock: systemClock, retryBaseMs: 5, ...options })
  try {
    if (!options.snapshot) standIn.core.createCalendar({ id: HOST, timeZone: 'America/Chicago' })
    await run(standIn, clientOf(standIn))
  } finally {
    await standIn.close()
  }
}

/** Google's client, signed in by a refresh token. It asks again after any 401 or 403 where `force` is set. */
export function clientOf(
  standIn: GoogleStandIn,
  refreshToken = 'refresh-token',
  force = false,
): calendar_v3.Calendar {
  const oauth = new auth.OAuth2({
    clientId: 'client',
    clientSecret: 'secret',
    endpoints: { oauth2TokenUrl: standIn.tokenUrl },
    forceRefreshOnFailure: force,
  })
  oauth.setCredentials({ refresh_token: refreshToken })
  return calendar({ version: 'v3', auth: oauth, rootUrl: `${standIn.url}/` })
}

export type Received = { headers: IncomingHttpHeaders; body: string }

/** A receiver of pushes: answers the statuses given in turn, then 200. */
export async function withReceiver(
  run: (receiver: { address: string; next(): Promise<Received>; received: Received[] }) => Promise<void>,
  statuses: number[] = [],
): Promise<void> {
  const received: Received[] = []
  const waiting: ((one: Received) => void)[] = []
  let read = 0
  const server = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (chunk) => {
      body += chunk
    })
    incoming.on('end', () => {
      const one = { headers: incoming.headers, body }
      received.push(one)
      outgoing.writeHead(statuses.shift() ?? 200).end()
      const waiter = waiting.shift()
      if (waiter) {
        read++
        waiter(one)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  try {
    await run({
      address: `http://127.0.0.1:${port}/push`,
      received,
      next() {
        const ready = received[read]
        if (ready) {
          read++
          return Promise.resolve(ready)
        }
        return new Promise((resolve) => waiting.push(resolve))
      },
    })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** The error that a call ends in, as Google's client shows it. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ status: number; reason: string | undefined; body: unknown; headers: Headers }> {
  try {
    await call
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'response' in error) {
      // The client's error holds the response as it came; only its own types are looser.
      const { status, data, headers } = error.response as {
        status: number
        data: { error?: { errors?: { reason: string }[] } | string }
        headers: Headers
      }
      const inner = data.error
      const reason = typeof inner === 'string' ? inner : inner?.errors?.[0]?.reason
      return { status, reason, body: data, headers }
    }
    throw error
  }
  throw new Error('the call succeeded')
}

/** An event in the morning of that day in January 2030, in Chicago. */
export const morning = (day: number, more: object = {}) => ({
  summary: 'A meeting',
  start: { dateTime: `2030-01-${String(day).padStart(2, '0')}T09:00:00-06:00`, timeZone: 'America/Chicago' },
  end: { dateTime: `2030-01-${String(day).padStart(2, '0')}T09:30:00-06:00`, timeZone: 'America/Chicago' },
  ...more,
})

export type Json = { [field: string]: unknown }

/** The host's calendar in the admin API. */
export const calendarPath = `/calendars/${encodeURIComponent(HOST)}`

/** One call of the admin API, `VERB /path`, over HTTP. */
export async function ask(
  standIn: GoogleStandIn,
  line: string,
  body?: object,
): Promise<{ status: number; body: Json }> {
  const [method = '', path] = line.split(' ')
  const answer = await fetch(`${standIn.url}/stand-in${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Json) }
}

/** As `ask`, for a call that must be taken. */
export async function act(standIn: GoogleStandIn, line: string, body?: object): Promise<Json> {
  const answer = await ask(standIn, line, body)
  if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** What an incremental list gives of a change. */
export async function changesOf(
  client: calendar_v3.Calendar,
  change: () => Promise<unknown> | unknown,
  calendarId = HOST,
): Promise<calendar_v3.Schema$Event[]> {
  const syncToken = (await client.events.list({ calendarId })).data.nextSyncToken ?? ''
  await change()
  return (await client.events.list({ calendarId, syncToken })).data.items ?? []
}
