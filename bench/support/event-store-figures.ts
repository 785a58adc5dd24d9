import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, excludeSystemEvents, jsonEvent } from '@eventstore/db-client'
import { systemClock } from '../../infrastructure/clock/clock.ts'
import { type EventStore, type NewEvent, START } from '../../infrastructure/event-store/event-store.ts'
import { eventStoreDbEventStore } from '../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { offerGzip } from '../../infrastructure/eventstoredb/grpc-compression.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { startChild } from '../../test/support/child.ts'
import { count, median } from './figures.ts'
import { heldTo } from './goals.ts'
import { inFlight, perSecond } from './load.ts'

const IN_FLIGHT = 64
const log = createLogger({ level: 'warn' })

/**
 * Appends with 64 in flight, everything read in pages, and a subscription that catches up, each a second: by this
 * service's adapter and by the raw client as it comes and without gzip, in turns. On the server of EVENTSTORE_URL, or
 * else on the double of the tests, whose own speed is a part of every figure: then only the ratios say anything.
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
    await measure(url, size)
  } finally {
    child?.process.stdin?.end()
    await child?.kill()
  }
}

async function measure(url: string, { events, rounds }: { events: number; rounds: number }): Promise<void> {
  const category = `bench${randomUUID().slice(0, 8)}`
  const ours = eventStoreDbEventStore({ url, compression: false, clock: systemClock, log })
  for (let n = 0; n < events / 500; n++)
    await ours.append(
      `${category}-read${n}`,
      'any',
      Array.from({ length: Math.min(500, events - n * 500) }, someEvent),
    )
  await ours.close()

  const ways = ['raw, gzip', 'raw, no gzip', 'ours, gzip', 'ours'] as const
  const figures = new Map(ways.map((way) => [way, { append: [], read: [], follow: [] } as Figures]))
  for (let round = 0; round < rounds; round++)
    for (const way of ways) {
      const gzip = way.endsWith(', gzip')
      offerGzip(gzip, log)
      const used = way.startsWith('raw') ? rawWay(url, category, events) : ourWay(url, category, events, gzip)
      const kept = figures.get(way)
      // One that warms up: the first call opens the connection.
      await used.way.appends(200)
      kept?.append.push(await used.way.appends(2_000))
      kept?.read.push(await used.way.read())
      kept?.follow.push(await used.way.follow())
      await used.close()
    }
  const of = (way: (typeof ways)[number], what: keyof Figures) => median(figures.get(way)?.[what] ?? [])
  for (const way of ways)
    console.log(
      `${way.padEnd(13)} append ${count(of(way, 'append'))}/s, read ${count(of(way, 'read'))}/s, follow ${count(of(way, 'follow'))}/s`,
    )
  console.log(
    `ours / raw without gzip: ${heldTo('append', ratio('append'), 0.9)}, ${heldTo('read', ratio('read'), 0.8)}, follow ${said('follow')}`,
  )
  console.log(
    `ours / raw as it comes:  append ${said('append', 'raw, gzip')}, ${heldTo('read', ratio('read', 'raw, gzip'), 4)}, follow ${said('follow', 'raw, gzip')}`,
  )

  function ratio(what: keyof Figures, to: 'raw, gzip' | 'raw, no gzip' = 'raw, no gzip'): number {
    return of('ours', what) / of(to, what)
  }
  function said(...which: Parameters<typeof ratio>): string {
    return ratio(...which).toFixed(2)
  }
}

type Figures = { append: number[]; read: number[]; follow: number[] }
type Used = {
  way: { appends(count: number): Promise<number>; read(): Promise<number>; follow(): Promise<number> }
  close(): Promise<void>
}

function rawWay(url: string, category: string, events: number): Used {
  const client = EventStoreDBClient.connectionString(url)
  const filter = () => excludeSystemEvents({ maxSearchWindow: 512 })
  return {
    way: {
      appends: (times) =>
        perSecond(times, () =>
          inFlight(IN_FLIGHT, times, async () => {
            const { id, type, data, metadata } = someEvent()
            await client.appendToStream(`${category}Append-${id}`, jsonEvent({ id, type, data, metadata }), {
              expectedRevision: 'no_stream',
            })
          }),
        ),
      read: () =>
        perSecond(events, async () => {
          let seen = 0
          for await (const { event } of client.readAll({ maxCount: events + 100_000 }))
            if (event?.streamId.startsWith(`${category}-`) && ++seen === events) return
        }),
      follow: () =>
        perSecond(events, async () => {
          let seen = 0
          const subscription = client.subscribeToAll({ filter: filter() })
          for await (const { event } of subscription)
            if (event?.streamId.startsWith(`${category}-`) && ++seen === events) break
        }),
    },
    close: () => client.dispose(),
  }
}

function ourWay(url: string, category: string, events: number, compression: boolean): Used {
  const store: EventStore = eventStoreDbEventStore({ url, compression, clock: systemClock, log })
  const filter = { categories: [category] }
  return {
    way: {
      appends: (times) =>
        perSecond(times, () =>
          inFlight(IN_FLIGHT, times, async () => {
            const event = someEvent()
            await store.append(`${category}Append-${event.id}`, 'no-stream', [event])
          }),
        ),
      read: () =>
        perSecond(events, async () => {
          let after = START
          for (let seen = 0; seen < events; ) {
            const page = await store.readAll({ after, filter, limit: 1000 })
            seen += page.events.length
            after = page.position
          }
        }),
      follow: () =>
        perSecond(events, async () => {
          let seen = 0
          const end = new AbortController()
          for await (const page of store.subscribe({ after: START, filter, signal: end.signal })) {
            seen += page.events.length
            if (seen >= events) end.abort()
          }
        }),
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
