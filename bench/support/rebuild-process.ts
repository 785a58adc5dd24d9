// One rebuild of the bookings read model in a process of its own, so that none inherits another's memory:
// `rebuild-process.ts HISTORY ours|raw TARGET`. HISTORY is a file or the connection string of an EventStoreDB, TARGET a file
// or a MongoDB connection string whose database is its own. Says its figures as JSON in a line.
import { EventStoreDBClient } from '@eventstore/db-client'
import { MongoClient } from 'mongodb'
import type { BookingEvent } from '../../domain/booking/events.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import { eventStoreDbEventStore } from '../../infrastructure/eventstoredb/eventstoredb-event-store.ts'
import { type LogPosition, toPosition } from '../../infrastructure/eventstoredb/eventstoredb-positions.ts'
import { offerGzip } from '../../infrastructure/eventstoredb/grpc-compression.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { mongodbConnection } from '../../infrastructure/mongodb/mongodb-connection.ts'
import { mongodbReadStore } from '../../infrastructure/mongodb/mongodb-read-store.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { bookings } from '../../projections/bookings.ts'
import { rebuild } from '../../services/read-models/rebuild.ts'
import { type RawDocument, rawFold } from './raw-fold.ts'
import { openRaw, type RawRow, rawPages } from './raw-sqlite.ts'

/**
 * `cpuMs`: processor time of the whole process, which other load on the machine hardly changes. `memory`: resident bytes
 * after each page, beside the events folded so far.
 */
export type RebuildFigures = {
  events: number
  ms: number
  cpuMs: number
  memory: { events: number; rss: number }[]
}

/** The raw fold's: the documents of a page are read once and written once, as somebody would do it at first. */
const PAGE = 1000
const log = createLogger({ level: 'warn' })
const [history = '', way = '', target = ''] = process.argv.slice(2)
const memory: RebuildFigures['memory'] = []
const onProgress = ({ events }: { events: number }) =>
  void memory.push({ events, rss: process.memoryUsage.rss() })

/** Where the raw fold keeps its documents. */
type RawTarget = {
  read(ids: string[]): Promise<Map<string, RawDocument>>
  write(documents: ReadonlyMap<string, RawDocument>): Promise<void>
  close(): Promise<void>
}

async function ours(): Promise<{ events: number; ms: number }> {
  const events = ourSource()
  const { readStore, close } = ourTarget()
  const begun = performance.now()
  const rebuilt = await rebuild({ events, readStore, projection: bookings, onProgress })
  const ms = performance.now() - begun
  await events.close()
  await close()
  return { events: rebuilt.events, ms }
}

function ourSource(): EventStore {
  if (isEventStoreDb())
    return eventStoreDbEventStore({ url: history, compression: false, clock: systemClock, log })
  // Closed with the process: it is read alone.
  return sqliteEventStore(openDatabase(history), { clock: systemClock })
}

function ourTarget() {
  if (isMongodb()) {
    const connection = mongodbConnection(target)
    return { readStore: mongodbReadStore(connection), close: () => connection.close() }
  }
  const database = openDatabase(target)
  return { readStore: sqliteReadStore(database), close: () => database.close() }
}

async function raw(): Promise<{ events: number; ms: number }> {
  const documents = isMongodb() ? await rawMongodb() : rawSqlite()
  let events = 0
  const begun = performance.now()
  for await (const page of isEventStoreDb() ? pagesOfServer() : pagesOfFile()) {
    const changed = await documents.read([...new Set(page.map(({ event }) => event.data.bookingUid))])
    for (const { event, id, position } of page) {
      const { bookingUid } = event.data
      changed.set(bookingUid, rawFold(changed.get(bookingUid), event, id, position))
    }
    await documents.write(changed)
    events += page.length
    onProgress({ events })
  }
  const ms = performance.now() - begun
  await documents.close()
  return { events, ms }
}

type RawEvent = Omit<ReturnType<typeof parsed>, 'position'> & { position: number | string }

async function* pagesOfFile(): AsyncGenerator<RawEvent[]> {
  const source = openRaw(history)
  for (const rows of rawPages(source, PAGE)) yield rows.map(parsed)
  source.close()
}

/** The raw client without gzip reads all, and passes over what is not of bookings. */
async function* pagesOfServer(): AsyncGenerator<RawEvent[]> {
  offerGzip(false, log)
  const client = EventStoreDBClient.connectionString(history)
  let page: RawEvent[] = []
  for await (const { event } of client.readAll({ maxCount: Number.MAX_SAFE_INTEGER })) {
    if (!event?.streamId.startsWith('booking-') || event.type.startsWith('$')) continue
    // Of this stream only bookings' events are written, as JSON, and every server since 23.10 tells their place.
    const { id, type, data, metadata, position } = event as unknown as ServersEvent
    page.push({ id, position: toPosition(position), event: { type, data } as BookingEvent, metadata })
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  yield page
  await client.dispose()
}

type ServersEvent = { id: string; type: string; data: object; metadata: unknown; position: LogPosition }

/** The history holds events of bookings only. */
const parsed = ({ id, position, type, data, metadata }: RawRow) => ({
  id,
  position,
  event: { type, data: JSON.parse(data) } as BookingEvent,
  metadata: JSON.parse(metadata) as unknown,
})

function rawSqlite(): RawTarget {
  const sql = openRaw(target, 'NORMAL')
  sql.exec('CREATE TABLE document (id TEXT PRIMARY KEY, body TEXT NOT NULL)')
  const get = sql.prepare('SELECT body FROM document WHERE id = ?')
  const put = sql.prepare(
    'INSERT INTO document (id, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
  )
  return {
    async read(ids) {
      const found = new Map<string, RawDocument>()
      for (const id of ids) {
        const row = get.get(id)
        // As `write` below stored it.
        if (row !== undefined) found.set(id, JSON.parse(String(row.body)) as RawDocument)
      }
      return found
    },
    async write(documents) {
      sql.exec('BEGIN IMMEDIATE')
      for (const [id, document] of documents) put.run(id, JSON.stringify(document))
      sql.exec('COMMIT')
    },
    close: async () => sql.close(),
  }
}

async function rawMongodb(): Promise<RawTarget> {
  const client = await new MongoClient(target, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
  }).connect()
  const stored = client.db().collection<{ _id: string; document: RawDocument }>('document')
  return {
    async read(ids) {
      const found = await stored.find({ _id: { $in: ids } }).toArray()
      return new Map(found.map(({ _id, document }) => [_id, document]))
    },
    async write(documents) {
      const operations = Array.from(documents, ([_id, document]) => ({
        replaceOne: { filter: { _id }, replacement: { document }, upsert: true },
      }))
      await stored.bulkWrite(operations, { ordered: false })
    },
    close: () => client.close(),
  }
}

function isEventStoreDb(): boolean {
  return /^(esdb|kurrentdb)(\+discover)?:/.test(history)
}

function isMongodb(): boolean {
  return /^mongodb(\+srv)?:/.test(target)
}

const figures = way === 'ours' ? await ours() : await raw()
const { user, system } = process.cpuUsage()
const cpuMs = (user + system) / 1000
console.log(JSON.stringify({ ...figures, cpuMs, memory } satisfies RebuildFigures))
