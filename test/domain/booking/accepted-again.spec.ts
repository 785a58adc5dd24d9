import { suite } from 'uvu'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { linkReferences } from '../../../domain/booking/links.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import {
  deleted,
  from,
  minute,
  reference,
  sees,
  seesAll,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('a booking that has to be accepted again')

const pending = given(bookingAggregate).when(tracks({ status: 'PENDING' }))
const accepted = (n: number) => tracks({ at: minute(n).toString() })
const made = { ...reference, externalEventId: 'event2' }
const names = (state: Booking) =>
  linkReferences(state, {
    references: [
      { ...reference, confirmed: true },
      { ...made, confirmed: true },
    ],
    times: from('10:00'),
    at: minute(41).toString(),
  })

test('is not cancelled for an event that was seen gone before it was accepted', () => {
  pending
    .when(sees(deleted(5), { began: 6 }))
    .by('BOOKING_NOT_ACCEPTED')
    .when(accepted(40))
    .when(sees(deleted(5)))
    .by('REFERENCE_UNCONFIRMED')
})

test('nor for one that had gone before, and is seen only then', () => {
  pending
    .when(accepted(40))
    .when(sees(deleted(5)))
    .by('REFERENCE_UNCONFIRMED')
})

test('is followed by the event that Cal.com made for it, and cancelled with that one', () => {
  const again = pending.when(accepted(40)).when(names)
  again
    .when(seesAll([{ shown: deleted(5) }, { shown: written(42, from('10:00'), { id: 'event2' }) }]))
    .by('NO_TIME_CHANGE')
  again
    .when(seesAll([{ shown: deleted(5) }, { shown: deleted(50, { id: 'event2' }) }]))
    .gives('BookingCancelled')
})

test('is cancelled for an event that goes after it was accepted', () => {
  pending
    .when(accepted(40))
    .when(sees(deleted(45)))
    .gives('BookingCancelled')
})

test('nor for the event of the booking that it was moved from, which goes only after it was accepted', () => {
  const moved = { status: 'PENDING', rescheduledFromUid: 'booking0' } as const
  const late = sees(deleted(45))
  const named = given(bookingAggregate).when(tracks(moved)).when(accepted(40))
  named.when(late).by('REFERENCE_UNCONFIRMED')
  const passedOn = { references: [{ ...reference, confirmed: false }], times: from('10:00') }
  given(bookingAggregate)
    .when(tracks({ ...moved, references: [] }))
    .when(tracks({ references: [], at: minute(40).toString() }))
    .when((state) => linkReferences(state, { ...passedOn, at: minute(41).toString() }))
    .when(tracks({ at: minute(42).toString() }))
    .when(late)
    .by('REFERENCE_UNCONFIRMED')
})

test.run()
