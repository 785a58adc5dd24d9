import { suite } from 'uvu'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { deleted, from, linked, minute, sees, tracks, written } from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('observing, and differences older than the link')

const moved = written(5, from('11:00'))
/** The link was made in minute 30: the event had been moved before. */
const linkedLate = () => given(bookingAggregate).when(tracks({ at: minute(30).toString() }))

test('observing notes what would have been done, once for each version', () => {
  const observed = linked().when(sees(moved, { mode: 'observe' }))
  observed
    .gives('ExternalEventChangeIgnored')
    .by('OBSERVE_ONLY')
    .saying({
      settles: false,
      instead: 'BookingRescheduled',
      seen: { status: 'confirmed', start: '2026-11-24T11:00:00Z', end: '2026-11-24T11:30:00Z' },
    })
  observed.when(sees(moved, { mode: 'observe' })).gives()
  observed
    .when(sees(deleted(6), { mode: 'observe' }))
    .gives('ExternalEventChangeIgnored')
    .saying({ instead: 'BookingCancelled' })
})

test('what was only observed is carried out once the mode is apply', () => {
  linked()
    .when(sees(moved, { mode: 'observe' }))
    .when(sees(moved))
    .gives('BookingRescheduled')
    .saying({ sequence: 1 })
})

test('switched off, a change is noted and carried out once it is on again', () => {
  const off = linked().when(sees(moved, { mode: 'off' }))
  off
    .gives('ExternalEventChangeIgnored')
    .by('POLICY_OFF')
    .saying({ settles: false, instead: 'BookingRescheduled' })
  off.when(sees(moved, { mode: 'off' })).gives()
  off.when(sees(moved)).gives('BookingRescheduled')
})

test('noted under several reasons in turn, each reason is noted once', () => {
  linked()
    .when(sees(moved, { mode: 'off' }))
    .when(sees(moved, { mode: 'observe' }))
    .gives('ExternalEventChangeIgnored')
    .when(sees(moved, { mode: 'off' }))
    .gives()
})

test('what the brake holds is noted once a version, and carried out once a person has released it', () => {
  const held = linked().when(sees(moved, { held: 'MASS_MOVE' }))
  held
    .gives('ExternalEventChangeIgnored')
    .by('MASS_MOVE')
    .saying({ settles: false, instead: 'BookingRescheduled' })
  held.when(sees(moved, { held: 'MASS_MOVE' })).gives()
  held.when(sees(moved, { held: 'MASS_MOVE', releasedAt: minute(7) })).gives('BookingRescheduled')
  held
    .when(sees(deleted(6), { held: 'MASS_CHANGE' }))
    .gives('ExternalEventChangeIgnored')
    .by('MASS_CHANGE')
    .saying({ instead: 'BookingCancelled' })
})

test('a difference that was there before the link is held', () => {
  const held = linkedLate().when(sees(moved))
  held
    .gives('ExternalEventChangeIgnored')
    .by('FIRST_LOOK')
    .saying({ settles: false, instead: 'BookingRescheduled' })
  held.when(sees(moved)).gives()
  linkedLate()
    .when(sees(deleted(5)))
    .by('FIRST_LOOK')
    .saying({ instead: 'BookingCancelled' })
})

test('a change made in the very instant of the link counts as older', () => {
  linkedLate()
    .when(sees(written(30, from('11:00'))))
    .by('FIRST_LOOK')
  linkedLate()
    .when(sees(written(31, from('11:00'))))
    .gives('BookingRescheduled')
})

test('a change after the link is carried out, also where an older difference is held', () => {
  linkedLate()
    .when(sees(moved))
    .when(sees(written(31, from('12:00'))))
    .gives('BookingRescheduled')
})

test('what a person released is carried out', () => {
  linkedLate()
    .when(sees(moved))
    .when(sees(moved, { releasedAt: minute(60) }))
    .gives('BookingRescheduled')
})

test('a release is of what there was: told again later, it says nothing of a newer version', () => {
  const { updated: _, ...undated } = moved
  linkedLate()
    .when(sees(moved))
    .when(sees(moved, { releasedAt: minute(0) }))
    .gives()
  linkedLate()
    .when(sees(undated, { firstLook: true }))
    .when(sees(undated, { releasedAt: minute(60) }))
    .gives('BookingRescheduled')
})

test('release does not overrule the mode', () => {
  linkedLate()
    .when(sees(moved, { releasedAt: minute(60), mode: 'observe' }))
    .by('OBSERVE_ONLY')
})

test('without `updated`, only the look that follows a link is held', () => {
  const { updated: _, ...undated } = moved
  linkedLate()
    .when(sees(undated, { firstLook: true }))
    .by('FIRST_LOOK')
  linkedLate().when(sees(undated)).gives('BookingRescheduled')
})

test('without `updated`, the look that follows a link is the first only once, however often it is repeated', () => {
  const { updated: _, ...undated } = moved
  const other = { ...undated, etag: '"another"' }
  const held = linkedLate().when(sees(undated, { firstLook: true }))
  held.when(sees(undated, { firstLook: true })).gives()
  held.when(sees(other, { firstLook: true })).gives('BookingRescheduled')
})

test('once an event was decided on, older differences are news no more', () => {
  linkedLate()
    .when(sees(written(29, from('10:00'))))
    .by('NO_TIME_CHANGE')
    .when(sees(written(29, from('11:00'), { etag: '"29b"' })))
    .gives('BookingRescheduled')
})

test('told again, a link is as old as it was', () => {
  linked()
    .when(tracks({ references: [], at: minute(40).toString() }))
    .when(
      tracks({
        references: [
          {
            provider: 'google',
            calendarKey: 'key1',
            externalEventId: 'event1',
            recurringEventId: 'series',
            confirmed: true,
          },
        ],
        at: minute(50).toString(),
      }),
    )
    .gives('BookingReferenceLinked')
    .when(sees(moved))
    .gives('BookingRescheduled')
})

test('a discarded version of the event is settled, whatever the mode, and a newer one is decided as usual', () => {
  const discardedAt = minute(30)
  const settled = linked().when(sees(moved, { discardedAt }))
  settled
    .gives('ExternalEventChangeIgnored')
    .by('DISCARDED')
    .saying({ settles: true, instead: 'BookingRescheduled' })
  settled.when(sees(moved)).gives().by('STALE')
  for (const mode of ['off', 'observe'] as const)
    linked()
      .when(sees(deleted(5), { discardedAt, mode }))
      .by('DISCARDED')
      .saying({ instead: 'BookingCancelled' })
  linkedLate().when(sees(moved, { discardedAt })).by('DISCARDED')
  const { updated: _, ...undated } = moved
  linked().when(sees(undated, { discardedAt })).by('DISCARDED')
  linked()
    .when(sees(written(30, from('11:00')), { discardedAt }))
    .by('DISCARDED')
  linked()
    .when(sees(written(31, from('11:00')), { discardedAt }))
    .by('RESCHEDULED')
  settled.when(sees(written(31, from('11:00')), { discardedAt })).gives('BookingRescheduled')
})

test.run()
