import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BookingEvent } from '../../../domain/booking/events.ts'
import { closeBooking } from '../../../domain/booking/facts.ts'
import { linkReferences, passedOnReferences } from '../../../domain/booking/links.ts'
import { flagSeriesChanged, moveReference } from '../../../domain/booking/series-change.ts'
import { type Booking, evolveBooking, initialBooking } from '../../../domain/booking/state.ts'
import type { Decision } from '../../../domain/decision.ts'
import {
  deleted,
  from,
  minute,
  records,
  reference,
  reports,
  sees,
  told,
  tracks,
  written,
} from '../../support/booking-story.ts'

const test = suite('properties of a booking')

type Command = (
  state: Booking,
  n: number,
) => Pick<Extract<Decision<BookingEvent>, { ok: true }>, 'events'> | { ok: false }
const at = (n: number) => minute(n).toString()

const times = fc.constantFrom(...['10:00', '11:00', '12:00', '13:00'].map((time) => from(time)))
const id = fc.constantFrom('event1', 'event2')
const named = fc.record({
  provider: fc.constant('google'),
  calendarKey: fc.constantFrom('key1', 'key2'),
  externalEventId: id,
})
const version = fc.integer({ min: 1, max: 12 })
const mode = fc.constantFrom('apply' as const, 'observe' as const, 'off' as const)
/** A look may have begun well before it is decided on. */
const lag = fc.integer({ min: 0, max: 5 })

const looks: fc.Arbitrary<Command> = fc
  .record({
    id,
    v: version,
    gone: fc.boolean(),
    times,
    mode,
    lag,
    released: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  })
  .map(({ id, v, gone, times, mode, lag, released }) => (state, n) => {
    const event = gone ? deleted(v, { id }) : written(v, times, { id })
    return sees(event, {
      began: n - lag,
      now: minute(n),
      mode,
      ...(released !== undefined && { releasedAt: minute(released) }),
    })(state)
  })
const failedLooks: fc.Arbitrary<Command> = fc
  .integer({ min: 0, max: 7_200_000 })
  .map(
    (ms) => (state, n) =>
      sees({ unknown: 'NOT_FOUND' }, { began: n, lasting: { code: 'UNKNOWN', ms } })(state),
  )
const tellings: fc.Arbitrary<Command> = fc
  .record({
    times,
    status: fc.constantFrom(
      'ACCEPTED' as const,
      'ACCEPTED' as const,
      'PENDING' as const,
      'REJECTED' as const,
      'CANCELLED' as const,
    ),
    references: fc.array(
      named.chain((one) => fc.boolean().map((confirmed) => ({ ...one, confirmed }))),
      { maxLength: 2 },
    ),
    referencesComplete: fc.boolean(),
  })
  .map((more) => (state, n) => tracks({ ...more, at: at(n) })(state))
const outcomes: fc.Arbitrary<Command> = fc
  .record({
    sequence: fc.integer({ min: 1, max: 4 }),
    outcome: fc.constantFrom('APPLIED' as const, 'REFUSED' as const, 'SUPERSEDED' as const),
    more: fc.record({ times }, { requiredKeys: [] }),
  })
  .map(
    ({ sequence, outcome, more }) =>
      (state, n) =>
        reports(sequence, outcome, n, more)(state),
  )
const others: fc.Arbitrary<Command> = fc.oneof(
  times.map(
    (t): Command =>
      (state, n) =>
        records(t, n)(state),
  ),
  fc
    .record(
      { reason: fc.constantFrom('CANCELLED', 'RESCHEDULED'), rescheduledToUid: fc.constantFrom('b2', 'b3') },
      { requiredKeys: ['reason'] },
    )
    .map(
      (more): Command =>
        (state, n) =>
          closeBooking(state, { bookingUid: 'booking1', at: at(n), ...more }),
    ),
  fc.tuple(named, named).map(
    ([one, to]): Command =>
      (state, n) =>
        moveReference(state, { from: one, to, at: at(n) }),
  ),
  fc.array(named, { maxLength: 2 }).map(
    (references): Command =>
      (state, n) =>
        linkReferences(state, {
          references: references.map((one) => ({ ...one, confirmed: true })),
          referencesComplete: true,
          times: from('10:00'),
          at: at(n),
        }),
  ),
  named.map(
    (one): Command =>
      (state, n) =>
        flagSeriesChanged(state, { ...one, now: minute(n) }),
  ),
)
const commands = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: looks },
    { weight: 3, arbitrary: tellings },
    { weight: 2, arbitrary: outcomes },
    { weight: 2, arbitrary: others },
    failedLooks,
  ),
  { maxLength: 30 },
)

/** What happens, with each command sent so many times, one command a minute. */
function played(all: readonly Command[], repeats: number): BookingEvent[] {
  const history: BookingEvent[] = []
  let state = initialBooking
  for (const [index, command] of all.entries()) {
    for (let sent = 0; sent < repeats; sent++) {
      const decision = command(state, 60 + index)
      const events = 'events' in decision ? decision.events : []
      state = events.reduce(evolveBooking, state)
      history.push(...events)
    }
  }
  return history
}

test('each command sent twice comes to the same as once', () => {
  fc.assert(
    fc.property(commands, (all) => assert.equal(played(all, 2), played(all, 1))),
    { numRuns: 2000 },
  )
})

test('published decisions are numbered from 1, one by one', () => {
  fc.assert(
    fc.property(commands, (all) => {
      const published = played(all, 1).flatMap((event) =>
        'sequence' in event.data && 'basis' in event.data ? [event.data.sequence] : [],
      )
      assert.equal(
        published,
        published.map((_, index) => index + 1),
      )
    }),
    { numRuns: 1000 },
  )
})

test('no version of an event is published twice, unless Cal.com had overtaken it', () => {
  fc.assert(
    fc.property(commands, (all) => {
      const history = played(all, 1)
      const tainted = history.some(
        ({ type, data }) =>
          type === 'BookingReferenceUnlinked' ||
          type === 'BookingReferenceMoved' ||
          ('outcome' in data && data.outcome === 'SUPERSEDED'),
      )
      if (tainted) return
      const published = history.flatMap(({ data }) =>
        'basis' in data ? [`${data.calendarKey} ${data.externalEventId} ${data.fingerprint}`] : [],
      )
      assert.is(new Set(published).size, published.length)
    }),
    { numRuns: 1000 },
  )
})

test('any known events in any order fold to some state, and unknown ones leave it alone', () => {
  const unknown = { type: 'BookingPainted', data: { bookingUid: 'booking1', colour: 'green' } }
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 3 }), fc.infiniteStream(fc.nat()), (stories, random) => {
      const events = stories
        .flatMap((all) => played(all, 1))
        .map((event) => ({ event, place: random.next().value }))
        .toSorted((a, b) => a.place - b.place)
      let state = initialBooking
      for (const { event } of events) {
        state = evolveBooking(state, event)
        // An event of a newer version, which the types do not know.
        assert.is(evolveBooking(state, unknown as unknown as BookingEvent), state)
      }
    }),
    { numRuns: 500 },
  )
})

test('whatever happened, the next booking takes over the same references once', () => {
  fc.assert(
    fc.property(commands, times, (all, next) => {
      const before = played(all, 1).reduce(evolveBooking, initialBooking)
      const passed = told({
        bookingUid: 'booking2',
        times: next,
        references: passedOnReferences(before),
        at: at(200),
      })
      const after = played([(state) => tracks(passed)(state)], 2)
      assert.is(
        after.filter(({ type }) => type === 'BookingReferenceLinked').length,
        passed.references.length,
      )
    }),
    { numRuns: 500 },
  )
})

test('a reference is one, by whatever name', () => {
  fc.assert(
    fc.property(commands, (all) => {
      const state = played(all, 1).reduce(evolveBooking, initialBooking)
      const open = state.kind === 'OPEN' ? state.references : []
      const present = open.map(({ stored }) => `${stored.calendarKey} ${stored.externalEventId}`)
      assert.is(new Set(present).size, present.length)
    }),
    { numRuns: 500 },
  )
  assert.is(reference.externalEventId, 'event1')
})

test.run()
