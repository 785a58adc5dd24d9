import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { leavesBehind } from '../../../domain/booking/overtaken.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import { deleted, from, linked, open, records, reports, sees, written } from '../../support/booking-story.ts'

const test = suite('an earlier change carried out after a later one')

const moved = () => linked().when(sees(written(5, from('11:00'))))
const movedTwice = () => moved().when(sees(written(6, from('12:00'))))
/** Moved and taken back before Cal.com had heard of it: both sides are alike. */
const takenBack = () =>
  moved()
    .when(records(from('10:00'), 70))
    .when(sees(written(71, from('10:00')), { began: 80 }))
const flags = ({ state }: { state: Booking }) => open(state).flags

const leaves = ({ state }: { state: Booking }, time: string) => leavesBehind(state, from(time))

test('leaves behind the last of several moves, or a deletion, where the booking goes on at an earlier one', () => {
  assert.is(leaves(moved(), '11:00'), false)
  assert.is(leaves(movedTwice(), '11:00'), true)
  assert.is(leaves(movedTwice(), '12:00'), false)
  assert.is(leaves(moved().when(sees(deleted(6))), '11:00'), true)
  assert.is(leaves(linked(), '11:00'), false, 'nothing had been decided')
})

test('leaves it behind too where a consumer has found it superseded, until the event is decided on again', () => {
  const superseded = movedTwice()
    .when(reports(1, 'APPLIED', 70))
    .when(reports(2, 'SUPERSEDED', 71, { times: from('11:00') }))
  assert.is(leaves(superseded, '11:00'), true)
  const again = superseded.when(sees(written(72, from('11:00')), { began: 80 })).by('NO_TIME_CHANGE')
  assert.is(leaves(again, '15:00'), false)
})

test('leaves behind that a move was taken back, where the booking goes on at its times all the same', () => {
  assert.is(leaves(takenBack(), '11:00'), true)
  assert.is(leaves(takenBack(), '15:00'), false, 'Cal.com has moved it by itself')
  assert.is(leaves(takenBack().when(reports(1, 'SUPERSEDED', 90)), '11:00'), false)
})

test('in place is told, and the event as it stands is decided on again', () => {
  const late = takenBack()
    .when(records(from('11:00'), 90))
    .gives('BookingTimesRecorded', 'BookingFlagged')
  const back = late
    .when(sees(written(71, from('10:00')), { began: 100 }))
    .gives('BookingRescheduled', 'BookingUnflagged')
  assert.equal(flags(back), [])
  const writtenOver = late.when(sees(written(95, from('11:00')), { began: 100 })).by('NO_TIME_CHANGE')
  assert.equal(flags(writtenOver), ['OVERTAKEN'])
  writtenOver.when(records(from('13:00'), 110)).gives('BookingTimesRecorded', 'BookingUnflagged')
})

test('is told where only the consumer says so, once', () => {
  const late = takenBack()
    .when(reports(1, 'APPLIED', 90))
    .gives('BookingOutcomeReported', 'BookingFlagged')
  late.when(reports(1, 'APPLIED', 91)).gives()
})

test.run()
