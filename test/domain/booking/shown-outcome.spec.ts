import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { closeBooking, recordBookingTimes } from '../../../domain/booking/facts.ts'
import { shownOutcome } from '../../../domain/booking/shown-outcome.ts'
import { storeTimes, type Times } from '../../../domain/times.ts'
import { deleted, from, linked, minute, open, sees, written } from '../../support/booking-story.ts'

const test = suite('outcomes that Cal.com shows')

const at = minute(90).toString()
const moved = () => linked().when(sees(written(5, from('11:00'))))
const move = { sequence: 1, next: storeTimes(from('11:00')) }
const cancellation = { sequence: 1 }
const over = (rescheduledToUid?: string) =>
  ({ reason: 'x', at, ...(rescheduledToUid && { rescheduledToUid }) }) as const
const closed = (story: ReturnType<typeof linked>, to?: string) =>
  story.when((state) => closeBooking(state, { bookingUid: 'booking-1', ...over(to) })).state

test('a change that is awaited shows nothing', () => {
  assert.is(shownOutcome(moved().state, move, undefined), undefined)
  assert.is(shownOutcome({ kind: 'UNTRACKED' }, move, undefined), undefined)
})

test('a booking that went on at the published start has been moved', () => {
  const state = closed(moved(), 'next')
  assert.equal(shownOutcome(state, move, storeTimes(from('11:00', 45))), {
    outcome: 'APPLIED',
    newBookingUid: 'next',
  })
  assert.equal(shownOutcome(state, move, storeTimes(from('12:00'))), { outcome: 'SUPERSEDED' })
  assert.equal(shownOutcome(state, cancellation, storeTimes(from('11:00'))), { outcome: 'SUPERSEDED' })
})

test('nobody can say while the times of the next booking are unknown', () => {
  assert.is(shownOutcome(closed(moved(), 'next'), move, undefined), undefined)
})

test('a booking that is over has been cancelled, and its move came too late', () => {
  const state = closed(linked().when(sees(deleted(5))))
  assert.equal(shownOutcome(state, cancellation, undefined), { outcome: 'APPLIED' })
  assert.equal(shownOutcome(closed(moved()), move, undefined), { outcome: 'SUPERSEDED' })
})

test('times that Cal.com states decide, unless the move was taken back and may yet be carried out', () => {
  const stated = (times: Times) => moved().when((state) => recordBookingTimes(state, { times, at })).state
  assert.equal(shownOutcome(stated(from('11:00')), move, undefined), { outcome: 'APPLIED' })
  assert.equal(shownOutcome(stated(from('12:00')), move, undefined), { outcome: 'SUPERSEDED' })
  assert.is(shownOutcome(stated(open(linked().state).basis), move, undefined), undefined)
})

test.run()
