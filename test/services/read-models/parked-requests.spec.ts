import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { parkedEvents, writeParked } from '../../../services/read-models/parked-events.ts'
import {
  carryOutRequests,
  type ParkedRequest,
  requestForParked,
} from '../../../services/read-models/parked-requests.ts'
import { openStores } from '../../support/projected-events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('requests for parked events')

const POSITION = '0000000000000000007'
const OTHER = '0000000000000000009'

async function fixture() {
  const clock = virtualClock()
  const stores = openStores()
  const database = openDatabase(':memory:')
  let ids = 0
  const queue = sqliteSignalQueue(database, { clock, newId: () => `lease-${++ids}` })
  await stores.readStore.prepare([parkedEvents])
  const about = { version: 1, eventId: 'e', type: 'T', error: { code: 'C', message: 'm' } } as const
  const parkedAt = clock.now().toString()
  await stores.readStore.write(
    [['bookings', POSITION] as const, ['bookings', OTHER] as const, ['publication', POSITION] as const].map(
      ([projection, position]) =>
        writeParked({
          ...about,
          projection,
          position,
          stream: `booking-${position}`,
          revision: 3,
          parkedAt,
          state: 'PARKED',
          writes: 0,
        }),
    ),
  )
  const request = (projection: string, position: string, want: ParkedRequest['want']) =>
    requestForParked({ readStore: stores.readStore, queue }, { projection, position, want })
  const log = { warn() {}, error() {}, info() {}, debug() {}, child: () => log }
  const run = (
    kind: 'parked-projections' | 'parked-publication',
    carryOut: (request: ParkedRequest) => unknown,
  ) => {
    const stopping = new AbortController()
    const ended = carryOutRequests({
      queue,
      clock,
      log,
      random: () => 1,
      kind,
      carryOut: async (one) => carryOut(one),
      signal: stopping.signal,
    })
    return async () => {
      stopping.abort()
      await ended
    }
  }
  return { clock, queue, request, run, close: () => Promise.all([stores.close(), database.close()]) }
}

test('are kept until whoever has the role comes to them, each kind for its own role', async () => {
  const { clock, request, run, close } = await fixture()
  assert.equal((await request('bookings', POSITION, 'SKIP'))?.stream, `booking-${POSITION}`)
  assert.equal((await request('publication', POSITION, 'RETRY'))?.revision, 3)
  const [done, published]: [ParkedRequest[], ParkedRequest[]] = [[], []]
  const stop = [
    run('parked-projections', (one) => done.push(one)),
    run('parked-publication', (one) => published.push(one)),
  ]
  await clock.advance(3_000)
  assert.equal(done, [{ projection: 'bookings', position: POSITION, want: 'SKIP' }])
  assert.equal(published, [{ projection: 'publication', position: POSITION, want: 'RETRY' }])
  for (const one of stop) await one()
  await close()
})

test('sent twice are one, and of two for the same event the last counts', async () => {
  const { clock, request, run, close } = await fixture()
  await request('bookings', POSITION, 'RETRY')
  await request('bookings', POSITION, 'RETRY')
  await request('bookings', OTHER, 'RETRY')
  await request('bookings', OTHER, 'SKIP')
  const done: ParkedRequest[] = []
  const stop = run('parked-projections', (one) => done.push(one))
  await clock.advance(3_000)
  assert.equal(
    done.map(({ position, want }) => [position, want]),
    [
      [POSITION, 'RETRY'],
      [OTHER, 'SKIP'],
    ],
  )
  await stop()
  await close()
})

test('that cannot be carried out now are tried again', async () => {
  const { clock, request, run, close } = await fixture()
  await request('bookings', POSITION, 'RETRY')
  let tries = 0
  const stop = run('parked-projections', () => {
    tries += 1
    if (tries < 3) throw new StoreUnavailable('not now')
  })
  await clock.advance(10_000)
  assert.is(tries, 3)
  await stop()
  await close()
})

test('are for events that are parked', async () => {
  const { queue, request, close } = await fixture()
  assert.is(await request('bookings', '0000000000000000001', 'RETRY'), undefined)
  assert.is(await request('nothing', POSITION, 'RETRY'), undefined)
  assert.is(await queue.nextDueInMs(['parked-projections', 'parked-publication']), undefined)
  await close()
})

test.run()
