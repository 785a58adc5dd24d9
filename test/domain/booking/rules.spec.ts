import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingAggregate } from '../../../commands/aggregates.ts'
import { closeBooking } from '../../../domain/booking/facts.ts'
import type { ExternalEvent } from '../../../domain/external-event.ts'
import {
  deleted,
  fingerprint,
  from,
  linked,
  minute,
  open,
  records,
  reference,
  sees,
  seesAll,
  tracks,
  written,
} from '../../support/booking-story.ts'
import { given } from '../../support/given.ts'

const test = suite('booking rules')

const lasting = (ms: number) => ({ lasting: { code: 'UNKNOWN', ms } }) as const

const allDay: ExternalEvent = {
  id: 'event1',
  status: 'confirmed',
  etag: '"9"',
  updated: minute(9),
  times: { allDay: true, startDate: '2026-11-24', endDate: '2026-11-25' },
}

test('an event that no booking refers to changes nothing', () => {
  linked()
    .when(sees(written(5, from('11:00'), { id: 'event2' })))
    .gives()
    .by('NOT_LINKED')
  linked()
    .when(sees(written(5, from('11:00')), { calendarKey: 'key2' }))
    .gives()
    .by('NOT_LINKED')
  given(bookingAggregate)
    .when(sees(written(5, from('11:00'))))
    .gives()
    .by('NOT_LINKED')
})

test('a moved event reschedules its booking', () => {
  linked()
    .when(sees(written(5, from('11:00'))))
    .gives('BookingRescheduled')
    .by('RESCHEDULED')
    .saying({
      bookingUid: 'booking1',
      userId: 'user1',
      sequence: 1,
      externalEventId: 'event1',
      calendarKey: 'key1',
      fingerprint: fingerprint(5, from('11:00')),
      externalEtag: '"5"',
      externalUpdatedAt: '2026-11-23T08:05:00Z',
      observedAt: '2026-11-23T09:00:00Z',
      previous: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' },
      basis: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' },
      next: { start: '2026-11-24T11:00:00Z', end: '2026-11-24T11:30:00Z' },
    })
})

test('a moved end alone is a change too', () => {
  linked()
    .when(sees(written(5, from('10:00', 45))))
    .gives('BookingRescheduled')
})

test("the event's own zone is published and decides nothing", () => {
  const times = { allDay: false, ...from('11:00'), timeZone: 'Pacific/Auckland' } as const
  const [event] = linked().when(sees(written(5, from('11:00'), { times }))).last
  assert.is(event?.type === 'BookingRescheduled' && event.data.next.timeZone, 'Pacific/Auckland')
  const same = { ...times, ...from('10:00') }
  linked()
    .when(sees(written(5, from('10:00'), { times: same })))
    .by('NO_TIME_CHANGE')
})

test('a deleted event cancels its booking, once', () => {
  const cancelled = linked().when(sees(deleted(5)))
  cancelled.gives('BookingCancelled').by('DELETED_IN_CALENDAR').saying({
    reason: 'DELETED_IN_CALENDAR',
    sequence: 1,
    start: '2026-11-24T10:00:00Z',
    end: '2026-11-24T10:30:00Z',
  })
  cancelled
    .when(sees(deleted(5)))
    .gives()
    .by('BOOKING_CLOSED')
})

test('an id-only tombstone counts like a full one', () => {
  linked()
    .when(sees({ id: 'event1', status: 'cancelled' }))
    .gives('BookingCancelled')
    .saying({ fingerprint: 'cancelled' })
})

test("a deleted entry's times are never read", () => {
  const placeholder = deleted(5, { times: { allDay: false, ...from('00:00', 1440, '2000-01-01') } })
  linked().when(sees(placeholder)).gives('BookingCancelled').saying({ start: '2026-11-24T10:00:00Z' })
  const [ignored] = linked().when(sees(placeholder, { mode: 'observe' })).last
  assert.equal(ignored?.type === 'ExternalEventChangeIgnored' && ignored.data.seen, { status: 'cancelled' })
})

test('STALE: the same version, or an older one, is stale', () => {
  const decided = linked().when(sees(written(5, from('11:00'))))
  decided
    .when(sees(written(5, from('11:00'))))
    .gives()
    .by('STALE')
  decided
    .when(sees(written(4, from('12:00'))))
    .gives()
    .by('STALE')
  decided
    .when(sees(deleted(4)))
    .gives()
    .by('STALE')
})

test('STALE: the same etag with other times, or another status, is another version', () => {
  const decided = linked().when(sees(written(5, from('10:00'))))
  decided.when(sees(written(5, from('11:00')))).gives('BookingRescheduled')
  decided.when(sees(deleted(5))).gives('BookingCancelled')
})

test('STALE: what was decided by a version that knew the etag alone is decided', () => {
  const decided = linked().when(sees(written(5, from('11:00'))))
  const before = decided.history.map((event) =>
    event.type === 'BookingRescheduled' ? { ...event, data: { ...event.data, fingerprint: '"5"' } } : event,
  )
  given(bookingAggregate, before)
    .when(sees(written(5, from('11:00'))))
    .gives()
    .by('STALE')
})

test('STALE: another etag of the same millisecond is news', () => {
  linked()
    .when(sees(written(5, from('11:00'))))
    .when(sees(written(5, from('12:00'), { etag: '"5b"' })))
    .gives('BookingRescheduled')
})

test('STALE: a version without `updated` does not let older ones in again', () => {
  const { updated: _, ...undated } = written(8, from('12:00'))
  linked()
    .when(sees(written(5, from('11:00'))))
    .when(sees(undated))
    .gives('BookingRescheduled')
    .when(sees(written(4, from('13:00'))))
    .gives()
    .by('STALE')
})

test('STALE: without an etag, what the event says is its version', () => {
  const bare: ExternalEvent = {
    id: 'event1',
    status: 'confirmed',
    times: { allDay: false, ...from('11:00') },
  }
  const decided = linked().when(sees(bare)).gives('BookingRescheduled')
  decided.when(sees(bare)).gives().by('STALE')
  decided.when(sees({ ...bare, times: { allDay: false, ...from('12:00') } })).gives('BookingRescheduled')
  decided.when(sees({ ...bare, updated: minute(1) })).by('NO_TIME_CHANGE')
  const ignored = decided.when(sees(allDay)).by('ALL_DAY')
  ignored.when(sees(allDay)).by('STALE')
  ignored.when(sees({ ...allDay, etag: '"10"' })).by('ALL_DAY')
})

test('LOOK_AGAIN: a look that began before the newest fact or link decides nothing', () => {
  const later = linked().when(records(from('12:00'), 30))
  later
    .when(sees(written(20, from('11:00')), { began: 29 }))
    .gives()
    .by('LOOK_AGAIN')
  later.when(sees(written(20, from('11:00')), { began: 30 })).gives('BookingRescheduled')
})

test('LOOK_AGAIN: facts recorded out of order do not make an old look new', () => {
  const state = linked()
    .when(records(from('12:00'), 30))
    .when(records(from('13:00'), 20)).state
  assert.is(open(state).factsAt.toString(), minute(30).toString())
})

test('LOOK_AGAIN after STALE: a look at what was decided already need not be repeated', () => {
  const decided = linked()
    .when(sees(written(5, from('11:00')), { began: 10 }))
    .when(records(from('12:00'), 30))
  decided
    .when(sees(written(5, from('11:00')), { began: 20 }))
    .gives()
    .by('STALE')
  decided
    .when(sees(written(6, from('13:00')), { began: 20 }))
    .gives()
    .by('LOOK_AGAIN')
})

test('BOOKING_NOT_ACCEPTED: a change of a booking not accepted yet is looked at again once it is', () => {
  for (const status of ['PENDING', 'REJECTED'] as const) {
    const waiting = given(bookingAggregate)
      .when(tracks({ status }))
      .when(sees(written(5, from('11:00'))))
    waiting.gives('ExternalEventChangeIgnored').by('BOOKING_NOT_ACCEPTED').saying({ settles: false })
    waiting.when(sees(written(5, from('11:00')))).gives()
    waiting
      .when(tracks({ at: minute(30).toString() }))
      .gives('BookingTimesRecorded')
      .when(sees(written(5, from('11:00'))))
      .gives('BookingRescheduled')
  }
})

test('BOOKING_NOT_ACCEPTED: each version of the event is noted once', () => {
  given(bookingAggregate)
    .when(tracks({ status: 'PENDING' }))
    .when(sees(written(5, from('11:00'))))
    .when(sees(written(6, from('12:00'))))
    .gives('ExternalEventChangeIgnored')
})

test('BOOKING_CLOSED: a closed booking stays closed', () => {
  linked()
    .when((state) =>
      closeBooking(state, { bookingUid: 'booking1', reason: 'CANCELLED', at: minute(1).toString() }),
    )
    .when(sees(deleted(5)))
    .gives()
    .by('BOOKING_CLOSED')
})

test("NOT_ORGANISER: a colleague's copy decides nothing, for good", () => {
  const copy = { organizerSelf: false }
  const seen = linked().when(sees(written(5, from('11:00'), copy)))
  seen.gives('ExternalEventChangeIgnored').by('NOT_ORGANISER').saying({ settles: true })
  seen
    .when(sees(written(5, from('11:00'), copy)))
    .gives()
    .by('STALE')
  linked()
    .when(sees(deleted(5, copy)))
    .by('NOT_ORGANISER')
  linked()
    .when(sees(written(5, from('11:00'), { organizerSelf: true })))
    .gives('BookingRescheduled')
})

test('BOOKING_IN_PAST: a booking is past from its very start on', () => {
  const start = from('10:00').start
  const justBefore = start.subtract({ nanoseconds: 1 })
  linked()
    .when(sees(deleted(5), { now: justBefore }))
    .by('DELETED_IN_CALENDAR')
  linked()
    .when(sees(deleted(5), { now: start }))
    .by('BOOKING_IN_PAST')
    .saying({ settles: true })
  linked()
    .when(sees(written(5, from('11:00')), { now: start }))
    .by('BOOKING_IN_PAST')
})

test('UNKNOWN: nothing is decided on a failed look; a person is told once, after an hour', () => {
  const failed = { unknown: 'NOT_FOUND' }
  linked().when(sees(failed)).gives().by('UNKNOWN')
  linked()
    .when(sees(failed, lasting(3_599_999)))
    .gives()
  const reported = linked().when(sees(failed, lasting(3_600_000)))
  reported
    .gives('ExternalEventChangeIgnored')
    .by('UNKNOWN')
    .saying({ settles: false, fingerprint: 'NOT_FOUND' })
  reported.when(sees(failed, lasting(7_200_000))).gives()
  reported.when(sees({ unknown: 'FORBIDDEN' }, lasting(7_200_000))).gives()
  reported.when(sees(written(5, from('11:00')))).gives('BookingRescheduled')
})

test('UNKNOWN: nobody is told of bookings that no change could be carried to', () => {
  const failed = { unknown: 'NOT_FOUND' }
  const long = lasting(3_600_000)
  linked()
    .when(sees(failed, { ...long, now: from('10:00').start }))
    .gives()
    .by('BOOKING_IN_PAST')
  given(bookingAggregate)
    .when(tracks({ status: 'PENDING' }))
    .when(sees(failed, long))
    .gives()
    .by('BOOKING_NOT_ACCEPTED')
})

test('REFERENCE_UNCONFIRMED: a link that Cal.com has not confirmed cannot cancel until it has', () => {
  const unconfirmed = given(bookingAggregate)
    .when(tracks({ references: [{ ...reference, confirmed: false }] }))
    .when(sees(deleted(5)))
  unconfirmed.gives().by('REFERENCE_UNCONFIRMED')
  const hour = { lasting: { code: 'REFERENCE_UNCONFIRMED', ms: 3_600_000 } } as const
  unconfirmed
    .when(sees(deleted(5), hour))
    .gives('ExternalEventChangeIgnored')
    .saying({ settles: false })
    .when(sees(deleted(5), hour))
    .gives()
  unconfirmed
    .when(tracks({ at: minute(10).toString() }))
    .gives('BookingReferenceLinked')
    .when(sees(deleted(5)))
    .gives('BookingCancelled')
})

test('what was told of a cancelled booking is told no longer once its event is gone again, and anew once it is back', () => {
  const restored = linked()
    .when(sees(deleted(5)))
    .when(sees(written(6, from('10:00'))))
  restored
    .when(sees(deleted(4)))
    .gives()
    .by('STALE')
  const gone = restored.when(sees(deleted(7)))
  gone.gives('ExternalEventChangeIgnored').by('RESTORED_NO_MORE').saying({ settles: true })
  gone
    .when(sees(deleted(8)))
    .gives()
    .by('BOOKING_CLOSED')
  gone
    .when(sees(written(9, from('10:00'))))
    .gives('ExternalEventChangeIgnored')
    .by('EVENT_RESTORED')
})

test('while another of its events is there again, it goes on being told', () => {
  const second = { ...reference, externalEventId: 'event2' }
  const restored = given(bookingAggregate)
    .when(tracks({ references: [reference, second].map((one) => ({ ...one, confirmed: true })) }))
    .when(seesAll([{ shown: deleted(5) }, { shown: deleted(5, { id: 'event2' }) }]))
    .when(sees(written(6, from('10:00'))))
    .when(sees(written(6, from('10:00'), { id: 'event2' })))
  restored.gives('ExternalEventChangeIgnored').by('EVENT_RESTORED')
  const one = restored.when(sees(deleted(7)))
  one.gives('ExternalEventChangeIgnored').by('EVENT_RESTORED').saying({ externalEventId: 'event1' })
  one
    .when(sees(deleted(7, { id: 'event2' })))
    .gives('ExternalEventChangeIgnored')
    .by('RESTORED_NO_MORE')
})

test('a restored event that an open booking owns by now is told no longer', () => {
  const claims = [
    {
      bookingUid: 'booking2',
      calendarKey: 'key1',
      externalEventId: 'event1',
      times: from('11:00'),
      trackedAt: minute(3),
    },
  ]
  linked()
    .when(sees(deleted(5)))
    .when(sees(written(6, from('10:00'))))
    .when(sees(written(7, from('11:00')), { claims }))
    .gives('ExternalEventChangeIgnored')
    .by('RESTORED_NO_MORE')
})

test('an event that is there again after we cancelled is told once, also when Cal.com has carried it out', () => {
  const cancelled = linked().when(sees(deleted(5)))
  const closed = cancelled.when((state) =>
    closeBooking(state, { bookingUid: 'booking1', reason: 'CANCELLED_IN_CALCOM', at: minute(61).toString() }),
  )
  for (const story of [cancelled, closed]) {
    const restored = story.when(sees(written(6, from('10:00'))))
    restored.gives('ExternalEventChangeIgnored').by('EVENT_RESTORED').saying({ settles: true })
    restored
      .when(sees(written(6, from('10:00'))))
      .gives()
      .by('STALE')
    story
      .when(sees(written(4, from('10:00'))))
      .gives()
      .by('STALE')
    story
      .when(sees(deleted(6)))
      .gives()
      .by('BOOKING_CLOSED')
    story
      .when(sees({ unknown: 'NOT_FOUND' }))
      .gives()
      .by('BOOKING_CLOSED')
    const began = 27 * 60
    story
      .when(sees(written(6, from('10:00')), { began }))
      .gives()
      .by('BOOKING_CLOSED')
  }
})

test('nor is an event told of whose booking Cal.com has cancelled', () => {
  linked()
    .when((state) =>
      closeBooking(state, {
        bookingUid: 'booking1',
        reason: 'CANCELLED_IN_CALCOM',
        at: minute(1).toString(),
      }),
    )
    .when(sees(written(6, from('11:00'))))
    .gives()
    .by('BOOKING_CLOSED')
})

test("NOT_ORGANISER: a copy known as a colleague's stays one where its tombstone does not say whose it is", () => {
  const known = linked().when(sees(written(5, from('10:00'), { organizerSelf: false })))
  known
    .when(sees(deleted(6)))
    .gives('ExternalEventChangeIgnored')
    .by('NOT_ORGANISER')
  known
    .when(sees(written(6, from('10:00'), { organizerSelf: true })))
    .when(sees(deleted(7)))
    .gives('BookingCancelled')
})

test('ALL_DAY: an event without a time is flagged', () => {
  linked()
    .when(sees(allDay))
    .gives('ExternalEventChangeIgnored')
    .by('ALL_DAY')
    .saying({ settles: true, seen: { status: 'confirmed' } })
})

test('NO_TIME_CHANGE: an echo of the same times is settled', () => {
  linked()
    .when(sees(written(5, from('10:00'))))
    .gives('ExternalEventChangeIgnored')
    .by('NO_TIME_CHANGE')
    .saying({ settles: true })
})

test('NO_TIME_CHANGE: the same instants in another notation are the same', () => {
  const start = Temporal.Instant.from('2026-11-24T11:00:00.000+01:00')
  linked()
    .when(sees(written(5, { start, end: start.add({ minutes: 30 }) })))
    .by('NO_TIME_CHANGE')
})

test('NEW_TIME_IN_PAST: an event moved to now or before is not followed', () => {
  const now = from('09:00').start
  linked()
    .when(sees(written(5, from('09:00')), { now }))
    .by('NEW_TIME_IN_PAST')
    .saying({ settles: true })
  linked()
    .when(sees(written(5, from('09:01')), { now }))
    .by('RESCHEDULED')
})

test('a tentative event is alive', () => {
  linked()
    .when(sees(written(5, from('11:00'), { status: 'tentative' })))
    .gives('BookingRescheduled')
})

test('where several rules fit, the first one wins', () => {
  const past = { now: from('10:00').start }
  const colleague = { organizerSelf: false }
  const pending = given(bookingAggregate).when(tracks({ status: 'PENDING' }))
  pending.when(sees(deleted(5, colleague), past)).by('BOOKING_NOT_ACCEPTED')
  linked()
    .when(sees(deleted(5, colleague), past))
    .by('NOT_ORGANISER')
  linked()
    .when(sees(deleted(5), past))
    .by('BOOKING_IN_PAST')
  linked().when(sees(allDay, past)).by('BOOKING_IN_PAST')
  linked()
    .when(sees(written(5, from('10:00')), { mode: 'observe' }))
    .by('NO_TIME_CHANGE')
  linked()
    .when(sees(deleted(5), { mode: 'off' }))
    .by('POLICY_OFF')
})

test('sequences rise by one', () => {
  const third = linked()
    .when(sees(written(5, from('11:00'))))
    .when(sees(written(6, from('11:00'))))
    .when(sees(written(7, from('12:00'))))
    .saying({ sequence: 2 })
    .when(sees(deleted(8)))
  third.gives('BookingCancelled').saying({ sequence: 3, start: '2026-11-24T12:00:00Z' })
})

test('only decisions that publish are said to act', () => {
  const acts = (event: ExternalEvent, mode: 'apply' | 'observe') => sees(event, { mode })(linked().state).acts
  assert.is(acts(written(5, from('11:00')), 'apply'), true)
  assert.is(acts(deleted(5), 'apply'), true)
  assert.is(acts(written(5, from('11:00')), 'observe'), false)
  assert.is(acts(written(5, from('10:00')), 'apply'), false)
})

test('an event that answers again takes the flag away, once, though it says nothing new', () => {
  const flags = sees({ unknown: 'FORBIDDEN' }, lasting(3_600_000))
  const decided = linked().when(sees(written(5, from('10:00'))))
  const back = decided
    .when(flags)
    .gives('ExternalEventChangeIgnored')
    .when(sees(written(5, from('10:00'))))
  back
    .gives('ExternalEventChangeIgnored')
    .by('ANSWERS_AGAIN')
    .saying({ code: 'ANSWERS_AGAIN', settles: true })
  back
    .when(sees(written(5, from('10:00'))))
    .gives()
    .by('STALE')
  back.when(flags).gives('ExternalEventChangeIgnored').by('UNKNOWN')

  const moved = sees(written(6, from('11:00')), { mode: 'observe' })
  const observed = decided.when(moved).when(flags).when(moved)
  observed.gives('ExternalEventChangeIgnored').by('OBSERVE_ONLY')
  observed.when(moved).gives()
})

test.run()
