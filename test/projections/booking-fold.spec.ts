import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BookingEvent } from '../../domain/booking/events.ts'
import { type Booking, evolveBooking, initialBooking, trackedPart } from '../../domain/booking/state.ts'
import { START } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { bookingReferences, bookingsOfEvents, openBookings } from '../../projections/booking-references.ts'
import { bookingById, bookings } from '../../projections/bookings.ts'
import { projector } from '../../services/read-models/projector.ts'
import { eventsOfBooking } from '../support/booking-events.ts'
import { append, openStores } from '../support/projected-events.ts'

const test = suite('booking read models and the domain')
const uids = ['a', 'b', 'c'] as const
const names = [{}, { externalEventId: 'shared' }, { calendarKey: 'calendar-2' }] as const

const name = fc.constantFrom(...names)
const start = fc.constantFrom('2026-03-10T09:00:00Z', '2026-03-10T09:00:00.5Z', '2026-03-12T09:00:00Z')
const sequence = fc.integer({ min: 1, max: 4 })
const outcome = fc.constantFrom('APPLIED', 'REFUSED', 'SUPERSEDED')
type Make = (uid: string) => BookingEvent
const anyEvent: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 3,
    arbitrary: start.map(
      (start): Make =>
        (uid) =>
          eventsOfBooking(uid).tracked({ start }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(name, fc.boolean()).map(
      ([name, confirmed]): Make =>
        (uid) =>
          eventsOfBooking(uid).linked(name, confirmed),
    ),
  },
  name.map(
    (name): Make =>
      (uid) =>
        eventsOfBooking(uid).unlinked(name),
  ),
  name.map(
    (name): Make =>
      (uid) =>
        eventsOfBooking(uid).moved(name),
  ),
  start.map(
    (start): Make =>
      (uid) =>
        eventsOfBooking(uid).timesRecorded({ start }),
  ),
  fc.tuple(sequence, name).map(
    ([n, name]): Make =>
      (uid) =>
        eventsOfBooking(uid).rescheduled(n, name),
  ),
  fc.tuple(sequence, name).map(
    ([n, name]): Make =>
      (uid) =>
        eventsOfBooking(uid).cancelled(n, name),
  ),
  fc.tuple(sequence, outcome).map(
    ([n, outcome]): Make =>
      (uid) =>
        eventsOfBooking(uid).outcome(n, { outcome }),
  ),
  fc.boolean().map(
    (settles): Make =>
      (uid) =>
        eventsOfBooking(uid).ignored('FIRST_LOOK', { settles }),
  ),
  fc.constantFrom(undefined, 'x').map(
    (to): Make =>
      (uid) =>
        eventsOfBooking(uid).closed(to === undefined ? {} : { rescheduledToUid: to }),
  ),
)

/** A page that is taken: how many events, and whether the process dies before the checkpoint is written. */
const page = fc.record({ size: fc.integer({ min: 1, max: 7 }), dies: fc.boolean() })

test('they agree with the fold of each stream, however pages are cut and wherever a process dies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...uids), anyEvent), { maxLength: 30 }),
      fc.array(page, { minLength: 1, maxLength: 6 }),
      async (history, pages) => {
        const stores = openStores()
        try {
          const states = new Map<string, Booking>()
          for (const [uid, make] of history) {
            const event = make(uid)
            await append(stores.events, 'booking', uid, event)
            states.set(uid, evolveBooking(states.get(uid) ?? initialBooking, event))
          }
          for (const projection of [bookings, bookingReferences])
            await takeInPages(projection, stores.events, stores.readStore, pages)
          for (const uid of uids) await agrees(stores.readStore, uid, states.get(uid) ?? initialBooking)
        } finally {
          await stores.close()
        }
      },
    ),
    { numRuns: 150 },
  )
})

async function takeInPages(
  projection: typeof bookings,
  events: ReturnType<typeof openStores>['events'],
  readStore: ReadStore,
  pages: readonly { size: number; dies: boolean }[],
): Promise<void> {
  const all = (await events.readAll({ after: START, limit: 1000 })).events
  const last = all.at(-1)?.position ?? START
  await readStore.prepare([projection.collection, { name: 'parked-events', indexes: ['parked'] }])
  for (let turn = 0; turn < 500; turn++) {
    // A process that dies in each page would never come to an end.
    const { size, dies } = (turn < 50 && pages[turn % pages.length]) || { size: 5, dies: false }
    const store: ReadStore = dies ? { ...readStore, write: (writes) => readStore.write(writes) } : readStore
    const one = projector(projection, {
      events,
      readStore: store,
      now: () => Temporal.Instant.from('2026-03-02T08:00:00Z'),
      onParked: (_, error) => {
        throw error
      },
    })
    await one.begin()
    if (one.position() === last) return
    const rest = all.filter(({ position }) => position > one.position()).slice(0, size)
    await one.take(rest, rest.at(-1)?.position ?? last)
  }
  throw new Error('the pages lead nowhere')
}

async function agrees(readStore: ReadStore, uid: string, state: Booking): Promise<void> {
  const shown = await bookingById(readStore, uid)
  if (state.kind === 'UNTRACKED') {
    assert.is(shown, undefined)
    return
  }
  const known = trackedPart(state)
  assert.is(shown?.agreement, known?.agreement)
  assert.is(shown?.start, known?.times.start.toString())
  assert.is(shown?.sequence, known?.sequence ?? 0)
  assert.is(shown?.closedReason, state.kind === 'OPEN' ? undefined : state.reason)
  assert.equal(
    shown?.references,
    (known?.references ?? []).map(({ stored, confirmed }) => ({ ...stored, confirmed })),
  )

  const epoch = Temporal.Instant.fromEpochMilliseconds(0)
  const open = await openBookings(readStore, epoch, { limit: 100 })
  assert.is(
    open.items.some(({ bookingUid }) => bookingUid === uid),
    state.kind === 'OPEN',
  )
  for (const { stored } of known?.references ?? []) {
    const found = await bookingsOfEvents(readStore, stored.calendarKey, [stored.externalEventId])
    const own = found.get(stored.externalEventId)?.find(({ bookingUid }) => bookingUid === uid)
    assert.is(own?.open, state.kind === 'OPEN')
  }
  for (const key of ['calendar-1', 'calendar-2'])
    for (const [id, found] of await bookingsOfEvents(readStore, key, ['shared', `event-of-${uid}`]))
      for (const { bookingUid } of found.filter(({ bookingUid }) => bookingUid === uid))
        assert.ok(
          known?.references.some(({ stored }) => stored.calendarKey === key && stored.externalEventId === id),
          `${bookingUid} is not found by an event that it no longer refers to`,
        )
}

test.run()
