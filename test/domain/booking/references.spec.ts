import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import type { StoredReference } from '../../../domain/booking/events.ts'
import { linkReferences, passedOnReferences } from '../../../domain/booking/links.ts'
import { isGrown } from '../../../domain/booking/references.ts'
import { flagSeriesChanged, moveReference, noteSeriesRule } from '../../../domain/booking/series-change.ts'
import type { Booking } from '../../../domain/booking/state.ts'
import {
  deleted,
  from,
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

const test = suite('references of a booking')

const renamed = { ...reference, externalEventId: 'event1b', recurringEventId: 'series_R20261124T100000' }
const elsewhere = { ...reference, calendarKey: 'key2' }
const moves =
  (to: StoredReference, n = 20, of = reference) =>
  (state: Booking) =>
    moveReference(state, { from: of, to, at: minute(n).toString() })
const names = (references: StoredReference[], n: number) => (state: Booking) =>
  linkReferences(state, {
    references: references.map((one) => ({ ...one, confirmed: true })),
    referencesComplete: true,
    times: from('10:00'),
    at: minute(n).toString(),
  })
const later = (n: number) => ({ at: minute(n).toString() })
const namesOf = (state: Booking) =>
  open(state).references.map(({ stored }) => `${stored.calendarKey} ${stored.externalEventId}`)

test('a booking follows its event to another name, with what was decided', () => {
  const followed = linked()
    .when(sees(written(5, from('11:00'))))
    .when(moves(renamed))
  followed.gives('BookingReferenceMoved').when(moves(renamed)).gives()
  followed.when(sees(written(5, from('11:00')))).by('NOT_LINKED')
  followed.when(sees(written(5, from('11:00'), { id: 'event1b' }))).by('STALE')
  followed
    .when(sees(written(6, from('12:00'), { id: 'event1b' })))
    .gives('BookingRescheduled')
    .saying({
      externalEventId: 'event1b',
      recurringEventId: 'series_R20261124T100000',
    })
})

test('the same event under another master is a move too', () => {
  linked()
    .when(moves({ ...reference, recurringEventId: 'series_R20261124T100000' }))
    .gives('BookingReferenceMoved')
})

test('the rule of a series is noted once, kept over another name, and of no use for an event on its own', () => {
  const notes = (of: StoredReference, rule: string) => (state: Booking) => {
    const { calendarKey, externalEventId } = of
    return noteSeriesRule(state, { calendarKey, externalEventId, rule, at: minute(21).toString() })
  }
  linked().when(notes(reference, 'FREQ=WEEKLY')).gives()
  const occurrence = { ...reference, externalEventId: 'event1_20261124T100000Z', recurringEventId: 'event1' }
  const noted = linked().when(moves(occurrence)).when(notes(occurrence, 'FREQ=WEEKLY'))
  noted.gives('BookingSeriesNoted').when(notes(occurrence, 'FREQ=WEEKLY')).gives()
  noted.when(notes(occurrence, 'FREQ=DAILY')).gives('BookingSeriesNoted')
  const state = noted.when(moves(renamed, 22, occurrence)).state
  assert.is(open(state).references[0]?.rule, 'FREQ=WEEKLY')
})

test('an event that was made to repeat is known to have stood alone', () => {
  const occurrence = { ...reference, externalEventId: 'event1_20261124T100000Z', recurringEventId: 'event1' }
  const grown = (state: Booking) => open(state).references.map(isGrown)
  assert.equal(grown(linked().when(moves(occurrence)).state), [true])
  assert.equal(grown(linked().when(moves(renamed)).state), [false])
})

test('Cal.com naming an event as it was called before is no news', () => {
  const followed = linked()
    .when(moves(renamed))
    .when(moves(elsewhere, 21, renamed))
  followed.when(tracks(later(30))).gives()
  followed.when(tracks({ ...later(30), referencesComplete: true })).gives()
  followed.when(names([reference], 30)).gives()
  followed.when(names([renamed], 30)).gives()
  assert.equal(namesOf(followed.state), ['key2 event1'])
})

test('Cal.com confirms a link by whatever name it knows', () => {
  given(bookingAggregate)
    .when(tracks({ references: [{ ...reference, confirmed: false }] }))
    .when(moves(renamed))
    .when(tracks(later(30)))
    .gives('BookingReferenceLinked')
    .saying({ reference: renamed, confirmed: true })
    .when(sees(deleted(35, { id: 'event1b' })))
    .gives('BookingCancelled')
})

test('former names go along when the booking is rescheduled', () => {
  const before = linked().when(moves(renamed))
  const next = given(bookingAggregate).when(
    tracks({ bookingUid: 'booking2', references: passedOnReferences(before.state), ...later(30) }),
  )
  next
    .when(names([reference], 31))
    .gives('BookingReferenceLinked')
    .saying({ reference: renamed, confirmed: true })
})

test('an event that moves back is found by either name', () => {
  const back = linked()
    .when(moves(elsewhere))
    .when(moves(reference, 21, elsewhere))
  assert.equal(namesOf(back.state), ['key1 event1'])
  back.when(names([elsewhere], 30)).gives()
  back.when(names([reference], 30)).gives()
})

test('moved onto a name that the booking refers to already, the two are one', () => {
  const both = given(bookingAggregate).when(
    tracks({
      references: [
        { ...reference, confirmed: false },
        { ...elsewhere, confirmed: true },
      ],
    }),
  )
  const decided = both
    .when(seesAll([{ shown: deleted(4) }, { calendarKey: 'key2', shown: written(9, from('11:00')) }]))
    .gives('BookingRescheduled')
  const one = decided.when(moves(elsewhere))
  assert.equal(namesOf(one.state), ['key2 event1'])
  assert.is(open(one.state).references[0]?.confirmed, true)
  one.when(sees(written(8, from('12:00')), { calendarKey: 'key2' })).by('STALE')
})

test('a reference that Cal.com replaced is given up, so that deleting its event cancels nothing', () => {
  const other = { ...reference, externalEventId: 'event9' }
  const replaced = linked().when(names([other], 30))
  replaced
    .gives('BookingReferenceUnlinked', 'BookingReferenceLinked')
    .saying({ reference: other, confirmed: true })
  replaced.when(sees(deleted(35))).by('NOT_LINKED')
  replaced.when(names([other], 31)).gives()
})

test('an empty list of references says nothing', () => {
  linked().when(names([], 30)).gives()
})

test('told again with more, a link keeps what it had', () => {
  const instance = { ...reference, recurringEventId: 'series', originalStart: '2026-11-24T10:00:00Z' }
  const more = given(bookingAggregate)
    .when(tracks({ references: [{ ...instance, confirmed: false }] }))
    .when(tracks(later(10)))
  more.gives('BookingReferenceLinked').saying({ reference: instance, confirmed: true })
  more.when(tracks(later(11))).gives()
})

test('what is not known cannot be moved', () => {
  given(bookingAggregate).when(moves(renamed)).gives()
  linked()
    .when(moves(reference, 20, renamed))
    .gives()
})

test('a series that changed beyond recognition is flagged once for each version of it', () => {
  const flags =
    (fingerprint?: string, n = 60) =>
    (state: Booking) =>
      flagSeriesChanged(state, {
        calendarKey: 'key1',
        externalEventId: 'event1',
        now: minute(n),
        ...(fingerprint !== undefined && { fingerprint }),
      })
  const flagged = linked().when(flags('"5"'))
  flagged
    .gives('ExternalEventChangeIgnored')
    .saying({ code: 'SERIES_CHANGED', settles: false, externalEventId: 'event1' })
  flagged.when(flags('"5"')).gives()
  flagged.when(flags('"6"')).gives('ExternalEventChangeIgnored')
  linked().when(flags()).gives('ExternalEventChangeIgnored').when(flags()).gives()
  flagged.when(sees(written(7, from('11:00')))).gives('BookingRescheduled')
  linked()
    .when(flags('"5"', 26 * 60))
    .gives()
  given(bookingAggregate).when(flags('"5"')).gives()
})

test.run()
