import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { passedOnReferences } from '../../../domain/booking/links.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import type { Times } from '../../../domain/times.ts'
import {
  deleted,
  fingerprint,
  from,
  linked,
  minute,
  open,
  records,
  reference,
  reports,
  sees,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('a chain of reschedules')

/** The booking that this one was rescheduled to in Cal.com, in the given minute. */
const followedBy = (before: { state: Booking }, times: Times, n: number) =>
  given(bookingAggregate).when(
    tracks({
      bookingUid: 'booking2',
      rescheduledFromUid: 'booking1',
      times,
      references: passedOnReferences(before.state),
      at: minute(n).toString(),
    }),
  )

const moved = () => linked().when(sees(written(5, from('11:00'))))

test('the link goes along, unconfirmed, with what was decided', () => {
  const next = followedBy(moved(), from('11:00'), 70)
  next.gives('BookingTracked', 'BookingReferenceLinked').saying({
    confirmed: false,
    reference,
    watermark: { fingerprint: fingerprint(5, from('11:00')), updated: '2026-11-23T08:05:00Z' },
  })
  next
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives()
    .by('STALE')
  next.when(sees(written(72, from('11:00')), { began: 80 })).by('NO_TIME_CHANGE')
  next
    .when(sees(written(72, from('12:00')), { began: 80 }))
    .gives('BookingRescheduled')
    .saying({ sequence: 1 })
})

test('a cancellation that was not carried out is decided anew for the next booking, a refused move is not', () => {
  const attendees = [{ self: true, organizer: true, responseStatus: 'declined' }] as const
  const declined = written(5, from('10:00'), { attendees: [...attendees] })
  for (const outcome of ['SUPERSEDED', 'REFUSED'] as const) {
    const left = linked()
      .when(sees(declined))
      .when(reports(1, outcome, 70))
    followedBy(left, from('10:00'), 71)
      .when(sees(declined, { began: 80 }))
      .by('HOST_DECLINED')
  }
  const refused = moved().when(reports(1, 'REFUSED', 70))
  followedBy(refused, from('13:00'), 71)
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives()
})

test('it goes along three reschedules, and cancels only once Cal.com confirms it', () => {
  const third = followedBy(
    followedBy(followedBy(moved(), from('11:00'), 70), from('12:00'), 71),
    from('13:00'),
    72,
  )
  const watermark = open(third.state).references[0]?.watermark
  assert.is(watermark?.fingerprint, fingerprint(5, from('11:00')))
  assert.is(watermark?.updated?.toString(), minute(5).toString())
  third
    .when(sees(deleted(75), { began: 80 }))
    .gives()
    .by('REFERENCE_UNCONFIRMED')
  third
    .when(
      tracks({
        bookingUid: 'booking2',
        times: from('13:00'),
        referencesComplete: true,
        at: minute(76).toString(),
      }),
    )
    .gives('BookingReferenceLinked')
    .saying({ confirmed: true })
    .when(sees(deleted(75), { began: 80 }))
    .gives('BookingCancelled')
})

test('told in time, the echo of a reschedule in Cal.com changes nothing', () => {
  const settled = linked().when(sees(written(5, from('10:00'))))
  const next = followedBy(settled, from('15:00'), 70)
  next
    .when(sees(written(5, from('10:00')), { began: 71 }))
    .gives()
    .by('TIMES_DIFFER')
  next.when(sees(written(70, from('15:00')), { began: 71 })).by('NO_TIME_CHANGE')
})

test('TIMES_DIFFER: not where a person decided against what the event shows', () => {
  const shown = written(5, from('11:00'))
  const discarded = linked().when(sees(shown, { discardedAt: minute(20) }))
  discarded
    .when(sees(shown, { began: 71 }))
    .gives()
    .by('STALE')
  followedBy(discarded, from('15:00'), 70)
    .when(sees(shown, { began: 71 }))
    .gives()
    .by('TIMES_DIFFER')
})

test('a link never decided on goes along as a first look: Cal.com may still be writing the event', () => {
  const next = followedBy(linked(), from('15:00'), 70)
  next.when(sees(written(5, from('10:00')), { began: 71 })).by('FIRST_LOOK')
})

test('where Cal.com kept a length of its own, the decision still counts as carried out', () => {
  const next = followedBy(linked().when(sees(written(5, from('11:00', 45)))), from('11:00', 30), 70)
  next
    .when(sees(written(5, from('11:00', 45)), { began: 80 }))
    .gives()
    .by('TIMES_DIFFER')
})

test('moved twice before Cal.com knew: the second move is carried to the booking that came of the first', () => {
  const twice = moved().when(sees(written(6, from('12:00'))))
  for (const before of [
    twice,
    twice.when(reports(1, 'APPLIED', 69)),
    twice.when(reports(1, 'APPLIED', 69, { newBookingUid: 'booking2' })),
  ]) {
    const next = followedBy(before, from('11:00'), 70)
    next.saying({
      watermark: { fingerprint: fingerprint(5, from('11:00')), updated: '2026-11-23T08:05:00Z' },
    })
    next
      .when(sees(written(6, from('12:00')), { began: 80 }))
      .gives('BookingRescheduled')
      .saying({ previous: { start: '2026-11-24T11:00:00Z', end: '2026-11-24T11:30:00Z' } })
  }
})

test('a move published to a booking that had been rescheduled away is not hidden from the next one', () => {
  const next = followedBy(moved(), from('15:00'), 70)
  next
    .when(sees(written(5, from('11:00')), { began: 80 }))
    .gives('ExternalEventChangeIgnored')
    .by('FIRST_LOOK')
  next.when(sees(written(71, from('15:00')), { began: 80 })).by('NO_TIME_CHANGE')
})

test('a deletion published to a booking that had been rescheduled away is not hidden from the next one', () => {
  const next = followedBy(linked().when(sees(deleted(5))), from('15:00'), 70)
  next.when(sees(deleted(5), { began: 80 })).by('REFERENCE_UNCONFIRMED')
  next
    .when(tracks({ bookingUid: 'booking2', times: from('15:00'), at: minute(71).toString() }))
    .when(sees(deleted(5), { began: 80 }))
    .by('FIRST_LOOK')
    .saying({ instead: 'BookingCancelled' })
})

test('what was answered goes along as it is: refused, or overruled by Cal.com', () => {
  for (const before of [moved().when(reports(1, 'REFUSED', 69)), moved().when(records(from('14:00'), 69))]) {
    followedBy(before, from('15:00'), 70).saying({
      watermark: { fingerprint: fingerprint(5, from('11:00')), updated: '2026-11-23T08:05:00Z' },
    })
  }
})

test('references that Cal.com does not name are not kept from the booking before', () => {
  const other = { ...reference, externalEventId: 'event9' }
  const next = followedBy(moved(), from('11:00'), 70)
  const named = {
    bookingUid: 'booking2',
    times: from('11:00'),
    references: [{ ...other, confirmed: true }],
    at: minute(71).toString(),
  }
  next.when(tracks(named)).gives('BookingReferenceLinked')
  const complete = next.when(tracks({ ...named, referencesComplete: true }))
  complete.gives('BookingReferenceUnlinked', 'BookingReferenceLinked').saying({ reference: other })
  next.when(tracks({ ...named, references: [], referencesComplete: true })).gives()
})

test('what Cal.com once confirmed is given up when it names all that it has, and not that', () => {
  const other = { ...reference, externalEventId: 'event9', confirmed: true }
  linked()
    .when(tracks({ references: [other] }))
    .gives('BookingReferenceLinked')
  linked()
    .when(tracks({ references: [other], referencesComplete: true }))
    .gives('BookingReferenceUnlinked', 'BookingReferenceLinked')
})

test('nothing goes along from a booking never seen', () => {
  assert.equal(passedOnReferences({ kind: 'UNTRACKED' }), [])
  assert.equal(passedOnReferences({ kind: 'CLOSED', bookingUid: 'b', reason: 'RESCHEDULED' }), [])
})

test.run()
