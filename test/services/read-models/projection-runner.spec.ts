import { randomUUID } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CalendarFeedEvent } from '../../../domain/calendar/feed.ts'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { type EventStore, PositionUnknown } from '../../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../../ports/read-store/read-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { allProjections } from '../../../projections/all-projections.ts'
import { bookingById, bookings } from '../../../projections/bookings.ts'
import { defineReadModel } from '../../../projections/read-model.ts'
import { listParked } from '../../../services/read-models/parked-events.ts'
import { startProjections } from '../../../services/read-models/projection-runner.ts'
import { rebuild } from '../../../services/read-models/rebuild.ts'
import { appendNext } from '../../support/append-next.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { append, openStores, type Stores } from '../../support/projected-events.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

const test = suite('projection runner')
const a = eventsOfBooking('a')

/** Counts what it is given, so that an event folded twice or left out shows. Throws where `breaks` says so. */
function tally(name = 'tally', breaks: (text: string) => boolean = () => false) {
  return defineReadModel({
    name,
    version: 1,
    categories: ['calendarFeed'],
    indexes: [],
    keys: (_: { seen: string[] }) => ({}),
    changes: (event) => [
      {
        id: event.type === 'FullSyncCompleted' ? 'shared' : event.data.calendarKey,
        change(value) {
          const text = event.type === 'SyncTokenExpired' ? event.data.reason : event.type
          if (breaks(text)) throw new RangeError(`cannot take ${text}`)
          return { seen: [...(value?.seen ?? []), text] }
        },
      },
    ],
  })
}

const told = (calendarKey: string, reason: string): CalendarFeedEvent => ({
  type: 'SyncTokenExpired',
  data: { calendarKey, reason, at: '2026-03-02T08:00:00Z' },
})
const synced = (calendarKey: string): CalendarFeedEvent => ({
  type: 'FullSyncCompleted',
  data: { calendarKey, events: 1, at: '2026-03-02T08:00:00Z' },
})

type Started = ReturnType<typeof start>
function start(
  stores: Pick<Stores, 'events' | 'readStore'>,
  projections: Parameters<typeof startProjections>[0]['projections'],
  clock: VirtualClock = virtualClock(),
  beside: readonly string[] = [],
) {
  const lines: { msg: string; level: string }[] = []
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } })
  const ending = new AbortController()
  const { events, readStore } = stores
  const runner = startProjections({
    events,
    readStore,
    projections,
    clock,
    log,
    signal: ending.signal,
    beside,
  })
  return {
    ...runner,
    lines,
    clock,
    async stop() {
      ending.abort()
      await runner.stopped
    },
  }
}

async function withStores(body: (stores: Stores) => Promise<void>): Promise<void> {
  const stores = openStores()
  try {
    await body(stores)
  } finally {
    await stores.close()
  }
}

/** Lets waiting work run until `met` holds. */
async function until(met: () => boolean | Promise<boolean>, clock?: VirtualClock): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    if (await met()) return
    if (clock) await clock.advance(100)
    else await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('it never came true')
}

test('brings what was there and what comes into the read models', () =>
  withStores(async (stores) => {
    await append(stores.events, 'booking', 'a', a.tracked())
    const runner = start(stores, allProjections)
    await runner.caughtUp('all')
    assert.is((await bookingById(stores.readStore, 'a'))?.status, 'ACCEPTED')
    const position = await append(stores.events, 'booking', 'a', a.closed())
    await runner.caughtUp('bookings', position)
    assert.is((await bookingById(stores.readStore, 'a'))?.status, 'CANCELLED')
    const { projections, outages } = runner.status()
    assert.is(projections.length, allProjections.length)
    assert.ok(projections.every((one) => one.state === 'LIVE' && one.lagMs === 0 && one.parked === 0))
    assert.equal(outages, [])
    await runner.stop()
  }))

const placeOf = (number: number) => String(number).padStart(20, '0')

for (const beside of [[], ['reactions']] as const)
  test(`stands still, and stays so, where the event store ends before ${beside.length > 0 ? 'a checkpoint beside' : 'its checkpoint'}`, () =>
    withStores(async (stores) => {
      const { projection, get } = tally()
      await append(stores.events, 'calendarFeed', 'a', told('a', 'one'))
      await stores.readStore.prepare([projection.collection])
      const [name = projection.collection.name] = beside
      await stores.readStore.write([], { projection: name, position: placeOf(3) })
      const runner = start(stores, [projection], virtualClock(), beside)
      await until(() => runner.status().rewound !== undefined)
      await runner.caughtUp('all').then(
        () => assert.unreachable('it stands still'),
        (error: unknown) => assert.instance(error, StoreUnavailable),
      )
      // It goes on with other events, past the place where the checkpoint was.
      for (let n = 0; n < 5; n++) await append(stores.events, 'calendarFeed', 'a', told('a', 'two'))
      await runner.clock.advance(600_000)
      const { projections, rewound, outages } = runner.status()
      assert.match(rewound ?? '', /beyond the end of the event store/)
      assert.equal(
        projections.map(({ state }) => state),
        ['STORE_REWOUND'],
      )
      assert.equal(outages, [])
      assert.is(await get(stores.readStore, 'a'), undefined)
      assert.is(runner.lines.filter(({ msg }) => msg.startsWith('read models stopped')).length, 1)
      await runner.stop()
    }))

test('stands still where the event store is found not to know its checkpoint after an outage', () =>
  withStores(async (stores) => {
    const { projection } = tally()
    await append(stores.events, 'calendarFeed', 'a', told('a', 'one'))
    let isOther = false
    const events: EventStore = {
      ...stores.events,
      async *subscribe(options) {
        if (isOther) throw new PositionUnknown(options.after, 'that ends before it')
        const page = await stores.events.readAll({ after: options.after, limit: 10 })
        yield page
        isOther = true
        throw new StoreUnavailable('the server is gone')
      },
    }
    const runner = start({ ...stores, events }, [projection])
    await until(() => runner.status().rewound !== undefined, runner.clock)
    assert.match(runner.status().rewound ?? '', /no place in the event store/)
    assert.equal(runner.status().outages, [])
    await runner.stop()
  }))

test('goes on after a stop from where it was', () =>
  withStores(async (stores) => {
    const { projection, get } = tally()
    await append(stores.events, 'calendarFeed', 'k', told('k', '1'), told('k', '2'))
    const first = start(stores, [projection])
    await first.caughtUp('tally')
    await first.stop()
    const before = await stores.readStore.checkpoint('tally.v1')
    await append(stores.events, 'calendarFeed', 'k', told('k', '3'))
    const asked: string[] = []
    const subscribe: EventStore['subscribe'] = (options) => {
      asked.push(options.after)
      return stores.events.subscribe(options)
    }
    const second = start({ ...stores, events: { ...stores.events, subscribe } }, [projection])
    await second.caughtUp('tally')
    assert.equal((await get(stores.readStore, 'k'))?.seen, ['1', '2', '3'])
    assert.equal(asked, [before])
    await second.stop()
  }))

test('folds no event twice when a process ended between the documents and the checkpoint', () =>
  withStores(async (stores) => {
    const { projection, get } = tally()
    await append(stores.events, 'calendarFeed', 'k', told('k', '1'), told('k', '2'))
    const readStore: ReadStore = {
      ...stores.readStore,
      write: (writes) => stores.readStore.write(writes),
    }
    const first = start({ ...stores, readStore }, [projection])
    await first.caughtUp('tally')
    await first.stop()
    assert.is(await stores.readStore.checkpoint('tally.v1'), '')
    await append(stores.events, 'calendarFeed', 'k', told('k', '3'))
    const second = start(stores, [projection])
    await second.caughtUp('tally')
    assert.equal((await get(stores.readStore, 'k'))?.seen, ['1', '2', '3'])
    await second.stop()
  }))

test('lets a new projection catch up alone while the others stay live', () =>
  withStores(async (stores) => {
    const [old, fresh] = [tally('old'), tally('fresh')]
    for (let n = 0; n < 1_500; n++) void append(stores.events, 'calendarFeed', 'k', told('k', `${n}`))
    await append(stores.events, 'calendarFeed', 'k', told('k', 'last'))
    await rebuild({ ...stores, projection: old.projection })
    const runner = start(stores, [old.projection, fresh.projection])
    const appending = (async () => {
      for (let n = 0; n < 50; n++) await append(stores.events, 'calendarFeed', 'j', told('j', `${n}`))
    })()
    await until(() => runner.status().projections[1]?.state === 'CATCHING_UP')
    assert.is(runner.status().projections[0]?.state, 'LIVE')
    await appending
    await runner.caughtUp('all')
    await until(() => runner.status().projections[1]?.state === 'LIVE')
    for (const { get } of [old, fresh]) {
      assert.is((await get(stores.readStore, 'k'))?.seen.length, 1_501)
      assert.is((await get(stores.readStore, 'j'))?.seen.length, 50)
    }
    const position = await append(stores.events, 'calendarFeed', 'j', told('j', 'after'))
    await runner.caughtUp('all', position)
    for (const { get } of [old, fresh]) assert.is((await get(stores.readStore, 'j'))?.seen.at(-1), 'after')
    await runner.stop()
  }))

test('parks an event that it cannot take, holds back its stream alone, and takes both when told to', () =>
  withStores(async (stores) => {
    let broken = true
    const sick = tally('sick', (text) => broken && text === 'poison')
    const well = tally('well')
    const runner = start(stores, [sick.projection, well.projection])
    await append(stores.events, 'calendarFeed', 'k', told('k', '1'), told('k', 'poison'), told('k', '3'))
    await append(stores.events, 'calendarFeed', 'j', told('j', '1'))
    await runner.caughtUp('all')
    await append(stores.events, 'calendarFeed', 'k', told('k', '4'))
    await runner.caughtUp('all')
    assert.equal((await sick.get(stores.readStore, 'k'))?.seen, ['1'])
    assert.equal((await sick.get(stores.readStore, 'j'))?.seen, ['1'])
    assert.equal((await well.get(stores.readStore, 'k'))?.seen, ['1', 'poison', '3', '4'])
    assert.is(runner.status().projections[0]?.parked, 1)
    const parked = (await listParked(stores.readStore, { limit: 5 })).items
    assert.is(parked.length, 1)
    assert.equal(parked[0]?.error, { code: 'PROJECTION_FAILED', message: 'cannot take poison' })
    assert.equal(
      [parked[0]?.projection, parked[0]?.stream, parked[0]?.revision],
      ['sick', 'calendarFeed-k', 1],
    )
    assert.is(runner.lines.filter(({ level }) => level === 'error').length, 1)

    const position = parked[0]?.position ?? ''
    const stillSick = await runner.retryParked('sick', position)
    assert.equal(stillSick, { stream: 'calendarFeed-k', revision: 1, applied: false })
    broken = false
    const taken = await runner.retryParked('sick', position)
    assert.equal(taken, { stream: 'calendarFeed-k', revision: 1, applied: true })
    assert.equal((await sick.get(stores.readStore, 'k'))?.seen, ['1', 'poison', '3', '4'])
    assert.equal((await listParked(stores.readStore, { limit: 5 })).items, [])
    assert.is(await runner.retryParked('sick', position), undefined)
    assert.is(await runner.skipParked('nobody', position), undefined)
    await runner.stop()
  }))

test('goes on without an event that a person gives up, up to the next that it cannot take', () =>
  withStores(async (stores) => {
    const sick = tally('sick', (text) => text.startsWith('poison'))
    const runner = start(stores, [sick.projection])
    const happened = ['1', 'poison 2', '3', 'poison 4', '5'].map((text) => told('k', text))
    await append(stores.events, 'calendarFeed', 'k', ...happened)
    await runner.caughtUp('all')
    const [first] = (await listParked(stores.readStore, { limit: 5 })).items
    await runner.skipParked('sick', first?.position ?? '')
    assert.equal((await sick.get(stores.readStore, 'k'))?.seen, ['1', '3'])
    const [second, ...others] = (await listParked(stores.readStore, { limit: 5 })).items
    assert.equal([second?.revision, others.length], [3, 0])
    await runner.skipParked('sick', second?.position ?? '')
    const position = await append(stores.events, 'calendarFeed', 'k', told('k', '6'))
    await runner.caughtUp('all', position)
    assert.equal((await sick.get(stores.readStore, 'k'))?.seen, ['1', '3', '5', '6'])
    assert.is(runner.status().projections[0]?.parked, 0)
    await runner.stop()
  }))

test('takes a parked event into a document that other streams have changed since', () =>
  withStores(async (stores) => {
    let broken = true
    const sick = tally('sick', (text) => broken && text === 'poison')
    const runner = start(stores, [sick.projection])
    await append(stores.events, 'calendarFeed', 'k', told('k', 'poison'), synced('k'))
    await append(stores.events, 'calendarFeed', 'j', synced('j'))
    await runner.caughtUp('all')
    broken = false
    const [parked] = (await listParked(stores.readStore, { limit: 5 })).items
    await runner.retryParked('sick', parked?.position ?? '')
    assert.is((await sick.get(stores.readStore, 'shared'))?.seen.length, 2)
    await append(stores.events, 'calendarFeed', 'j', synced('j'))
    await runner.caughtUp('all')
    assert.is((await sick.get(stores.readStore, 'shared'))?.seen.length, 3)
    await runner.stop()
  }))

test('tries parked events again at each start', () =>
  withStores(async (stores) => {
    await append(stores.events, 'calendarFeed', 'k', told('k', 'poison'), told('k', '2'))
    const first = start(stores, [tally('tally', (text) => text === 'poison').projection])
    await first.caughtUp('all')
    await first.stop()
    const mended = tally('tally')
    const second = start(stores, [mended.projection])
    await second.caughtUp('all')
    assert.equal((await mended.get(stores.readStore, 'k'))?.seen, ['poison', '2'])
    assert.equal((await listParked(stores.readStore, { limit: 5 })).items, [])
    await second.stop()
  }))

test('parks an event that only a newer version knows', () =>
  withStores(async (stores) => {
    await append(stores.events, 'booking', 'a', a.tracked())
    const metadata = { correlationId: randomUUID(), causationId: randomUUID(), actor: 'api:test' }
    const unknown = { id: randomUUID(), type: 'BookingPainted', data: { bookingUid: 'a' }, metadata }
    await appendNext(stores.events, 'booking-a', [unknown])
    await append(stores.events, 'booking', 'a', a.closed())
    await append(stores.events, 'booking', 'b', eventsOfBooking('b').tracked())
    const runner = start(stores, [bookings])
    await runner.caughtUp('all')
    assert.is((await bookingById(stores.readStore, 'a'))?.status, 'ACCEPTED')
    assert.is((await bookingById(stores.readStore, 'b'))?.status, 'ACCEPTED')
    const [parked] = (await listParked(stores.readStore, { limit: 5 })).items
    assert.equal([parked?.error.code, parked?.type], ['UNKNOWN_EVENT_TYPE', 'BookingPainted'])
    await runner.stop()
  }))

test('asks stores that fail again until they answer, and tells it once', () =>
  withStores(async (stores) => {
    const { projection, get } = tally()
    let down = true
    const whenUp =
      <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
      async (...args: Arguments): Promise<Result> => {
        if (down) throw new StoreUnavailable('the disk is full')
        return call(...args)
      }
    const readStore: ReadStore = { ...stores.readStore, write: whenUp(stores.readStore.write) }
    let subscriptions = 0
    const subscribe: EventStore['subscribe'] = (options) => {
      subscriptions += 1
      if (subscriptions === 1) throw new StoreUnavailable('no connection')
      return stores.events.subscribe(options)
    }
    const events: EventStore = { ...stores.events, subscribe }
    await append(stores.events, 'calendarFeed', 'k', told('k', '1'))
    const runner = start({ events, readStore }, [projection])
    await until(() => runner.status().outages.some(({ what }) => what === 'read model tally'), runner.clock)
    await runner.clock.advance(60_000)
    assert.equal(
      runner.lines.map(({ level }) => level),
      ['error', 'info', 'error'],
    )
    down = false
    await runner.clock.advance(10_000)
    await runner.caughtUp('all')
    assert.equal((await get(stores.readStore, 'k'))?.seen, ['1'])
    assert.equal(runner.status().outages, [])
    assert.is(runner.lines.length, 4)
    await runner.stop()
  }))

test('does not let a wait last for ever, nor outlive the runner', () =>
  withStores(async (stores) => {
    const { projection } = tally()
    const readStore: ReadStore = {
      ...stores.readStore,
      write: () => Promise.reject(new StoreUnavailable('the disk is full')),
    }
    await append(stores.events, 'calendarFeed', 'k', told('k', '1'))
    const runner = start({ ...stores, readStore }, [projection])
    const bounded = runner.caughtUp('tally', undefined, 1_000).catch((error: unknown) => error)
    await until(() => runner.status().outages.length > 0)
    await runner.clock.advance(1_000)
    assert.instance(await bounded, StoreUnavailable)
    const unbounded = runner.caughtUp('tally', undefined, 1e9).catch((error: unknown) => error)
    await until(() => runner.status().outages.length > 0)
    await runner.stop()
    assert.instance(await unbounded, StoreUnavailable)
    const unknown = await runner.caughtUp('nobody').catch((error: unknown) => error)
    assert.instance(unknown, RangeError)
  }))

test('finishes the page in hand when it is stopped', () =>
  withStores(async (stores) => {
    const { projection, get } = tally()
    let writing: Started | undefined
    const readStore: ReadStore = {
      ...stores.readStore,
      write(writes, checkpoint) {
        if (writes.length > 0) void writing?.stop()
        return stores.readStore.write(writes, checkpoint)
      },
    }
    const runner = start({ ...stores, readStore }, [projection])
    await runner.caughtUp('tally')
    writing = runner
    const position = await append(stores.events, 'calendarFeed', 'k', told('k', '1'))
    await runner.stopped
    assert.equal((await get(stores.readStore, 'k'))?.seen, ['1'])
    assert.is(await stores.readStore.checkpoint('tally.v1'), position)
  }))

test.run()
