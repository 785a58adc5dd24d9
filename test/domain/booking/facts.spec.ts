import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { closeBooking } from '../../../domain/booking/facts.ts'
import { storeTimes } from '../../../domain/times.ts'
import {
  deleted,
  from,
  linked,
  minute,
  open,
  records,
  reports,
  sees,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('what Cal.com tells of a booking')

const closes = (n: number, more: { reason?: string; rescheduledToUid?: string } = {}) =>
  ((state) =>
    closeBooking(state, {
      bookingUid: 'booking1',
      reason: 'CANCELLED',
      at: minute(n).toString(),
      ...more,
    })) satisfies Parameters<ReturnType<typeof linked>['when']>[0]

const later = (n: number) => ({ at: minute(n).toString() })
const awaiting = () => linked().when(sees(written(5, from('11:00'))))

test('a booking is tracked with its links', () => {
  linked()
    .gives('BookingTracked', 'BookingReferenceLinked')
    .saying({ confirmed: true })
    .when(tracks(later(10)))
    .gives()
})

test('a booking that is cancelled already is tracked and closed', () => {
  given(bookingAggregate)
    .when(tracks({ status: 'CANCELLED' }))
    .gives('BookingTracked', 'BookingReferenceLinked', 'BookingClosed')
    .when(tracks({ status: 'CANCELLED' }))
    .gives()
})

test('other times in Cal.com are news', () => {
  const moved = linked().when(tracks({ times: from('12:00'), ...later(10) }))
  moved.gives('BookingTimesRecorded').saying({ start: '2026-11-24T12:00:00Z', status: 'ACCEPTED' })
  assert.equal(storeTimes(open(moved.state).basis), storeTimes(from('12:00')))
})

test('Cal.com still saying what it said before a decision is no news', () => {
  const still = awaiting().when(tracks(later(70)))
  still.gives()
  assert.is(open(still.state).agreement, 'AWAITING')
})

test('Cal.com saying the times decided is the confirmation', () => {
  const confirmed = awaiting().when(tracks({ times: from('11:00'), ...later(70) }))
  confirmed.gives('BookingTimesRecorded')
  assert.is(open(confirmed.state).agreement, 'AGREED')
  assert.equal(storeTimes(open(confirmed.state).basis), storeTimes(from('11:00')))
})

test('Cal.com saying third times overrules what was decided', () => {
  const overruled = awaiting().when(tracks({ times: from('15:00'), ...later(70) }))
  assert.is(open(overruled.state).agreement, 'AGREED')
  assert.equal(storeTimes(open(overruled.state).times), storeTimes(from('15:00')))
  assert.equal(open(overruled.state).unanswered, [])
})

test('a status that changes while a decision is under way does not make the decision a fact', () => {
  const rejected = awaiting().when(tracks({ status: 'REJECTED', ...later(70) }))
  rejected.gives('BookingTimesRecorded').saying({ start: '2026-11-24T10:00:00Z', status: 'REJECTED' })
  assert.equal(storeTimes(open(rejected.state).basis), storeTimes(from('10:00')))
})

test('told the first of two decisions, the second is still under way', () => {
  const both = awaiting().when(sees(written(6, from('12:00'))))
  for (const tell of [tracks({ times: from('11:00'), ...later(70) }), records(from('11:00'), 70)]) {
    const first = both.when(tell).gives('BookingTimesRecorded')
    assert.is(open(first.state).agreement, 'AWAITING')
    assert.equal(storeTimes(open(first.state).times), storeTimes(from('12:00')))
    assert.equal(storeTimes(open(first.state).basis), storeTimes(from('11:00')))
    first.when(tell).gives()
    first.when(sees(written(7, from('11:00')), { began: 80 })).gives('BookingRescheduled')
    const second = first.when(records(from('12:00'), 75))
    assert.is(open(second.state).agreement, 'AGREED')
  }
})

test('recorded times set the booking back to what is true in Cal.com', () => {
  const back = awaiting()
    .when(records(from('10:00'), 70))
    .gives('BookingTimesRecorded')
  assert.is(open(back.state).agreement, 'AGREED')
  assert.equal(storeTimes(open(back.state).times), storeTimes(from('10:00')))
  back.when(records(from('10:00'), 71)).gives()
  back
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives()
    .by('TIMES_DIFFER')
  back.when(sees(written(6, from('11:00')), { began: 80 })).gives('BookingRescheduled')
})

test('times are recorded of bookings that are known and open only', () => {
  given(bookingAggregate)
    .when(records(from('11:00'), 1))
    .by('BOOKING_NOT_TRACKED')
  linked()
    .when(closes(1))
    .when(records(from('11:00'), 2))
    .by('BOOKING_CLOSED')
  given(bookingAggregate)
    .when(closes(1))
    .when(records(from('11:00'), 2))
    .by('BOOKING_CLOSED')
})

test('a booking closed before it was seen stays closed when a late webhook tells of it', () => {
  given(bookingAggregate)
    .when(closes(1, { reason: 'RESCHEDULED', rescheduledToUid: 'booking2' }))
    .gives('BookingClosed')
    .when(tracks())
    .gives()
})

test('closing twice is once; learning to where it was rescheduled is news', () => {
  const closed = linked().when(closes(1))
  closed.gives('BookingClosed').when(closes(2)).gives()
  closed
    .when(closes(2, { rescheduledToUid: 'booking2' }))
    .gives('BookingClosed')
    .when(closes(3))
    .gives()
})

test('cancelled in Cal.com before the deletion arrives: nothing is published', () => {
  linked()
    .when(closes(1))
    .when(sees(deleted(5)))
    .gives()
})

test('cancelled in Cal.com after the deletion: the cancellation is confirmed', () => {
  const cancelled = linked().when(sees(deleted(5)))
  for (const tell of [closes(70), tracks({ status: 'CANCELLED', ...later(70) })]) {
    const confirmed = cancelled.when(tell).gives('BookingClosed')
    assert.is(confirmed.state.kind, 'CLOSED')
    confirmed.when(tell).gives()
  }
})

test('Cal.com still listing a booking that we cancelled is no news: the cancellation is under way', () => {
  const cancelled = linked().when(sees(deleted(5)))
  cancelled.when(tracks(later(70))).gives()
  cancelled.when(records(from('10:00'), 70)).gives()
  cancelled.when(tracks({ status: 'PENDING', ...later(70) })).gives()
})

test('Cal.com moving a booking that we cancelled opens it again, at odds with the calendar', () => {
  const cancelled = linked().when(sees(deleted(5)))
  for (const tell of [tracks({ times: from('15:00'), ...later(70) }), records(from('15:00'), 70)]) {
    const again = cancelled.when(tell).gives('BookingTimesRecorded')
    assert.is(open(again.state).agreement, 'DIVERGED')
    assert.equal(storeTimes(open(again.state).times), storeTimes(from('15:00')))
    again.when(tell).gives()
    again
      .when(sees(deleted(5), { began: 80 }))
      .gives()
      .by('STALE')
    again
      .when(sees(written(75, from('16:00')), { began: 80 }))
      .gives('BookingRescheduled')
      .saying({ sequence: 2 })
  }
})

test('the move before a cancellation being carried out does not open the booking again', () => {
  const cancelled = awaiting().when(sees(deleted(6)))
  const first = cancelled.when(tracks({ times: from('11:00'), ...later(70) })).gives('BookingTimesRecorded')
  assert.is(first.state.kind, 'CANCELLED')
  first.when(tracks({ times: from('11:00'), ...later(71) })).gives()
  const refused = first.when(reports(2, 'REFUSED', 80))
  assert.equal(storeTimes(open(refused.state).times), storeTimes(from('11:00')))
})

test.run()
