import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AtCalcom, decideApplication } from '../../../domain/booking/application.ts'
import { storeTimes } from '../../../domain/times.ts'
import { from } from '../../support/booking-story.ts'

const test = suite('what to do in Cal.com about a published change')

const was = storeTimes(from('10:00'))
const next = storeTimes(from('12:00'))
const move = { previous: was, basis: was, next }
const cancellation = { previous: was, basis: was }
const there: AtCalcom = {
  isSuccessor: false,
  status: 'ACCEPTED',
  times: from('10:00'),
  lengthMinutes: 30,
}
const applied = { do: 'REPORT', outcome: 'APPLIED' }
const superseded = { do: 'REPORT', outcome: 'SUPERSEDED' }

test('a booking where it was, and an event as decided: it is moved to the start, or cancelled', () => {
  const { start } = from('12:00')
  assert.equal(decideApplication(move, there, 'AS_DECIDED'), { do: 'CALL', call: 'reschedule', start })
  assert.equal(decideApplication(cancellation, there, 'AS_DECIDED'), { do: 'CALL', call: 'cancel' })
})

test('a booking at the basis of a second move is moved too: the first was never carried out', () => {
  const second = { ...move, previous: storeTimes(from('11:00')) }
  assert.is(decideApplication(second, there, 'AS_DECIDED').do, 'CALL')
  const reached = { ...there, times: from('11:00') }
  assert.is(decideApplication(second, reached, 'AS_DECIDED').do, 'CALL')
})

test('what is so already is reported, whoever did it, and whatever the calendar shows by now', () => {
  for (const isSuccessor of [true, false])
    assert.equal(decideApplication(move, { ...there, isSuccessor, times: from('12:00') }, 'UNREAD'), applied)
  for (const status of ['CANCELLED', 'REJECTED'] as const)
    assert.equal(decideApplication(cancellation, { ...there, status }, 'UNREAD'), applied)
})

test('who acted in Cal.com meanwhile was faster', () => {
  for (const status of ['CANCELLED', 'REJECTED', 'PENDING'] as const)
    assert.equal(decideApplication(move, { ...there, status }, 'AS_DECIDED'), superseded)
  const movedAndOver = { ...there, status: 'CANCELLED', times: from('12:00') } as const
  assert.equal(decideApplication(move, movedAndOver, 'AS_DECIDED'), superseded)
  const elsewhere = { ...there, times: from('15:00') }
  const successor = { ...there, isSuccessor: true }
  for (const change of [move, cancellation])
    for (const calcom of [elsewhere, successor])
      assert.equal(decideApplication(change, calcom, 'AS_DECIDED'), superseded)
})

test('a move is not done by another length at its start', () => {
  const longer = { ...there, times: from('12:00', 45) }
  assert.equal(decideApplication(move, longer, 'AS_DECIDED'), superseded)
})

test('nothing is called while the calendar shows something else, or cannot be read', () => {
  for (const change of [move, cancellation]) {
    assert.equal(decideApplication(change, there, 'UNREAD'), { do: 'WAIT', code: 'EVENT_UNREAD' })
    assert.equal(decideApplication(change, there, 'CHANGED'), { do: 'WAIT', code: 'EVENT_CHANGED' })
    assert.equal(decideApplication(change, there, 'UNDONE'), superseded)
  }
})

test('a length that a move would not give the booking is refused; a cancellation has none', () => {
  const refused = { do: 'REPORT', outcome: 'REFUSED', code: 'CANNOT_RESIZE' }
  const longer = { ...move, next: storeTimes(from('12:00', 45)) }
  assert.equal(decideApplication(longer, there, 'AS_DECIDED'), refused)
  // The booking itself was longer than its event type.
  const bookedLonger = { ...there, times: from('10:00', 45) }
  const before = storeTimes(from('10:00', 45))
  const kept = { previous: before, basis: before, next: storeTimes(from('12:00', 45)) }
  assert.equal(decideApplication(kept, bookedLonger, 'AS_DECIDED'), refused)
  const { lengthMinutes: _, ...unsaid } = bookedLonger
  assert.is(decideApplication(kept, unsaid, 'AS_DECIDED').do, 'CALL')
  const cancelled = { previous: before, basis: before }
  assert.is(decideApplication(cancelled, bookedLonger, 'AS_DECIDED').do, 'CALL')
})

test.run()
