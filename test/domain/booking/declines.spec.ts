import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import type { ExternalAttendee } from '../../../domain/external-event.ts'
import {
  deleted,
  from,
  linked,
  minute,
  open,
  reports,
  sees,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('declines and lost guests')

type Answer = ExternalAttendee['responseStatus']
const host = (responseStatus: Answer = 'accepted'): ExternalAttendee => ({
  responseStatus,
  self: true,
  organizer: true,
})
const guest = (responseStatus: Answer = 'accepted'): ExternalAttendee => ({ responseStatus })
const room = (responseStatus: Answer = 'accepted'): ExternalAttendee => ({ responseStatus, resource: true })

const asBooked = (n: number, attendees: ExternalAttendee[], more = {}) =>
  sees(written(n, from('10:00'), { attendees, ...more }))

test('the host declines: the booking is cancelled, once', () => {
  const declined = linked().when(asBooked(5, [host('declined'), guest()]))
  declined.gives('BookingCancelled').by('HOST_DECLINED').saying({ reason: 'HOST_DECLINED' })
  declined
    .when(asBooked(5, [host('declined'), guest()]))
    .gives()
    .by('BOOKING_CLOSED')
})

test('all guests decline: the booking is cancelled; one who has not is enough to keep it', () => {
  linked()
    .when(asBooked(5, [host(), guest('declined'), guest('declined')]))
    .gives('BookingCancelled')
    .by('ALL_ATTENDEES_DECLINED')
  for (const answer of ['accepted', 'tentative', 'needsAction'] as const)
    linked()
      .when(asBooked(5, [host(), guest('declined'), guest(answer)]))
      .by('NO_TIME_CHANGE')
})

test('a room is no guest: neither its yes nor its no says anything', () => {
  linked()
    .when(asBooked(5, [host(), guest('declined'), room('accepted')]))
    .by('ALL_ATTENDEES_DECLINED')
  linked()
    .when(asBooked(5, [host(), guest('accepted'), room('declined')]))
    .by('NO_TIME_CHANGE')
  linked()
    .when(asBooked(5, [host(), room('declined')]))
    .by('NO_TIME_CHANGE')
})

test('where guests share the booking, or were left out of the answer, their declines decide nothing', () => {
  given(bookingAggregate)
    .when(tracks({ seats: true }))
    .when(asBooked(5, [host(), guest('declined')]))
    .by('NO_TIME_CHANGE')
  linked()
    .when(asBooked(5, [host(), guest('declined')], { attendeesOmitted: true }))
    .by('NO_TIME_CHANGE')
  linked()
    .when(asBooked(5, [host('declined')], { attendeesOmitted: true }))
    .by('HOST_DECLINED')
})

test("a colleague's decline of their own copy says nothing", () => {
  const own: ExternalAttendee = { responseStatus: 'declined', self: true }
  linked()
    .when(asBooked(5, [own, guest()], { organizerSelf: false }))
    .gives('ExternalEventChangeIgnored')
    .by('NOT_ORGANISER')
})

test('a decline counts before a move', () => {
  linked()
    .when(sees(written(5, from('11:00'), { attendees: [host('declined'), guest()] })))
    .by('HOST_DECLINED')
})

test('a decline that stood when the event was linked is held for a person', () => {
  linked()
    .when(asBooked(0, [host('declined'), guest()]))
    .gives('ExternalEventChangeIgnored')
    .by('FIRST_LOOK')
    .saying({ instead: 'BookingCancelled' })
})

test('an answer taken back after we cancelled is told; another edit while it stands is not', () => {
  const cancelled = linked().when(asBooked(5, [host('declined'), guest()]))
  cancelled
    .when(asBooked(6, [host('declined'), guest()]))
    .gives()
    .by('BOOKING_CLOSED')
  cancelled
    .when(asBooked(7, [host('accepted'), guest()]))
    .gives('ExternalEventChangeIgnored')
    .by('EVENT_RESTORED')
})

test('a refused cancellation is not repeated for the version that it was decided on', () => {
  const refused = linked()
    .when(asBooked(5, [host('declined'), guest()]))
    .when(reports(1, 'REFUSED', 61))
  assert.is(open(refused.state).agreement, 'DIVERGED')
  refused
    .when(sees(written(5, from('10:00'), { attendees: [host('declined'), guest()] }), { began: 62 }))
    .gives()
    .by('STALE')
})

test('a decline of an event that another booking stands for cancels nothing', () => {
  const claims = [
    {
      bookingUid: 'booking2',
      calendarKey: 'key1',
      externalEventId: 'event1',
      times: from('11:00'),
      trackedAt: minute(3),
    },
  ]
  const event = written(5, from('11:00'), { attendees: [host('declined'), guest()] })
  linked().when(sees(event, { claims })).gives('ExternalEventChangeIgnored').by('EVENT_SHARED')
})

const withGuests = () => linked().when(asBooked(5, [host(), guest()]))

test('an event that had guests and lost all of them is told, until there are guests again', () => {
  const lost = withGuests().when(asBooked(6, [host()]))
  lost.gives('ExternalEventChangeIgnored').by('GUESTS_REMOVED').saying({ settles: true })
  lost
    .when(asBooked(6, [host()]))
    .gives()
    .by('STALE')
  lost.when(asBooked(7, [host()])).by('GUESTS_REMOVED')
  lost
    .when(asBooked(8, [host(), guest()]))
    .gives('ExternalEventChangeIgnored')
    .by('NO_TIME_CHANGE')
})

test('an event that never had guests, or whose guests were left out, has lost none', () => {
  linked()
    .when(asBooked(5, [host()]))
    .when(asBooked(6, []))
    .by('NO_TIME_CHANGE')
  withGuests()
    .when(asBooked(6, [host()], { attendeesOmitted: true }))
    .by('NO_TIME_CHANGE')
  withGuests()
    .when(sees(written(6, from('10:00'))))
    .by('NO_TIME_CHANGE')
})

test('a move counts more than the loss of the guests, who are told of it', () => {
  withGuests()
    .when(sees(written(6, from('11:00'), { attendees: [host()] })))
    .gives('BookingRescheduled')
})

test('an event of no length, or of less, cannot be a booking', () => {
  for (const minutes of [0, -30]) {
    const pulled = linked().when(sees(written(5, from('10:00', minutes))))
    pulled.gives('ExternalEventChangeIgnored').by('NO_LENGTH').saying({ settles: true })
    assert.is(open(pulled.state).agreement, 'DIVERGED')
    const mended = pulled.when(sees(written(6, from('10:00'))))
    mended.by('NO_TIME_CHANGE')
    assert.is(open(mended.state).agreement, 'AGREED')
  }
})

test('released or not, a deleted event without a length is still deleted', () => {
  linked()
    .when(sees(written(5, from('10:00', 0))))
    .when(sees(deleted(6)))
    .gives('BookingCancelled')
})

test.run()
