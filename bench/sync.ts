// A page of 2,500 changed events of which 500 belong to bookings: from Google's answer to what was appended and the new
// sync token, against the least that could be done: JSON.parse of the same bytes and a raw append of the same events.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RegisterCalendarSync } from '../commands/register-calendar-sync.ts'
import { TrackBooking } from '../commands/track-booking.ts'
import { systemClock } from '../infrastructure/clock/system-clock.ts'
import { readConfiguration } from '../infrastructure/config/configuration.ts'
import { createLogger } from '../infrastructure/logging/logger.ts'
import { openDatabase } from '../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../infrastructure/sqlite/sqlite-event-store.ts'
import { startService } from '../main.ts'
import type { NewEvent, RecordedEvent } from '../ports/event-store/event-store.ts'
import { allProjections } from '../projections/all-projections.ts'

const EVENTS = 2_500
const LINKED = 500
const ROUNDS = 5
const CALENDAR = 'host@example.com'
const GOAL = 5

type Kind = 'decided from the page' | 'moved: each looked at again over HTTP'

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  const google = await fakeGoogle()
  const read = readConfiguration({
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    LOG_LEVEL: 'error',
    GOOGLE_API_URL: google.url,
    GOOGLE_TOKEN_URL: `${google.url}/token`,
    RECONCILE_MINUTES: '1000',
    CRON_SECONDS: '3600',
    ECHO_GRACE_MS: '0',
    MASS_CHANGE_LIMIT: '1000000',
    CANCEL_GRACE_MS: '0',
  })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const log = createLogger({ level: 'error' })
  const service = await startService(read.configuration, { log })
  try {
    const { ports } = service
    const context = { actor: 'bench', correlationId: randomUUID(), causationId: randomUUID() }
    await ports.vault.put('c', { kind: 'oauth', refreshToken: 'r' })
    const registered = await RegisterCalendarSync.handle(
      { userId: 'u', provider: 'google', externalCalendarId: CALENDAR, credentialId: 'c' },
      ports,
      context,
    )
    if (!registered.ok) throw new Error(registered.code)
    await Promise.all(
      Array.from({ length: LINKED }, (_, index) =>
        TrackBooking.handle(
          {
            bookingUid: `b${index}`,
            userId: 'u',
            status: 'ACCEPTED',
            start: Temporal.Instant.from(google.startOf(index, 0)),
            end: Temporal.Instant.from(google.endOf(index, 0)),
            references: [
              { provider: 'google', externalCalendarId: CALENDAR, externalEventId: google.idOf(index) },
            ],
          },
          ports,
          context,
        ),
      ),
    )
    await idle(ports.queue)

    for (const kind of ['decided from the page', 'moved: each looked at again over HTTP'] as const) {
      const ratios: number[] = []
      const times: number[] = []
      const floors: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = google.change(kind)
        const head = await ports.events.head()
        const answered = google.nextAnswer()
        const calendarKey = await ports.calendars.keyOf({ provider: 'google', externalCalendarId: CALENDAR })
        await ports.queue.signal(
          { kind: 'calendar', key: calendarKey },
          { cause: { poll: true, reason: 'OPERATOR' }, atOnce: true },
        )
        const from = await answered
        await idle(ports.queue)
        const took = performance.now() - from
        const { events } = await ports.events.readAll({
          after: head,
          filter: { categories: ['booking'] },
          limit: 10_000,
        })
        // Projections that still work on these events would slow the floor, and flatter the ratio.
        await Promise.all(allProjections.map(({ name }) => ports.caughtUp(name)))
        if (events.length !== LINKED) throw new Error(`${events.length} events were appended, not ${LINKED}`)
        const floor = await floorOf(folder, bytes, events)
        times.push(took)
        floors.push(floor)
        ratios.push(took / floor)
      }
      const ratio = median(ratios)
      console.log(
        `${kind}: ${median(times).toFixed(0)} ms against ${median(floors).toFixed(0)} ms: ` +
          `${ratio.toFixed(1)} × the floor (goal: at most ${GOAL} ×; rounds: ${ratios.map((one) => one.toFixed(1)).join(' ')})`,
      )
    }
  } finally {
    await service.stop()
    await google.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** JSON.parse of the bytes, and an append of the very same events, each to a stream of its own, all in flight at once. */
async function floorOf(folder: string, bytes: string, recorded: readonly RecordedEvent[]): Promise<number> {
  const database = openDatabase(join(folder, `floor-${randomUUID()}.sqlite`))
  const store = sqliteEventStore(database, { clock: systemClock })
  const events = recorded.map(
    ({ type, data, metadata }): NewEvent => ({ id: randomUUID(), type, data, metadata }),
  )
  const from = performance.now()
  JSON.parse(bytes)
  await Promise.all(events.map((event, index) => store.append(`booking-${index}`, 'no-stream', [event])))
  const took = performance.now() - from
  await store.close()
  await database.close()
  return took
}

type Queue = Awaited<ReturnType<typeof startService>>['ports']['queue']

/** Nothing waits and nothing is worked on. */
async function idle(queue: Queue): Promise<void> {
  for (;;) {
    const status = await queue.status()
    if (status.every(({ due, leased, waiting }) => due + leased + waiting === 0)) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** As much of Google Calendar as this needs, as fast as bytes can be sent. */
async function fakeGoogle() {
  const events = new Map<string, string>()
  let page = ''
  let token = 0
  let version = 0
  let times = 0
  let told: ((at: number) => void) | undefined
  const base = Temporal.Now.instant()
    .round('hour')
    .add({ hours: 24 * 30 })
  const idOf = (index: number) => `event${String(index).padStart(5, '0')}`
  const startOf = (index: number, shift: number) => base.add({ minutes: index * 60 + shift }).toString()
  const endOf = (index: number, shift: number) => base.add({ minutes: index * 60 + shift + 30 }).toString()
  const json = (index: number) =>
    JSON.stringify({
      kind: 'calendar#event',
      etag: `"${version}${index}"`,
      id: idOf(index),
      status: 'confirmed',
      updated: Temporal.Now.instant().round('millisecond').toString(),
      organizer: { self: true },
      start: { dateTime: startOf(index, times), timeZone: 'UTC' },
      end: { dateTime: endOf(index, times), timeZone: 'UTC' },
      attendees: [
        { responseStatus: 'accepted', self: true, organizer: true },
        { responseStatus: 'needsAction' },
      ],
    })
  const write = (count: number) => {
    version++
    for (let index = 0; index < count; index++) events.set(idOf(index), json(index))
  }
  const render = (items: readonly string[]) =>
    `{"kind":"calendar#events","timeZone":"UTC","items":[${items.join(',')}],"nextSyncToken":"t${++token}"}`
  write(LINKED)
  // The first list has every tracked event: one that lacks some makes its booking be looked at again, minutes later.
  page = render([...events.values()])

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://x').pathname
    const eventId = /\/events\/([^/]+)$/.exec(path)?.[1]
    const isList = path.endsWith('/events')
    const body = isList
      ? page
      : eventId !== undefined
        ? (events.get(eventId) ?? '{}')
        : '{"access_token":"a","expires_in":3600,"token_type":"Bearer"}'
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(body, () => {
      if (isList) told?.(performance.now())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    idOf,
    startOf,
    endOf,
    /** Changes every event; answers the bytes of the page that tells of it. */
    change(kind: Kind): string {
      if (kind !== 'decided from the page') times += 5
      write(EVENTS)
      page = render([...events.values()])
      return page
    },
    /** When the last byte of the next list has been handed over. */
    nextAnswer: () =>
      new Promise<number>((resolve) => {
        told = resolve
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
