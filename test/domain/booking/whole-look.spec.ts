import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import type { Claim } from '../../../domain/booking/look.ts'
import type { ExternalAttendee } from '../../../domain/external-event.ts'
import {
  announces,
  deleted,
  from,
  keeps,
  linked,
  minute,
  open,
  reference,
  sees,
  seesAll,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('a look at all that a booking names')

const second = { ...reference, externalEventId: 'event2' }
/** Cal.com names two events. */
const withTwo = () =>
  given(bookingAggregate).when(
    tracks({
      references: [
        { ...reference, confirmed: true },
        { ...second, confirmed: true },
      ],
    }),
  )
const id = 'event2'

test('gone means that none of its events is alive', () => {
  const leftover = withTwo().when(
    seesAll([{ shown: deleted(5) }, { shown: written(4, from('10:00'), { id }) }]),
  )
  leftover.gives('ExternalEventChangeIgnored', 'ExternalEventChangeIgnored').by('NO_TIME_CHANGE')
  assert.equal(
    leftover.last.map(({ data }) => 'settles' in data && [data.code, data.settles]),
    [
      ['LEFTOVER', false],
      ['NO_TIME_CHANGE', true],
    ],
  )
  leftover
    .when(seesAll([{ shown: deleted(5) }, { shown: written(4, from('10:00'), { id }) }]))
    .gives()
    .by('LEFTOVER')
  leftover
    .when(seesAll([{ shown: deleted(5) }, { shown: deleted(6, { id }) }]))
    .gives('BookingCancelled')
    .by('DELETED_IN_CALENDAR')
})

test('a leftover has a say again once the event that stood for the booking is no longer named', () => {
  withTwo()
    .when(seesAll([{ shown: deleted(5) }, { shown: written(4, from('10:00'), { id }) }]))
    .when(
      tracks({
        references: [{ ...reference, confirmed: true }],
        referencesComplete: true,
        at: minute(10).toString(),
      }),
    )
    .gives('BookingReferenceUnlinked')
    .when(sees(deleted(5)))
    .gives('BookingCancelled')
})

test('moved means that what is alive shows one and the same other time', () => {
  const both = (one: string, other: string) =>
    seesAll([{ shown: written(5, from(one)) }, { shown: written(5, from(other), { id }) }])
  withTwo().when(both('11:00', '11:00')).gives('BookingRescheduled')
  const apart = withTwo().when(both('10:00', '11:00'))
  apart.by('EVENTS_DISAGREE').gives('ExternalEventChangeIgnored', 'ExternalEventChangeIgnored')
  apart.when(both('10:00', '11:00')).gives()
})

test('a part of a look settles what needs no action, and says of all else that a whole look is needed', () => {
  withTwo()
    .when(sees(deleted(5)))
    .gives()
    .by('LOOK_AT_ALL')
  withTwo()
    .when(sees(written(5, from('11:00'))))
    .gives()
    .by('LOOK_AT_ALL')
  withTwo()
    .when(sees(written(5, from('11:00')), { began: 27 * 60 }))
    .by('BOOKING_IN_PAST')
})

test('what cannot be read keeps a deletion from counting, and a move, unless nobody has connected that calendar', () => {
  const unread = (shown: Parameters<typeof sees>[0], unknown: string) =>
    seesAll([{ shown }, { id, shown: { unknown } }])
  withTwo()
    .when(unread(deleted(5), 'CREDENTIAL_MISSING'))
    .gives()
    .by('UNKNOWN')
  withTwo()
    .when(unread(written(5, from('11:00')), 'UNAVAILABLE'))
    .gives()
    .by('UNKNOWN')
  withTwo()
    .when(unread(written(5, from('11:00')), 'CREDENTIAL_MISSING'))
    .gives('BookingRescheduled')
})

const claim = (more: Partial<Claim> = {}): Claim => ({
  calendarKey: 'key1',
  externalEventId: 'event1',
  bookingUid: 'booking2',
  times: from('12:00'),
  trackedAt: minute(30),
  ...more,
})
/** Rescheduled from the same booking as the claim. */
const sibling = () => given(bookingAggregate).when(tracks({ rescheduledFromUid: 'booking0' }))
const ofChain = { rescheduledFromUid: 'booking0' }

test('an event that two bookings name decides for the one whose times it shows', () => {
  const claims = [claim(ofChain)]
  const other = sibling().when(sees(written(5, from('12:00')), { claims }))
  other.gives('ExternalEventChangeIgnored').by('EVENT_SHARED').saying({ settles: false })
  other.when(sees(written(5, from('12:00')), { claims })).gives()
  sibling()
    .when(sees(written(5, from('10:00')), { claims }))
    .by('NO_TIME_CHANGE')
})

test('deleted, it decides for the one whose times it last showed', () => {
  const claims = [claim(ofChain)]
  const shown = (time: string) => sibling().when(sees(written(5, from(time)), { claims }))
  shown('12:00')
    .when(sees(deleted(6), { claims }))
    .by('EVENT_SHARED')
  shown('10:00')
    .when(sees(deleted(6), { claims }))
    .gives('BookingCancelled')
})

test('at a time that neither has, it decides for the newest of the chain; of strangers for none', () => {
  sibling()
    .when(sees(written(5, from('15:00')), { claims: [claim(ofChain)] }))
    .by('EVENT_SHARED')
  const older = claim({ ...ofChain, trackedAt: minute(0).subtract({ hours: 1 }) })
  sibling()
    .when(sees(written(5, from('15:00')), { claims: [older] }))
    .gives('BookingRescheduled')
  const stranger = claim({ trackedAt: minute(0).subtract({ hours: 1 }) })
  sibling()
    .when(sees(written(5, from('15:00')), { claims: [stranger] }))
    .by('EVENT_SHARED')
})

test('while Cal.com is asked whether the booking is over, nothing is published for it', () => {
  const closing = linked().when(announces(20)).gives('BookingClosing')
  closing.when(announces(21)).gives()
  closing
    .when(sees(deleted(25)))
    .gives()
    .by('BOOKING_CLOSING')
  closing
    .when(sees(written(25, from('11:00'))))
    .gives()
    .by('BOOKING_CLOSING')
  const kept = closing.when(keeps(30)).gives('BookingKeptOpen')
  assert.is(open(kept.state).closing, undefined)
  kept.when(keeps(31)).gives()
  kept.when(sees(deleted(25))).gives('BookingCancelled')
})

test('a return to what Cal.com has is not published while a move is unanswered, for two minutes', () => {
  const moved = linked().when(sees(written(5, from('11:00'))))
  moved
    .when(sees(written(6, from('10:00')), { began: 61 }))
    .gives()
    .by('AWAITING_ANSWER')
  moved.when(sees(written(6, from('12:00')), { began: 61 })).gives('BookingRescheduled')
  moved.when(sees(written(6, from('10:00')), { began: 62 })).gives('BookingRescheduled')
})

test('a deletion of which the calendar says no more than the id is held, and cancels once a person released it', () => {
  const bare = deleted(5, { idOnly: true })
  const held = linked().when(sees(bare))
  held.gives('ExternalEventChangeIgnored').by('DELETION_UNCLEAR').saying({ settles: false })
  held.when(sees(bare)).gives()
  held.when(sees(bare, { releasedAt: minute(50) })).gives('BookingCancelled')
  held
    .when(sees(bare, { discardedAt: minute(50) }))
    .by('DISCARDED')
    .saying({ settles: true })
})

test("an event that was the host's own and is somebody else's now is told", () => {
  const own = linked().when(sees(written(5, from('10:00'), { organizerSelf: true })))
  const handed = own.when(sees(written(6, from('10:00'), { organizerSelf: false })))
  handed.gives('ExternalEventChangeIgnored').by('ORGANISER_CHANGED').saying({ agreement: 'DIVERGED' })
})

const guest = (responseStatus: ExternalAttendee['responseStatus']): ExternalAttendee => ({ responseStatus })
const host = (responseStatus: ExternalAttendee['responseStatus']): ExternalAttendee => ({
  responseStatus,
  self: true,
  organizer: true,
})
const room: ExternalAttendee = { responseStatus: 'accepted', resource: true }
const attended = (attendees: ExternalAttendee[], more = {}) =>
  written(5, from('10:00'), { attendees, ...more })

test('a host who declines cancels, and so do all guests together', () => {
  linked()
    .when(sees(attended([host('declined'), guest('accepted')])))
    .gives('BookingCancelled')
    .by('HOST_DECLINED')
  const all = [host('accepted'), guest('declined'), guest('declined'), room]
  linked()
    .when(sees(attended(all)))
    .gives('BookingCancelled')
    .by('ALL_ATTENDEES_DECLINED')
  linked()
    .when(sees(attended([...all, guest('needsAction')])))
    .by('NO_TIME_CHANGE')
  linked()
    .when(sees(attended([host('accepted'), room])))
    .by('NO_TIME_CHANGE')
  linked()
    .when(sees(attended(all, { attendeesOmitted: true })))
    .by('NO_TIME_CHANGE')
  given(bookingAggregate)
    .when(tracks({ seats: true }))
    .when(sees(attended(all)))
    .by('NO_TIME_CHANGE')
})

test('an event that was declined and is edited later was not restored', () => {
  linked()
    .when(sees(attended([host('declined'), guest('accepted')])))
    .when(sees(attended([host('declined'), guest('accepted')], { etag: '"6"', updated: minute(6) })))
    .gives()
    .by('BOOKING_CLOSED')
})

test('an event that had guests and has none is told', () => {
  const before = linked().when(sees(attended([host('accepted'), guest('accepted')])))
  const stripped = written(6, from('10:00'), { attendees: [host('accepted')] })
  before.when(sees(stripped)).gives('ExternalEventChangeIgnored').by('GUESTS_REMOVED')
  linked().when(sees(stripped)).by('NO_TIME_CHANGE')
  before.when(sees(written(6, from('10:00'), { attendeesOmitted: true }))).by('NO_TIME_CHANGE')
})

test('an event of no length is told', () => {
  for (const minutes of [0, -30])
    linked()
      .when(sees(written(5, from('10:00', minutes))))
      .gives('ExternalEventChangeIgnored')
      .by('NO_LENGTH')
      .saying({ agreement: 'DIVERGED' })
})

test.run()
