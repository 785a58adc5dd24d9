import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { recordBookingTimes } from '../../../domain/booking/facts.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import type { Times } from '../../../domain/times.ts'
import { deleted, from, linked, minute, open, sees, tracks, written } from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('times that Cal.com names and that cannot be')

const says = (times: Times, impossibleTimes: boolean) => (state: Booking) =>
  recordBookingTimes(state, { times, impossibleTimes, at: minute(10).toString() })

test('leave those of a booking as they were, and a person is told until others come', () => {
  const flagged = linked()
    .when(says(from('12:00', 0), true))
    .gives('BookingFlagged')
  assert.equal(open(flagged.state).times, from('10:00'))
  flagged.when(says(from('12:00', 0), true)).gives()
  flagged.when(says(from('10:00'), false)).gives('BookingUnflagged')
  const mended = flagged.when(says(from('12:00'), false)).gives('BookingTimesRecorded', 'BookingUnflagged')
  assert.equal(open(mended.state).times, from('12:00'))
})

test('begin a booking with the nearest that can be, from which nothing is moved', () => {
  const begun = given(bookingAggregate).when(tracks({ times: from('10:00', 0), impossibleTimes: true }))
  begun.gives('BookingTracked', 'BookingFlagged', 'BookingReferenceLinked')
  begun
    .when(sees(written(20, from('10:00', 30))))
    .by('NO_LENGTH')
    .gives()
  begun.when(sees(deleted(20))).gives('BookingCancelled')
})

test.run()
