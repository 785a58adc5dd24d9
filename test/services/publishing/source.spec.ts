import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../../infrastructure/sqlite/sqlite-event-store.ts'
import { type EventStore, START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { publicationBacklog } from '../../../services/publishing/backlog.ts'
import { publicationSource } from '../../../services/publishing/source.ts'
import { someEvent } from '../../support/events.ts'
import { bookingEvents, decideMoves } from '../../support/published-events.ts'

const test = suite('booking events on their way to be published')
const origin = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }

const withEvents = (body: (events: EventStore, signal: AbortSignal) => Promise<void>) => async () => {
  const database = openDatabase(':memory:')
  const events = sqliteEventStore(database, { clock: systemClock })
  const end = new AbortController()
  try {
    await body(events, end.signal)
  } finally {
    end.abort()
    await events.close()
    await database.close()
  }
}

const bookings = (count: number) => Array.from({ length: count }, (_, n) => `booking-${n}`)

test(
  'reading stays ahead by what was asked for and a page, however much there is',
  withEvents(async (events, signal) => {
    await decideMoves(events, bookings(100), 40)
    let read = 0
    let taken = 0
    const counting: EventStore = {
      ...events,
      async *subscribe(options) {
        for await (const page of events.subscribe(options)) {
          read += page.events.length
          assert.ok(read - taken <= 500 + 256, `${read - taken} events are held`)
          yield page
        }
      },
    }
    const source = publicationSource({ events: counting, origin, after: START, ahead: 500, signal })
    const ids: string[] = []
    while (ids.length < 4_000) {
      const items = await source.take(100)
      taken += items.length
      ids.push(...items.map(({ event }) => event.id))
    }
    assert.equal(
      ids,
      (await bookingEvents(events)).map(({ id }) => id),
    )
  }),
)

test(
  'all that waits is taken at once, a single one alone, and the end is told once',
  withEvents(async (events, signal) => {
    await decideMoves(events, bookings(10), 1)
    const source = publicationSource({ events, origin, after: START, ahead: 100, signal })
    assert.is((await source.take(100)).length, 10)
    assert.is((await source.take(100)).length, 0)
    const next = source.take(100)
    await decideMoves(events, ['a'], 1)
    assert.is((await next).length, 1)
  }),
)

test(
  'an event that cannot be encoded comes with the reason',
  withEvents(async (events, signal) => {
    await events.append('stranger-1', 'no-stream', [someEvent('BookingCancelled')])
    const source = publicationSource({ events, origin, after: START, ahead: 100, signal })
    const [item] = await source.take(100)
    assert.is(item?.message, undefined)
    assert.instance(item && 'error' in item ? item.error : undefined, Error)
  }),
)

test(
  'what waits is counted, whatever is published in between',
  withEvents(async (events) => {
    const backlog = publicationBacklog(events)
    assert.equal(await backlog.count(), { backlog: null, oldestAt: null }, 'nobody can say yet')
    await decideMoves(events, bookings(10), 250)
    backlog.beginsAt(START)
    assert.is((await backlog.count()).backlog, 2_500)
    const all = await bookingEvents(events)
    const done = all.slice(0, 700)
    backlog.movedTo(
      done.at(-1)?.position ?? START,
      done.map((event) => ({ event })),
    )
    await decideMoves(events, bookings(10), 1, 251)
    const { backlog: waiting, oldestAt } = await backlog.count()
    assert.is(waiting, 1_810)
    assert.is(oldestAt, all[700]?.recordedAt)
    const end = await events.head()
    backlog.movedTo(
      end,
      (await bookingEvents(events)).slice(700).map((event) => ({ event })),
    )
    assert.equal(await backlog.count(), { backlog: 0, oldestAt: null })
    await decideMoves(events, ['a'], 1)
    assert.is((await backlog.count()).backlog, 1)
  }),
)

test(
  'what cannot be known yet about the deployment is waited for: it makes no event unpublishable',
  withEvents(async (events, signal) => {
    await decideMoves(events, ['a'], 1)
    const unknown = {
      get source(): string {
        throw new StoreUnavailable('the event store has not answered since the start')
      },
      schemas: origin.schemas,
    }
    const source = publicationSource({ events, origin: unknown, after: START, ahead: 10, signal })
    const failed = await source.take(10).then(
      () => undefined,
      (error: unknown) => error,
    )
    assert.instance(failed, StoreUnavailable)
  }),
)

test.run()
