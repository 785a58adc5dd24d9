import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { type Claim, MOST_CLAIMS } from '../../../domain/booking/look.ts'
import {
  deleted,
  from,
  minute,
  open,
  reference,
  sees,
  type told,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('an event that several open bookings name')

/** Made of booking0 in minute 0, and at 10:00. */
const booking = (more: Parameters<typeof told>[0] = {}) =>
  given(bookingAggregate).when(tracks({ rescheduledFromUid: 'booking0', ...more }))

/** Made of booking0 too, and at 14:00. */
const other = (more: Partial<Claim> = {}): Claim => ({
  calendarKey: reference.calendarKey,
  externalEventId: reference.externalEventId,
  bookingUid: 'booking2',
  times: from('14:00'),
  rescheduledFromUid: 'booking0',
  trackedAt: minute(30),
  ...more,
})
const claims = (...of: Claim[]) => ({ claims: of })

test('stands for the one whose times it shows: the other is told, and neither moved nor cancelled', () => {
  const shown = booking().when(sees(written(31, from('14:00')), claims(other())))
  shown.by('EVENT_SHARED').gives('ExternalEventChangeIgnored').saying({ settles: false })
  shown.when(sees(deleted(40), claims(other()))).by('EVENT_SHARED')
})

test('cancels the one whose times it last showed', () => {
  booking()
    .when(sees(written(20, from('10:00')), claims(other())))
    .when(sees(deleted(40), claims(other())))
    .gives('BookingCancelled')
})

test('that shows nobody’s times stands for the newest of those that came of one booking', () => {
  booking()
    .when(sees(written(31, from('16:00')), claims(other())))
    .by('EVENT_SHARED')
  booking()
    .when(sees(written(31, from('16:00')), claims(other({ trackedAt: minute(-30) }))))
    .gives('BookingRescheduled')
})

test('stands for the one that Cal.com made last, in whatever order its webhooks came', () => {
  const createdAt = minute(-5)
  booking({ createdAt })
    .when(sees(written(31, from('16:00')), claims(other({ createdAt: minute(-10) }))))
    .gives('BookingRescheduled')
  booking({ createdAt })
    .when(sees(written(31, from('16:00')), claims(other({ createdAt: minute(-1), trackedAt: minute(-30) }))))
    .by('EVENT_SHARED')
  assert.ok(open(booking({ createdAt }).state).createdAt?.equals(createdAt))
})

test('of bookings that have nothing to do with one another stands for none', () => {
  booking()
    .when(sees(deleted(40), claims(other({ rescheduledFromUid: 'booking9' }))))
    .by('EVENT_SHARED')
})

test('that went with another booking which was cancelled cancels no second one', () => {
  const cancelled = claims(other({ cancelled: true }))
  booking()
    .when(sees(written(20, from('10:00')), cancelled))
    .by('NO_TIME_CHANGE')
  booking()
    .when(sees(deleted(40), cancelled))
    .gives('ExternalEventChangeIgnored')
    .by('EVENT_SHARED')
})

test('whose former booking is over without a word of where it went stands for the one made of that', () => {
  booking()
    .when(sees(deleted(40), claims(other({ bookingUid: 'booking0', cancelled: true }))))
    .gives('BookingCancelled')
})

test('that more bookings name than can be weighed stands for none, though it shows the times of one alone', () => {
  const others = (count: number) =>
    claims(...Array.from({ length: count }, (_, n) => other({ bookingUid: `booking${n + 2}` })))
  const first = booking().when(sees(written(20, from('10:00')), others(MOST_CLAIMS)))
  first.by('NO_TIME_CHANGE')
  first.when(sees(deleted(40), others(MOST_CLAIMS + 1))).by('EVENT_SHARED')
  first.when(sees(deleted(40), others(MOST_CLAIMS))).gives('BookingCancelled')
})

test.run()
