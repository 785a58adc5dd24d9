import type { StatementSync } from 'node:sqlite'
import { categoryOf } from '../../domain/domain-event.ts'
import type { Clock } from '../../ports/clock.ts'
import { commitSignal } from '../../ports/event-store/commit-signal.ts'
import { type EncodedEvent, encodeEvents } from '../../ports/event-store/encode-events.ts'
import {
  type AppendResult,
  type EventPage,
  type EventStore,
  type ExpectedRevision,
  type Filter,
  type Position,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { nextTurn } from '../../ports/turns.ts'
import type { SqliteDatabase } from './database.ts'
import { reading } from './reading.ts'
import { migrate } from './schema.ts'
import { type EventRow, eventQueries, eventSchema, filteredQuery } from './sqlite-event-schema.ts'
import { positionFloor } from './sqlite-position-floor.ts'

/** A page ends early, before its limit, once it holds about this many characters of JSON. */
const PAGE_CHARACTERS = 8 * 1024 * 1024
/** Events of a stream that are read in one turn. */
const STREAM_PAGE = 1_000

/**
 * The order of facts in the embedded store. A position is the event's number in it, 20 digits. Readers and writers have
 * one order, as appends are committed one group after the other. `recordedAt` is the given clock's time.
 *
 * An event id is stored at most once a stream. An append of known ids that is not the very same one again (other order,
 * other expected revision) is a wrong expected revision. That holds even if the expected revision is the stream's last.
 *
 * The database stays its opener's. `close` ends the subscriptions, which then throw StoreUnavailable, and refuses later
 * calls; earlier ones are still committed. Throws SchemaTooNew.
 */
export function sqliteEventStore(database: SqliteDatabase, options: { clock: Clock }): EventStore {
  migrate(database, 'event store', eventSchema)
  const { sql } = database
  const insert = sql.prepare(eventQueries.insert)
  const lastRevision = sql.prepare(eventQueries.lastRevision)
  const byId = sql.prepare(eventQueries.byId)
  const byStream = sql.prepare(eventQueries.stream)
  const allEvents = sql.prepare(eventQueries.all)
  const lastPosition = sql.prepare(eventQueries.head)
  const floor = positionFloor(sql)
  const filtered = new Map<string, StatementSync>()
  const commits = commitSignal()
  let closed = false
  let textOf = { ms: Number.NaN, text: '' }

  /** Those of one group mostly share a millisecond. */
  function textOfNow(): string {
    const now = options.clock.now()
    const ms = now.epochMilliseconds
    if (ms !== textOf.ms) textOf = { ms, text: now.toString({ smallestUnit: 'millisecond' }) }
    return textOf.text
  }

  function refuseIfClosed(): void {
    if (closed) throw new StoreUnavailable('the event store is closed')
  }

  function appendNow(
    stream: string,
    expected: ExpectedRevision,
    events: readonly EncodedEvent[],
  ): AppendResult {
    const last = lastRevision.get(stream)?.revision
    const actual = last === undefined ? 'no-stream' : Number(last)
    const wrong: AppendResult = { ok: false, error: 'WRONG_EXPECTED_REVISION', actual }
    // A stream that is not there holds no event of these ids.
    const stored =
      last === undefined
        ? []
        : events.map(({ id }) => byId.get(id, stream)).filter((row) => row !== undefined)
    if (stored.length > 0) {
      const first = following(expected)
      const same =
        stored.length === events.length && stored.every((one, index) => one.revision === first + index)
      const end = stored.at(-1)
      return same && end
        ? { ok: true, revision: Number(end.revision), position: toPosition(Number(end.position)) }
        : wrong
    }
    if (expected !== actual) return wrong

    const category = categoryOf(stream)
    const recordedAt = textOfNow()
    let revision = following(actual) - 1
    let position = 0
    let skipTo = floor > 0 && Number(lastPosition.get()?.position ?? 0) < floor ? floor + 1 : null
    for (const { id, type, data, metadata } of events) {
      revision += 1
      const row = [stream, revision, category, id, type, data, metadata, recordedAt]
      const { lastInsertRowid } = insert.run(skipTo, ...row)
      position = Number(lastInsertRowid)
      skipTo = null
    }
    return { ok: true, revision, position: toPosition(position) }
  }

  function headNow(): Position {
    const row = lastPosition.get()
    return row ? toPosition(Number(row.position)) : START
  }

  function rowsAfter(after: Position, limit: number, filter?: Filter): Iterable<EventRow> {
    const from = fromPosition(after)
    // The columns that each statement names are those of EventRow.
    if (!filter) return allEvents.iterate(from, limit) as Iterable<unknown> as Iterable<EventRow>
    const { text, values } = filteredQuery(filter)
    if (values.length === 0) return []
    const statement = filtered.get(text) ?? sql.prepare(text)
    filtered.set(text, statement)
    return statement.iterate(from, limit, ...values) as Iterable<unknown> as Iterable<EventRow>
  }

  function readPage(after: Position, limit: number, filter?: Filter): EventPage {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a page of ${limit} events`)
    const events: RecordedEvent[] = []
    let characters = 0
    let cut = false
    for (const row of rowsAfter(after, limit, filter)) {
      events.push(recorded(row))
      characters += row.data.length + row.metadata.length
      cut = events.length === limit || characters >= PAGE_CHARACTERS
      if (cut) break
    }
    const head = headNow()
    const end = events.at(-1)?.position
    if (cut && end !== undefined) return { events, position: end, caughtUp: end === head }
    return { events, position: head > after ? head : after, caughtUp: true }
  }

  return {
    async readStream(stream, { fromRevision = 0 } = {}) {
      const events: RecordedEvent[] = []
      for (;;) {
        refuseIfClosed()
        const read = await reading(() => {
          const next = fromRevision + events.length
          // The columns that the statement names are those of EventRow.
          const rows = byStream.all(stream, next, next + STREAM_PAGE) as unknown[] as EventRow[]
          return rows.map(recorded)
        })
        for (const event of read) events.push(event)
        if (read.length < STREAM_PAGE) return events
        await nextTurn()
      }
    },

    async append(stream, expected, events) {
      refuseIfClosed()
      const encoded = encodeEvents(stream, events)
      const extent = encoded.length === 1 ? 'single' : 'several'
      const result = await database.write(() => appendNow(stream, expected, encoded), 'durable', extent)
      if (result.ok) commits.notify()
      return result
    },

    async readAll({ after, filter, limit }) {
      refuseIfClosed()
      return reading(() => readPage(after, limit, filter))
    },

    async *subscribe({ after, filter, limit = 256, signal }) {
      let position: Position | undefined
      while (!signal.aborted) {
        refuseIfClosed()
        const before = commits.count
        const page = await reading(() => readPage(position ?? after, limit, filter))
        if (page.position !== position) yield page
        position = page.position
        if (page.caughtUp) await commits.after(before, signal)
        // Reading is synchronous: without a turn for others, catching up would hold up the whole process.
        else await nextTurn()
      }
    },

    async head() {
      refuseIfClosed()
      return reading(headNow)
    },

    async close() {
      closed = true
      commits.notify()
    },
  }
}

/** The revision that follows what the writer knows. */
const following = (last: number | 'no-stream') => (last === 'no-stream' ? 0 : last + 1)

const toPosition = (number: number): Position => String(number).padStart(20, '0')

function fromPosition(position: Position): number {
  if (position === START) return 0
  if (!/^\d{20}$/.test(position))
    throw new RangeError(`${JSON.stringify(position)} is no position of this store`)
  return Number(position)
}

function recorded(row: EventRow): RecordedEvent {
  return {
    id: row.id,
    type: row.type,
    // Only encodeEvents writes these columns, from values of these types.
    data: JSON.parse(row.data) as RecordedEvent['data'],
    metadata: JSON.parse(row.metadata) as RecordedEvent['metadata'],
    stream: row.stream,
    revision: row.revision,
    position: toPosition(row.position),
    recordedAt: row.recorded_at,
  }
}
