import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { eventSchema } from '../../infrastructure/sqlite/sqlite-event-schema.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { type NewEvent, START } from '../../ports/event-store/event-store.ts'
import { eventsOfBooking } from '../../test/support/booking-events.ts'
import { count, median } from './figures.ts'
import { heldTo } from './goals.ts'
import { inFlight, perSecond } from './load.ts'
import { openRaw, rawGroupCommit, rawPages } from './raw-sqlite.ts'

const IN_FLIGHT = 64
const PAGE = 1000
/** In a round: they wait for the disk, which is now fast and now slow, and one pair says little. */
const APPEND_PAIRS = 3

/**
 * The embedded event store against node:sqlite with the same tables, indexes, pragmas and width of group commit:
 * appends of one event to a new stream each, and reading the `events` events of `history`. In turns; the ratio is the
 * median of the pairs', as what else the machine does slows both sides of one.
 */
export async function sqliteEventFigures(options: {
  folder: string
  history: string
  events: number
  rounds: number
}): Promise<void> {
  const { folder, history, events, rounds } = options
  const appends = Math.min(events, 10_000)
  const pairs = { append: [] as Pair[], read: [] as Pair[] }
  for (let round = 0; round < rounds; round++) {
    const path = (way: string) => join(folder, `${way}-${round}.sqlite`)
    for (let pair = 0; pair < APPEND_PAIRS; pair++)
      pairs.append.push({
        raw: await rawAppends(path('raw'), appends),
        ours: await ourAppends(path('ours'), appends),
      })
    pairs.read.push({ raw: await rawRead(history, events), ours: await ourRead(history, events) })
  }
  console.log(
    `SQLite, appends of one event, ${IN_FLIGHT} in flight, ${count(appends)} in all: ${said(pairs.append)}`,
  )
  console.log(`SQLite, read all of ${count(events)}: ${said(pairs.read)}`)
  console.log(
    `ours / raw, median of the pairs: ${heldTo('append', ratio(pairs.append), 0.9)}, ${heldTo('read', ratio(pairs.read), 0.8)}`,
  )
}

type Pair = { raw: number; ours: number }

const ratio = (pairs: readonly Pair[]) => median(pairs.map(({ raw, ours }) => ours / raw))
const said = (pairs: readonly Pair[]) =>
  `ours ${count(median(pairs.map(({ ours }) => ours)))}/s, raw ${count(median(pairs.map(({ raw }) => raw)))}/s`

async function ourAppends(path: string, times: number): Promise<number> {
  const database = openDatabase(path)
  const store = sqliteEventStore(database, { clock: systemClock })
  const figure = await perSecond(times, () =>
    inFlight(IN_FLIGHT, times, async () => {
      const event = someEvent()
      await store.append(`booking-${event.id}`, 'no-stream', [event])
    }),
  )
  await store.close()
  await database.close()
  rmSync(path)
  return figure
}

async function rawAppends(path: string, times: number): Promise<number> {
  const sql = openRaw(path)
  for (const step of eventSchema) sql.exec(step)
  const insert = sql.prepare(
    'INSERT INTO events (stream, revision, category, id, type, data, metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const write = rawGroupCommit(sql)
  const figure = await perSecond(times, () =>
    inFlight(IN_FLIGHT, times, async () => {
      const { id, type, data, metadata } = someEvent()
      const [dataText, metadataText] = [JSON.stringify(data), JSON.stringify(metadata)]
      const at = new Date().toISOString()
      await write(() => insert.run(`booking-${id}`, 0, 'booking', id, type, dataText, metadataText, at))
    }),
  )
  sql.close()
  rmSync(path)
  return figure
}

async function ourRead(path: string, events: number): Promise<number> {
  const database = openDatabase(path)
  const store = sqliteEventStore(database, { clock: systemClock })
  let seen = 0
  const figure = await perSecond(events, async () => {
    for (let after = START; ; ) {
      const page = await store.readAll({ after, limit: PAGE })
      seen += page.events.length
      after = page.position
      if (page.caughtUp) return
    }
  })
  await store.close()
  await database.close()
  if (seen !== events) throw new Error(`read ${seen} of ${events} events`)
  return figure
}

async function rawRead(path: string, events: number): Promise<number> {
  const sql = openRaw(path)
  let seen = 0
  const figure = await perSecond(events, async () => {
    for (const page of rawPages(sql, PAGE)) {
      const parsed = page.map((row) => ({
        ...row,
        data: JSON.parse(row.data) as unknown,
        metadata: JSON.parse(row.metadata) as unknown,
      }))
      seen += parsed.length
    }
  })
  sql.close()
  if (seen !== events) throw new Error(`read ${seen} of ${events} events`)
  return figure
}

function someEvent(): NewEvent {
  const id = randomUUID()
  const { type, data } = eventsOfBooking(id).rescheduled(1)
  const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'sync-worker' }
  // A booking event's data is plain JSON.
  return { id, type, data: data as NewEvent['data'], metadata }
}
