import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AllStreamResolvedEvent,
  START as BEGIN_OF_LOG,
  EventStoreDBClient,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { eventStoreDbEventStore } from '../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { fromPosition as placeOf } from '../../infrastructure/eventstoredb/eventstoredb-positions.ts'
import { offerGzip } from '../../infrastructure/eventstoredb/grpc-compression.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { type EventStore, type NewEvent, type Position, START } from '../../ports/event-store/event-store.ts'
import { type Child, startChild } from '../../test/support/child.ts'
import { writeBookingHistory } from './booking-history.ts'
import { count } from './figures.ts'
import { heldTo } from './goals.ts'
import { inFlight, perSecond } from './load.ts'
import { rebuildFigures, sqliteTargets } from './rebuild-figures.ts'

const IN_FLIGHT = 64
const APPENDS = 3_000
const WARM_UP = 2_000
/** Read so many with gzip: each costs several times as much, and the figure is a rate. */
const WITH_GZIP = 10_000
const log = createLogger({ level: 'warn' })

/**
 * Appends with 64 in flight, everything read in pages, and a subscription that catches up, each a second: by this
 * service's adapter and by the raw client as it comes and without gzip. On the server of EVENTSTORE_URL, or else on the
 * double of the tests in a process of its own.
 *
 * The ways take turns, each round beginning with another, so that none has the emptier log or the warmer process by rule.
 * Of each way its best round counts: whatever else the machine does only ever takes away. Beside it is the CPU time of
 * this process for one event, which does not depend on how fast the server is. On a real server the rates are held to
 * the goals; on the double, whose speed is a part of every rate, the CPU time is: of this process against the client
 * without gzip, and of both processes where compressing, which is the server's work, is what makes the difference.
 *
 * The log is read from where it ended before, so that a server that was used already is measured like a new one. Only the
 * rebuild needs one without bookings, and says so.
 *
 * What the double cannot show: the server's own speed, its disk and its indexes. It does gzip every message as the server
 * does, at the same level, and has them serialised beforehand; by that it reads about as fast as a KurrentDB 26.1 node
 * did on such a machine, with gzip and without. Its appends are much slower than a server's in memory.
 */
export async function eventStoreDbFigures(size: { events: number; rounds: number }): Promise<void> {
  const child =
    process.env.EVENTSTORE_URL === undefined
      ? startChild(new URL('./eventstoredb-double.ts', import.meta.url))
      : undefined
  const url = process.env.EVENTSTORE_URL ?? (await child?.nextLine()) ?? ''
  try {
    console.log(
      child
        ? 'EventStoreDB, on a double of its node (not the server itself: only the ratios count)'
        : 'EventStoreDB',
    )
    await measure(url, { ...size, double: child })
    await rebuildFromServer(url, size)
  } finally {
    child?.process.stdin?.end()
    await child?.kill()
  }
}

/** The bookings read model made of the events on the server, in SQLite. */
async function rebuildFromServer(
  url: string,
  { events, rounds }: { events: number; rounds: number },
): Promise<void> {
  const store = eventStoreDbEventStore({ url, compression: false, clock: systemClock, log })
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  try {
    const held = await store.readAll({ after: START, filter: { categories: ['booking'] }, limit: 1 })
    if (held.events.length > 0)
      return console.log('rebuild: not measured, the server holds bookings already; start a new one')
    await writeBookingHistory(store, events)
    await rebuildFigures(url, rounds, { ...sqliteTargets(folder), engine: 'EventStoreDB' })
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(
  url: string,
  { events, rounds, double }: { events: number; rounds: number; double: Child | undefined },
): Promise<void> {
  const category = `bench${randomUUID().slice(0, 8)}`
  const ours = eventStoreDbEventStore({ url, compression: false, clock: systemClock, log })
  const begin = await ours.head()
  for (let n = 0; n < events / 500; n++)
    await ours.append(
      `${category}-read${n}`,
      'no-stream',
      Array.from({ length: Math.min(500, events - n * 500) }, someEvent),
    )
  await ours.close()

  const figures = new Map(WAYS.map((way) => [way, { append: [], read: [], follow: [] } as Figures]))
  for (let round = 0; round < rounds; round++)
    for (const way of [...WAYS.slice(round % WAYS.length), ...WAYS.slice(0, round % WAYS.length)]) {
      const gzip = way.endsWith(', gzip')
      const count = gzip ? Math.min(events, WITH_GZIP) : events
      offerGzip(gzip, log)
      const used = way.startsWith('raw')
        ? rawWay(url, { category, begin })
        : ourWay(url, { category, begin, gzip })
      const kept = figures.get(way)
      for (const what of ['append', 'read', 'follow'] as const) {
        await used.way[what](Math.min(count, WARM_UP))
        const times = what === 'append' ? APPENDS : count
        kept?.[what].push(await timed(times, double, () => used.way[what](times)))
      }
      await used.close()
    }
  report((way, what) => best(figures.get(way)?.[what] ?? []), double !== undefined)
}

function report(of: (way: Way, what: keyof Figures) => Figure, onDouble: boolean): void {
  for (const way of WAYS)
    console.log(
      `${way.padEnd(13)} ${KINDS.map((what) => `${what} ${count(of(way, what).rate)}/s (${of(way, what).cpu.toFixed(0)} µs)`).join(', ')}`,
    )
  const [none, gzip] = ['raw, no gzip', 'raw, gzip'] as const
  const ratio = (what: keyof Figures, to: Way, by: keyof Figure) =>
    by === 'rate' ? of('ours', what).rate / of(to, what).rate : of(to, what)[by] / of('ours', what)[by]
  const said = (to: Way, by: keyof Figure, goals: { append?: number; read?: number }) =>
    KINDS.map((what) => {
      const goal = what === 'follow' ? undefined : goals[what]
      return goal === undefined
        ? `${what} ${ratio(what, to, by).toFixed(2)}`
        : heldTo(what, ratio(what, to, by), goal)
    }).join(', ')
  const goals = { append: 0.9, read: 0.8 }
  console.log(`rate, ours / raw without gzip:     ${said(none, 'rate', onDouble ? {} : goals)}`)
  console.log(`rate, ours / raw as it comes:      ${said(gzip, 'rate', onDouble ? {} : { read: 4 })}`)
  if (!onDouble) return
  console.log(`CPU time, raw without gzip / ours: ${said(none, 'cpu', goals)}`)
  console.log(`CPU time, raw as it comes / ours, with the double's: ${said(gzip, 'both', { read: 4 })}`)
}

const WAYS = ['raw, gzip', 'raw, no gzip', 'ours, gzip', 'ours'] as const
const KINDS = ['append', 'read', 'follow'] as const
type Way = (typeof WAYS)[number]

/** `rate` a second; `cpu` of this process, and with it the double's as `both`, in microseconds an event. */
type Figure = { rate: number; cpu: number; both: number }
type Figures = { [Kind in (typeof KINDS)[number]]: Figure[] }
type Used = {
  way: { [Kind in (typeof KINDS)[number]]: (count: number) => Promise<void> }
  close(): Promise<void>
}

async function timed(times: number, double: Child | undefined, work: () => Promise<void>): Promise<Figure> {
  const ofDouble = async () => {
    double?.process.stdin?.write('\n')
    return Number((await double?.nextLine()) ?? 0)
  }
  const [own, doubles] = [process.cpuUsage(), await ofDouble()]
  const rate = await perSecond(times, work)
  const { user, system } = process.cpuUsage(own)
  const cpu = (user + system) / times
  return { rate, cpu, both: cpu + ((await ofDouble()) - doubles) / times }
}

const best = (figures: readonly Figure[]): Figure => ({
  rate: Math.max(...figures.map(({ rate }) => rate)),
  cpu: Math.min(...figures.map(({ cpu }) => cpu)),
  both: Math.min(...figures.map(({ both }) => both)),
})

function rawWay(url: string, { category, begin }: { category: string; begin: Position }): Used {
  const client = EventStoreDBClient.connectionString(url)
  const fromPosition = placeOf(begin) ?? BEGIN_OF_LOG
  const until = async (stream: AsyncIterable<AllStreamResolvedEvent>, events: number) => {
    let seen = 0
    for await (const { event } of stream)
      if (event?.streamId.startsWith(`${category}-`) && ++seen === events) return
  }
  return {
    way: {
      append: (times) =>
        inFlight(IN_FLIGHT, times, async () => {
          const { id, type, data, metadata } = someEvent()
          await client.appendToStream(`${category}Append-${id}`, jsonEvent({ id, type, data, metadata }), {
            expectedRevision: 'no_stream',
          })
        }),
      read: (events) => until(client.readAll({ fromPosition, maxCount: events + 100_000 }), events),
      follow: (events) =>
        until(
          client.subscribeToAll({
            fromPosition,
            filter: streamNameFilter({ prefixes: [`${category}-`], maxSearchWindow: 512 }),
          }),
          events,
        ),
    },
    close: () => client.dispose(),
  }
}

function ourWay(
  url: string,
  { category, begin, gzip }: { category: string; begin: Position; gzip: boolean },
): Used {
  const store: EventStore = eventStoreDbEventStore({ url, compression: gzip, clock: systemClock, log })
  const filter = { categories: [category] }
  return {
    way: {
      append: (times) =>
        inFlight(IN_FLIGHT, times, async () => {
          const event = someEvent()
          await store.append(`${category}Append-${event.id}`, 'no-stream', [event])
        }),
      async read(events) {
        let after = begin
        for (let seen = 0; seen < events; ) {
          const page = await store.readAll({ after, filter, limit: 1000 })
          seen += page.events.length
          after = page.position
        }
      },
      async follow(events) {
        let seen = 0
        const end = new AbortController()
        for await (const page of store.subscribe({ after: begin, filter, signal: end.signal })) {
          seen += page.events.length
          if (seen >= events) end.abort()
        }
      },
    },
    close: () => store.close(),
  }
}

/** About the size of a BookingRescheduled. */
const someEvent = (): NewEvent => ({
  id: randomUUID(),
  type: 'BookingRescheduled',
  data: {
    bookingUid: randomUUID(),
    previousStart: '2026-03-02T08:00:00Z',
    previousEnd: '2026-03-02T08:30:00Z',
    start: '2026-03-03T08:00:00Z',
    end: '2026-03-03T08:30:00Z',
    reason: 'moved in the calendar',
  },
  metadata: { correlationId: randomUUID(), causationId: randomUUID(), actor: 'sync-worker' },
})
