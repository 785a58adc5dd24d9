import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import type { EventBody } from '../../../stand-ins/google/google-json.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('What no calendar should say, and some do')

const HOUR = 3_600_000
const published = async (sync: SyncFixture) =>
  (await sync.published()).map(({ type, data }) => `${type} ${data.bookingUid}`)
const attention = async (sync: SyncFixture, { uid }: Linked) =>
  (await bookingById(sync.ports.readStore, uid))?.attention

const guests = Array.from({ length: 1_000 }, (_, n) => ({
  email: `guest-${n}@example.com`,
  displayName: `Gäst ${n} 👩🏽‍🚀`,
  responseStatus: 'accepted',
}))

/** What the event becomes, and what a person is told of it, if anything. */
const strange: [string, (booking: Linked) => object, string | undefined][] = [
  ['no start', () => ({ start: null }), 'UNKNOWN'],
  ['no start and no end', () => ({ start: null, end: null }), 'UNKNOWN'],
  ['a start that is no time', () => ({ start: { dateTime: 'soon' } }), 'UNKNOWN'],
  [
    'a zone that nobody knows, and no offset',
    () => ({ start: { dateTime: '2026-03-07T10:00:00', timeZone: 'Mars/Olympus' } }),
    'UNKNOWN',
  ],
  [
    'a zone that nobody knows, beside an offset',
    ({ start }) => ({ start: { dateTime: start.toString(), timeZone: 'Mars/Olympus' } }),
    undefined,
  ],
  [
    'a year of five digits',
    () => ({
      start: { dateTime: '+012030-01-07T09:00:00Z' },
      end: { dateTime: '+012030-01-07T10:00:00Z' },
    }),
    'UNKNOWN',
  ],
  ['no length', ({ start }) => ({ end: { dateTime: start.toString() } }), 'NO_LENGTH'],
  [
    'an end before its start',
    ({ start }) => ({ end: { dateTime: start.subtract({ hours: 1 }).toString() } }),
    'NO_LENGTH',
  ],
  ['a kind that nobody knows', () => ({ kind: 'calendar#gathering' }), 'UNKNOWN'],
  ['a kind that nobody knows, cancelled', () => ({ kind: 7, status: 'cancelled' }), 'UNKNOWN'],
  ['a status that nobody knows', () => ({ status: 'postponed' }), 'UNKNOWN'],
  ['a type that nobody knows', () => ({ eventType: 'ritual', summary: '🗓️ \u202e' }), undefined],
  ['a thousand guests', () => ({ attendees: guests }), undefined],
  ['guests left out', () => ({ attendees: [{ self: true, email: 'x' }], attendeesOmitted: true }), undefined],
]

for (const [what, change, told] of strange)
  test(
    `an event with ${what}: ${told ? 'told, not published' : 'nothing'}, and the others go on`,
    inSync({}, async (sync) => {
      const host = await sync.host()
      const booking = await sync.book(host, { inHours: 72 })
      const other = await sync.book(host, { inHours: 74 })
      sync.google.settings.push.drop = 1
      const unchecked = change(booking) as EventBody // null takes a field out
      sync.google.habits.rewrite(host.calendarId, booking.eventId, unchecked)
      sync.google.settings.push.drop = 0
      sync.drag(other, other.start.add({ hours: 1 }))
      await sync.settle()
      assert.equal(await published(sync), [`BookingRescheduled ${other.uid}`])
      await sync.pass(2 * HOUR)
      assert.is(await attention(sync, booking), told)
      assert.equal(await published(sync), [`BookingRescheduled ${other.uid}`])
      assert.is((await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.failing, undefined)
    }),
  )

test(
  'an instance without a start is one event that cannot be read; the rest of its series moves',
  inSync({ view: false }, async (sync) => {
    const { calendarId } = await sync.host()
    const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 24 })
    const at = (day: number, minutes = 0) => first.add({ hours: 24 * day, minutes }).toString()
    const { id } = sync.google.insert(calendarId, {
      start: { dateTime: at(0), timeZone: 'UTC' },
      end: { dateTime: at(0, 30), timeZone: 'UTC' },
      recurrence: ['RRULE:FREQ=DAILY;COUNT=4'],
    })
    const nameOf = (day: number) => `${id}_${at(day).replaceAll(/[-:]/g, '')}`
    for (let day = 0; day < 4; day++)
      await sync.command(TrackBooking, {
        bookingUid: `day-${day}`,
        userId: '1',
        start: at(day),
        end: at(day, 30),
        references: [
          {
            provider: 'google',
            externalCalendarId: calendarId,
            externalEventId: nameOf(day),
            recurringEventId: id,
            originalStart: at(day),
          },
        ],
      })
    await sync.settle()
    sync.google.habits.rewrite(calendarId, nameOf(1), { start: null } as object)
    sync.google.drag(calendarId, nameOf(3), { start: at(3, 60) })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled day-3'])
    await sync.pass(2 * HOUR)
    assert.is((await bookingById(sync.ports.readStore, 'day-1'))?.attention, 'UNKNOWN')
    sync.google.patch(calendarId, id, { summary: 'Another title' })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled day-3'])
    assert.is((await bookingById(sync.ports.readStore, 'day-0'))?.attention, undefined)
  }),
)

test(
  'an id of 1,024 characters, and one of letters from everywhere',
  inSync({ view: false }, async (sync) => {
    const { calendarId } = await sync.host()
    const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
    const [from, to] = [start.toString(), start.add({ minutes: 30 }).toString()]
    const ids = ['v'.repeat(1_024), 'Ж|%7C/…?#&+ 名前👩🏽‍🚀']
    for (const [n, externalEventId] of ids.entries()) {
      const event = { id: externalEventId, start: { dateTime: from }, end: { dateTime: to } }
      sync.google.habits.importEvents(calendarId, [{ ...event, summary: '名前👩🏽‍🚀' }])
      await sync.command(TrackBooking, {
        bookingUid: `booking-${n}`,
        userId: '1',
        start: from,
        end: to,
        references: [{ provider: 'google', externalCalendarId: calendarId, externalEventId }],
      })
    }
    await sync.settle()
    for (const id of ids) sync.google.delete(calendarId, id)
    await sync.settle()
    assert.equal((await published(sync)).toSorted(), [
      'BookingCancelled booking-0',
      'BookingCancelled booking-1',
    ])
  }),
)

for (const hangup of ['html', 'truncated', 'huge'] as const)
  test(
    `a list that is answered with 200 and ${hangup === 'huge' ? '10 MB' : hangup}: nothing is mistaken for a deletion`,
    inSync({}, async (sync) => {
      const booking = await sync.book(await sync.host())
      const fault = sync.google.faults.set({ methods: ['list'], hangup })
      sync.drag(booking, booking.start.add({ hours: 1 }))
      await sync.pass(60_000)
      const feed = await calendarFeedByKey(sync.ports.readStore, booking.host.calendarKey)
      if (hangup === 'huge') assert.is(feed?.failing, undefined)
      else {
        assert.is(feed?.failing?.code, 'UNAVAILABLE')
        assert.equal(await sync.published(), [])
      }
      sync.google.faults.clear({ id: fault.id })
      await sync.pass(HOUR)
      assert.equal(await published(sync), [`BookingRescheduled ${booking.uid}`])
      assert.is((await calendarFeedByKey(sync.ports.readStore, booking.host.calendarKey))?.failing, undefined)
    }),
  )

test.run()
