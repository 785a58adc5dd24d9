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
  tracked,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('what became of published decisions')

const moved = () => linked().when(sees(written(5, from('11:00'))))
const movedTwice = () => moved().when(sees(written(6, from('12:00'))))
const agreement = (story: ReturnType<typeof linked>) => tracked(story.state).agreement

test('published and not heard of: awaiting', () => {
  assert.is(agreement(linked()), 'AGREED')
  assert.is(agreement(moved()), 'AWAITING')
})

test('applied: agreed, on the times decided or those that were told', () => {
  const applied = moved()
    .when(reports(1, 'APPLIED', 70))
    .gives('BookingOutcomeReported')
  assert.is(agreement(applied), 'AGREED')
  assert.equal(storeTimes(open(applied.state).basis), storeTimes(from('11:00')))
  const otherwise = moved().when(reports(1, 'APPLIED', 70, { times: from('11:00', 15) }))
  assert.equal(storeTimes(open(otherwise.state).times), storeTimes(from('11:00', 15)))
})

test('what a booking cannot express sets calendar and booking apart, until they say the same again', () => {
  const allDay = { times: { allDay: true, startDate: '2026-11-24', endDate: '2026-11-25' } } as const
  const past = written(5, from('07:00', 30, '2026-11-23'))
  for (const event of [written(5, from('10:00'), allDay), past]) {
    const apart = linked().when(sees(event))
    assert.is(agreement(apart), 'DIVERGED')
    assert.is(agreement(apart.when(records(from('10:00'), 65))), 'DIVERGED')
    assert.is(agreement(apart.when(sees(written(6, from('10:00'))))), 'AGREED')
    assert.is(agreement(apart.when(sees(written(6, from('11:00'))))), 'AWAITING')
  }
})

test('reported twice is reported once', () => {
  moved()
    .when(reports(1, 'APPLIED', 70))
    .when(reports(1, 'APPLIED', 71))
    .gives()
})

test('refused: back to what Cal.com has, at odds, and not decided again for the same version', () => {
  const refused = moved().when(reports(1, 'REFUSED', 70))
  assert.is(agreement(refused), 'DIVERGED')
  assert.equal(storeTimes(open(refused.state).times), storeTimes(from('10:00')))
  refused
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives()
    .by('STALE')
})

test('a refused change does not stand in the way of the next one', () => {
  moved()
    .when(reports(1, 'REFUSED', 70))
    .when(sees(written(6, from('12:00')), { began: 80 }))
    .gives('BookingRescheduled')
    .saying({
      sequence: 2,
      previous: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' },
      basis: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' },
    })
})

test('a change decided before the refusal of the one before it carries what Cal.com still has', () => {
  movedTwice().saying({
    sequence: 2,
    previous: { start: '2026-11-24T11:00:00Z', end: '2026-11-24T11:30:00Z' },
    basis: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' },
  })
})

test('the outcome of an earlier decision leaves the newest awaiting and moves the basis', () => {
  const applied = movedTwice().when(reports(1, 'APPLIED', 70))
  assert.is(agreement(applied), 'AWAITING')
  assert.equal(storeTimes(open(applied.state).times), storeTimes(from('12:00')))
  assert.equal(storeTimes(open(applied.state).basis), storeTimes(from('11:00')))
  const refused = movedTwice().when(reports(1, 'REFUSED', 70))
  assert.is(agreement(refused), 'AWAITING')
  assert.equal(storeTimes(open(refused.state).basis), storeTimes(from('10:00')))
  const both = applied.when(reports(2, 'REFUSED', 71))
  assert.is(agreement(both), 'DIVERGED')
  assert.equal(storeTimes(open(both.state).times), storeTimes(from('11:00')))
})

test('an outcome that comes after a newer word of Cal.com changes nothing', () => {
  const overruled = moved().when(records(from('15:00'), 70))
  for (const outcome of ['APPLIED', 'REFUSED', 'SUPERSEDED'] as const) {
    const late = overruled
      .when(reports(1, outcome, 71, { times: from('11:00') }))
      .gives('BookingOutcomeReported')
    assert.is(agreement(late), 'AGREED')
    assert.equal(storeTimes(open(late.state).times), storeTimes(from('15:00')))
  }
})

test('superseded: what Cal.com has is agreed upon', () => {
  const superseded = moved().when(reports(1, 'SUPERSEDED', 70, { times: from('15:00') }))
  assert.is(agreement(superseded), 'AGREED')
  assert.equal(storeTimes(open(superseded.state).times), storeTimes(from('15:00')))
})

test('superseded: an event that still stands where it was moved to is decided on again, with what Cal.com has', () => {
  const superseded = moved().when(reports(1, 'SUPERSEDED', 70, { times: from('15:00') }))
  superseded.when(sees(written(4, from('12:00')), { began: 80 })).by('STALE')
  superseded.when(sees(written(71, from('15:00')), { began: 80 })).by('NO_TIME_CHANGE')
  superseded
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives('BookingRescheduled')
    .saying({ sequence: 2, basis: { start: '2026-11-24T15:00:00Z', end: '2026-11-24T15:30:00Z' } })
})

test('superseded: a cancellation is not decided again, a person sees that the two differ', () => {
  const superseded = linked()
    .when(sees(deleted(5)))
    .when(reports(1, 'SUPERSEDED', 70, { times: from('15:00') }))
  assert.is(agreement(superseded), 'DIVERGED')
  superseded
    .when(sees(deleted(5), { began: 80 }))
    .gives()
    .by('STALE')
})

test('at odds no more once the calendar says what the booking says', () => {
  const refused = moved().when(reports(1, 'REFUSED', 70))
  assert.is(agreement(refused.when(sees(written(6, from('10:00')), { began: 80 }))), 'AGREED')
  assert.is(agreement(refused.when(sees(written(6, from('12:00')), { began: 80 }))), 'AWAITING')
  assert.is(agreement(refused.when(records(from('11:00'), 80))), 'AGREED')
})

test('moving back while awaiting is a change of its own', () => {
  const back = moved().when(sees(written(6, from('10:00')), { began: 62 }))
  back
    .gives('BookingRescheduled')
    .saying({ sequence: 2, next: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' } })
  assert.is(agreement(back), 'AWAITING')
  assert.is(agreement(back.when(reports(2, 'APPLIED', 70))), 'AGREED')
})

test('a refused cancellation opens the booking again, at odds with the calendar', () => {
  const cancelled = linked().when(sees(deleted(5)))
  const refused = cancelled.when(reports(1, 'REFUSED', 70))
  assert.is(agreement(refused), 'DIVERGED')
  assert.equal(storeTimes(open(refused.state).times), storeTimes(from('10:00')))
  refused
    .when(sees(deleted(5), { began: 80 }))
    .gives()
    .by('STALE')
  assert.is(agreement(refused.when(sees(written(6, from('10:00')), { began: 80 }))), 'AGREED')
})

test('an applied cancellation is confirmed and stays closed, whatever is reported after', () => {
  const applied = linked()
    .when(sees(deleted(5)))
    .when(reports(1, 'APPLIED', 70))
  assert.is(agreement(applied), 'AGREED')
  assert.is(applied.when(reports(1, 'REFUSED', 71)).state.kind, 'CANCELLED')
})

test('a refusal after Cal.com closed the booking does not open it', () => {
  const closed = linked()
    .when(sees(deleted(5)))
    .when((state) =>
      closeBooking(state, { bookingUid: 'booking1', reason: 'CANCELLED', at: minute(70).toString() }),
    )
    .when(reports(1, 'REFUSED', 71))
  closed.gives('BookingOutcomeReported')
  assert.is(closed.state.kind, 'CLOSED')
})

test('applied as another booking: this one is closed', () => {
  const followed = moved().when(reports(1, 'APPLIED', 70, { newBookingUid: 'booking2' }))
  followed.gives('BookingOutcomeReported', 'BookingClosed').saying({ rescheduledToUid: 'booking2' })
  followed.when(reports(1, 'APPLIED', 71, { newBookingUid: 'booking2' })).gives()
})

test('outcomes of bookings that nothing can have been published of', () => {
  given(bookingAggregate)
    .when(reports(1, 'APPLIED', 1))
    .by('BOOKING_NOT_TRACKED')
  given(bookingAggregate)
    .when((state) =>
      closeBooking(state, { bookingUid: 'booking1', reason: 'CANCELLED', at: minute(1).toString() }),
    )
    .when(reports(1, 'APPLIED', 2))
    .gives()
})

test.run()
