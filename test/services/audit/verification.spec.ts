import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStore } from '../../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../../ports/read-store/read-store.ts'
import { allProjections } from '../../../projections/all-projections.ts'
import { bookings } from '../../../projections/bookings.ts'
import { fromStored, toStored } from '../../../projections/projection.ts'
import { verification } from '../../../services/audit/verification.ts'
import { rebuild } from '../../../services/read-models/rebuild.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { append, openStores, type Stores } from '../../support/projected-events.ts'

const test = suite('verification')

const booked = (events: EventStore, uid: string) => {
  const of = eventsOfBooking(uid)
  return append(events, 'booking', uid, of.tracked(), of.linked(), of.rescheduled(1))
}

async function live({ events, readStore }: Stores): Promise<void> {
  for (const projection of allProjections) await rebuild({ events, readStore, projection })
}

/** Two bookings and their read models, and an empty read store to verify in. */
async function withVerified(
  body: (parts: { events: EventStore; live: ReadStore; scratch: ReadStore }) => Promise<void>,
): Promise<void> {
  const [stores, other] = [openStores(), openStores()]
  try {
    await booked(stores.events, 'one')
    await booked(stores.events, 'two')
    await live(stores)
    await body({ events: stores.events, live: stores.readStore, scratch: other.readStore })
  } finally {
    await stores.close()
    await other.close()
  }
}

const ofBookings = (found: Awaited<ReturnType<typeof verification>>) =>
  found.readModels.find(({ name }) => name === 'bookings')

/** Writes a document as nothing but a fault would: with the position that it has. */
async function tamper(readStore: ReadStore, id: string, how: 'change' | 'remove' | 'add'): Promise<void> {
  const collection = bookings.collection.name
  const document = (await readStore.get(collection, 'one')) ?? {}
  const { position, value } = fromStored(document)
  const upTo = await readStore.checkpoint(collection)
  const changed = { ...(value as object), updatedAt: '2020-01-01T00:00:00Z' }
  await readStore.clear(collection, collection)
  const kept = ['one', 'two'].filter((one) => one !== id || how === 'change')
  for (const one of how === 'add' ? [...kept, id] : kept)
    await readStore.write(
      [{ collection, id: one, position, put: toStored(position, one === id ? changed : value) }],
      { projection: collection, position: upTo },
    )
}

test('finds nothing where the read models are what the events make of them', () =>
  withVerified(async (parts) => {
    const steps = new Set<string>()
    const found = await verification({ ...parts, onProgress: ({ step }) => void steps.add(step) })
    assert.equal([found.ok, found.streams], [true, { events: 6, broken: [], count: 0 }])
    assert.is(found.readModels.length, allProjections.length)
    assert.is(steps.size, allProjections.length + 1)
  }))

test('names documents that are changed, missing or surplus', () =>
  withVerified(async (parts) => {
    await tamper(parts.live, 'one', 'change')
    const changed = ofBookings(await verification(parts))
    // The other one was written with the value of the first.
    assert.equal(
      changed?.differences.map(({ id, kind }) => `${id} ${kind}`),
      ['one DIFFERENT', 'two DIFFERENT'],
    )
    await tamper(parts.live, 'two', 'remove')
    const missing = await verification(parts)
    assert.is(missing.ok, false)
    assert.ok(ofBookings(missing)?.differences.some(({ id, kind }) => id === 'two' && kind === 'MISSING'))
    await tamper(parts.live, 'nobody', 'add')
    const surplus = ofBookings(await verification(parts))
    assert.ok(surplus?.differences.some(({ id, kind }) => id === 'nobody' && kind === 'SURPLUS'))
    assert.is(surplus?.count, surplus?.differences.length)
  }))

test('is not misled by what goes on meanwhile', () =>
  withVerified(async ({ events, live, scratch }) => {
    let begun = false
    // The live read model takes further events as soon as it is first listed.
    const going: ReadStore = {
      ...live,
      async list(...asked) {
        if (asked[0] === bookings.collection.name && !begun) {
          begun = true
          await append(events, 'booking', 'one', eventsOfBooking('one').ignored('NO_TIME_CHANGE'))
          await booked(events, 'three')
          await rebuild({
            events,
            readStore: live,
            projection: bookings,
            after: await live.checkpoint(bookings.collection.name),
          })
        }
        return live.list(...asked)
      },
    }
    const found = await verification({ events, live: going, scratch })
    assert.is(begun, true)
    assert.equal(ofBookings(found)?.differences, [])
    assert.equal([ofBookings(found)?.count, ofBookings(found)?.unsettled], [0, 0])
  }))

test('names a stream with a gap, and one that published twice', () =>
  withVerified(async (parts) => {
    const { events } = parts
    const { events: stored } = await events.readAll({ after: '', limit: 10 })
    const faulty: EventStore = {
      ...events,
      readAll: async (asked) => {
        const page = await events.readAll(asked)
        return { ...page, events: page.events.filter(({ id }) => id !== stored[1]?.id) }
      },
    }
    const gap = await verification({ ...parts, events: faulty })
    assert.equal(gap.streams.broken, [{ stream: 'booking-one', rule: 'revision 2 stands where 1 should' }])
    await append(events, 'booking', 'two', eventsOfBooking('two').rescheduled(1))
    const twice = await verification(parts)
    assert.equal(twice.streams.broken, [
      { stream: 'booking-two', rule: 'sequence 1 at revision 3 comes after 1' },
    ])
    assert.is(twice.ok, false)
  }))

test.run()
