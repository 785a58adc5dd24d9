import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import type { BookingEvent, StoredReference } from '../../../domain/booking/events.ts'
import { linkReferences } from '../../../domain/booking/links.ts'
import { MOST_REFERENCES } from '../../../domain/booking/references.ts'
import { type Booking, evolveBooking, initialBooking } from '../../../domain/booking/state.ts'
import { from, minute, open, reference, tracks } from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('a booking for which many events are named')

const eventsFrom = (first: number, count: number): StoredReference[] =>
  Array.from({ length: count }, (_, n) => ({ ...reference, externalEventId: `event${first + n}` }))
const confirmed = (references: StoredReference[]) => references.map((one) => ({ ...one, confirmed: true }))
const names =
  (references: StoredReference[], more: { referencesComplete?: boolean; moreNamed?: boolean } = {}) =>
  (state: Booking) =>
    linkReferences(state, {
      references: confirmed(references),
      times: from('10:00'),
      at: minute(1).toString(),
      ...more,
    })
const idsOf = (state: Booking) => open(state).references.map(({ stored }) => stored.externalEventId)
const firstIds = eventsFrom(0, MOST_REFERENCES).map(({ externalEventId }) => externalEventId)

const tracked = () => given(bookingAggregate).when(tracks({ references: confirmed(eventsFrom(0, 10)) }))

test('follows the first of them, and a person is told', () => {
  const full = tracked().when(names(eventsFrom(10, 100)))
  assert.equal(idsOf(full.state), firstIds)
  assert.equal(open(full.state).flags, ['TOO_MANY_EVENTS'])
  full.when(names(eventsFrom(10, 100))).gives()
  full.when(names(eventsFrom(0, 2))).gives()
})

test('as many as can be are no reason to tell anybody', () => {
  const full = tracked().when(names(eventsFrom(10, MOST_REFERENCES - 10)))
  assert.equal(open(full.state).flags, [])
  assert.equal(idsOf(full.state), firstIds)
})

test('makes room for those that Cal.com names in place of others, and then nobody is told any longer', () => {
  const full = tracked().when(names(eventsFrom(10, 100)))
  const others = eventsFrom(200, MOST_REFERENCES)
  const after = full.when(names(others, { referencesComplete: true }))
  assert.equal(
    idsOf(after.state),
    others.map(({ externalEventId }) => externalEventId),
  )
  assert.equal(open(after.state).flags, [])
})

test('a person is told, too, where Cal.com names more than are taken in', () => {
  const named = tracked().when(names(eventsFrom(0, 10), { moreNamed: true }))
  assert.equal(open(named.state).flags, ['TOO_MANY_EVENTS'])
})

test('streams of before that link more are folded to the first of them', () => {
  const linked = eventsFrom(0, 1_500).map(
    (one): BookingEvent => ({
      type: 'BookingReferenceLinked',
      data: { bookingUid: 'booking1', reference: one, confirmed: true, at: minute(0).toString() },
    }),
  )
  const begun = tracks({ references: [] })(initialBooking)
  assert.ok(begun.ok)
  const state = [...(begun.ok ? begun.events : []), ...linked].reduce(evolveBooking, initialBooking)
  assert.equal(idsOf(state), firstIds)
})

test.run()
