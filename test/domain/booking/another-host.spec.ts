import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { flagBooking, reassignBooking } from '../../../domain/booking/facts.ts'
import { linkReferences } from '../../../domain/booking/links.ts'
import { type Booking, NOBODY } from '../../../domain/booking/state.ts'
import {
  deleted,
  from,
  linked,
  minute,
  reference,
  seesAll,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('a booking that Cal.com has given to another host')

const next = { ...reference, calendarKey: 'key2', externalEventId: 'event2' }
const given2 = (state: Booking) => reassignBooking(state, { userId: 'user2', at: minute(10).toString() })
const flags = (raised: boolean) => (state: Booking) =>
  flagBooking(state, { code: 'REASSIGNED', raised, at: minute(10).toString() })
const names =
  (references: readonly (typeof reference)[], more: { ofHost?: true } = {}) =>
  (state: Booking) =>
    linkReferences(state, {
      references: references.map((one) => ({ ...one, confirmed: true, ...more })),
      referencesComplete: true,
      times: from('10:00'),
      at: minute(11).toString(),
    })
const reassigned = linked().when(given2).when(flags(true))
const gone = { shown: deleted(20) }

test('is not cancelled with the event of the host before', () => {
  reassigned
    .when(seesAll([gone]))
    .by('REASSIGNED')
    .gives()
})

test('is not, either, where Cal.com goes on naming the withdrawn event', () => {
  const named = reassigned
    .when(names([reference]))
    .gives()
    .when(flags(false))
  named.when(seesAll([gone])).by('REFERENCE_UNCONFIRMED')
})

test('follows the event of the new host, for whom it is published', () => {
  const both = reassigned.when(names([reference, next])).when(flags(false))
  both
    .when(seesAll([gone, { calendarKey: 'key2', shown: written(21, from('10:00'), { id: 'event2' }) }]))
    .by('NO_TIME_CHANGE')
  both
    .when(seesAll([gone, { calendarKey: 'key2', shown: written(21, from('12:00'), { id: 'event2' }) }]))
    .gives('BookingRescheduled')
    .saying({ userId: 'user2', calendarKey: 'key2' })
  both
    .when(seesAll([gone, { calendarKey: 'key2', shown: deleted(30, { id: 'event2' }) }]))
    .gives('BookingCancelled')
    .saying({ userId: 'user2', calendarKey: 'key2' })
})

test('keeps an event that Cal.com names as the new host’s', () => {
  const kept = reassigned.when(names([reference], { ofHost: true })).gives('BookingReferenceLinked')
  kept.when(names([reference], { ofHost: true })).gives()
  kept
    .when(flags(false))
    .when(seesAll([gone]))
    .gives('BookingCancelled')
})

test('whose host nobody had known before keeps its event', () => {
  const learned = given(bookingAggregate)
    .when(tracks({ userId: NOBODY }))
    .when(given2)
  learned
    .gives('BookingReassigned')
    .when(seesAll([gone]))
    .gives('BookingCancelled')
    .saying({ userId: 'user2' })
  assert.is(learned.when(given2).last.length, 0)
})

test.run()
