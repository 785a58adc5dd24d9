import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import type { EventStore, Position } from '../../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../../ports/read-store/read-store.ts'
import { bookingReferences, bookingsOfEvents } from '../../../projections/booking-references.ts'
import { bookingById, bookings } from '../../../projections/bookings.ts'
import type { Projection } from '../../../projections/projection.ts'
import { compareReadModels } from '../../../services/audit/compare-read-models.ts'
import { startProjections } from '../../../services/read-models/projection-runner.ts'
import { PoisonEventFound, rebuild } from '../../../services/read-models/rebuild.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { append, openStores } from '../../support/projected-events.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('rebuild')

/** Fifty bookings, each linked, rescheduled, and every fifth closed; the last position. */
async function happened(events: EventStore): Promise<Position> {
  let last: Position = ''
  for (let n = 0; n < 50; n++) {
    const uid = `b${n}`
    const booking = eventsOfBooking(uid, `user-${n % 3}`)
    const story = [booking.tracked(), booking.linked(), booking.rescheduled(1), booking.outcome(1)]
    last = await append(events, 'booking', uid, ...story, ...(n % 5 === 0 ? [booking.closed()] : []))
  }
  return last
}

test('makes from the first event on what the live read models are, and compares them', async () => {
  const [stores, other] = [openStores(), openStores()]
  const ending = new AbortController()
  const { events, readStore } = stores
  const log = createLogger({ level: 'silent' })
  const projections = [bookings, bookingReferences]
  const live = { events, readStore, projections, log, clock: virtualClock(), signal: ending.signal }
  const runner = startProjections(live)
  const last = await happened(events)
  await runner.caughtUp('all', last)

  for (const projection of projections) {
    const progress: number[] = []
    const built = await rebuild({
      events,
      readStore: other.readStore,
      projection,
      onProgress: (now) => progress.push(now.events),
    })
    assert.equal(built, { events: 210, position: last })
    assert.equal(progress, [210])
    assert.equal(await differences(projection, readStore, other.readStore), [])
  }

  const { name } = bookings.collection
  const put = { position: '9', value: { state: 'other' } }
  await readStore.write([
    { collection: name, id: 'b1', remove: true, position: '9' },
    { collection: name, id: 'b2', put, position: '9' },
    { collection: name, id: 'zzz', put, position: '9' },
  ])
  assert.equal(await differences(bookings, readStore, other.readStore), [
    { id: 'b1', kind: 'MISSING' },
    { id: 'b2', kind: 'DIFFERENT' },
    { id: 'zzz', kind: 'SURPLUS' },
  ])
  ending.abort()
  await runner.stopped
  await Promise.all([stores.close(), other.close()])
})

test('gives the same when it is done twice in the same place', async () => {
  const stores = openStores()
  await happened(stores.events)
  await rebuild({ ...stores, projection: bookings })
  const before = await stores.readStore.list(bookings.collection.name, { limit: 100 })
  await rebuild({ ...stores, projection: bookings })
  assert.equal(await stores.readStore.list(bookings.collection.name, { limit: 100 }), before)
  await stores.close()
})

test('goes on with documents that it has written already, and with those that it has not', async () => {
  const [stores, other] = [openStores(), openStores()]
  const ending = new AbortController()
  const { events, readStore } = stores
  const uids = Array.from({ length: 4500 }, (_, n) => `b${n}`)
  for (const uid of uids) await append(events, 'booking', uid, eventsOfBooking(uid).tracked())
  for (const uid of uids) await append(events, 'booking', uid, eventsOfBooking(uid).linked())
  const log = createLogger({ level: 'silent' })
  const live = {
    events,
    readStore,
    projections: [bookings],
    log,
    clock: virtualClock(),
    signal: ending.signal,
  }
  const runner = startProjections(live)
  await runner.caughtUp('all')
  assert.is((await rebuild({ events, readStore: other.readStore, projection: bookings })).events, 9000)
  assert.equal(await differences(bookings, readStore, other.readStore), [])
  assert.is((await bookingById(other.readStore, 'b0'))?.references.length, 1)
  ending.abort()
  await runner.stopped
  await Promise.all([stores.close(), other.close()])
})

test('stops at the position that it is given', async () => {
  const stores = openStores()
  const booking = eventsOfBooking('a')
  const upTo = await append(stores.events, 'booking', 'a', booking.tracked(), booking.linked())
  await append(stores.events, 'booking', 'a', booking.closed())
  const built = await rebuild({ ...stores, projection: bookings, upTo })
  assert.equal(built, { events: 2, position: upTo })
  assert.is((await bookingById(stores.readStore, 'a'))?.status, 'ACCEPTED')
  await stores.close()
})

test('ends at an event that the projection cannot take', async () => {
  const stores = openStores()
  const booking = eventsOfBooking('a')
  await append(stores.events, 'booking', 'a', booking.tracked({ start: 'no instant' }))
  const error = await rebuild({ ...stores, projection: bookingReferences }).catch((error: unknown) => error)
  assert.instance(error, PoisonEventFound)
  assert.instance(error instanceof Error && error.cause, RangeError)
  assert.is((await bookingsOfEvents(stores.readStore, 'calendar-1', ['a'])).size, 0)
  await stores.close()
})

const differences = (projection: Projection, live: ReadStore, rebuilt: ReadStore) =>
  Array.fromAsync(compareReadModels(projection, live, rebuilt), ({ id, kind }) => ({ id, kind }))

test.run()
