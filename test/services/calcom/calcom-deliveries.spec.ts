import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ReportBookingEventOutcome } from '../../../commands/report-booking-event-outcome.ts'
import { TrackBooking } from '../../../commands/track-booking.ts'
import type { BookingDelivery } from '../../../ports/booking-webhook.ts'
import { bookUnconfirmed, finish, kindOf } from '../../support/calcom-changes.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite("Cal.com's deliveries")

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

/** What Cal.com would deliver, as far as it matters here. */
function booked(
  host: Host,
  bookingUid: string,
  start: Temporal.Instant,
  status: 'ACCEPTED' | 'PENDING' = 'ACCEPTED',
) {
  const { userId, calendarId: externalCalendarId, credentialId } = host
  const destinations = [{ provider: 'google' as const, externalCalendarId, credentialId }]
  return { bookingUid, userId, start, end: start.add({ minutes: 30 }), status, destinations }
}
const created = (...of: Parameters<typeof booked>): BookingDelivery => ({
  trigger: 'BOOKING_CREATED',
  booking: booked(...of),
})
const moved = (rescheduledFromUid: string, ...of: Parameters<typeof booked>): BookingDelivery => ({
  trigger: 'BOOKING_RESCHEDULED',
  rescheduledFromUid,
  booking: booked(...of),
})
const cancelled = (bookingUid: string, requestReschedule = false): BookingDelivery => ({
  trigger: 'BOOKING_CANCELLED',
  bookingUid,
  requestReschedule,
})

test(
  'created, rescheduled twice and cancelled, with real events: each follows, and nothing is published',
  inSync({}, async (sync) => {
    const first = await sync.book(await sync.host())
    const second = await finish(
      sync,
      sync.calcom.reschedule(first.uid, { start: first.start.add({ hours: 24 }) }),
    )
    const third = await finish(
      sync,
      sync.calcom.reschedule(second, { start: first.start.add({ hours: 36 }) }),
    )
    assert.is(await kindOf(sync, first.uid), `RESCHEDULED to ${second}`)
    assert.is(await kindOf(sync, second), `RESCHEDULED to ${third}`)
    const state = await sync.booking(third)
    assert.equal(
      state.kind === 'OPEN' &&
        state.references.map(({ stored, confirmed }) => [stored.externalEventId, confirmed]),
      [[first.eventId, true]],
    )
    await finish(sync, sync.calcom.cancel(third))
    assert.is(await kindOf(sync, third), 'CANCELLED_IN_CALCOM')
    assert.equal(await sync.published(), [])
  }),
)

const orders: [string, (host: Host, at: Temporal.Instant) => BookingDelivery[]][] = [
  ['in order', (host, at) => [created(host, 'a', at), moved('a', host, 'b', at), moved('b', host, 'c', at)]],
  ['reversed', (host, at) => [moved('b', host, 'c', at), moved('a', host, 'b', at), created(host, 'a', at)]],
  [
    'doubled and mixed',
    (host, at) => [
      created(host, 'a', at),
      moved('b', host, 'c', at),
      moved('a', host, 'b', at),
      created(host, 'a', at),
      moved('b', host, 'c', at),
      moved('a', host, 'b', at),
    ],
  ],
]
for (const [name, deliveries] of orders)
  test(
    `a chain of three whose deliveries come ${name} ends the same`,
    inSync({ view: false }, async (sync) => {
      const host = await sync.host()
      for (const delivery of deliveries(host, sync.clock.now().add({ hours: 30 })))
        await sync.during(sync.intake.receive(delivery))
      assert.equal(
        [await kindOf(sync, 'a'), await kindOf(sync, 'b'), await kindOf(sync, 'c')],
        ['RESCHEDULED to b', 'RESCHEDULED to c', 'OPEN'],
      )
    }),
  )

test(
  'a cancellation that overtakes the creation is not undone by it',
  inSync({ view: false }, async (sync) => {
    const host = await sync.host()
    const at = sync.clock.now().add({ hours: 30 })
    for (const delivery of [
      cancelled('a'),
      created(host, 'a', at),
      moved('a', host, 'b', at),
      cancelled('b', true),
    ])
      await sync.during(sync.intake.receive(delivery))
    assert.is(await kindOf(sync, 'b'), 'RESCHEDULE_REQUESTED')
    assert.match(await kindOf(sync, 'a'), /CANCELLED_IN_CALCOM|RESCHEDULED/)
  }),
)

test(
  'an old creation that is repeated does not reopen what the calendar has cancelled',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 3 }))
    await sync.settle()
    const [event] = await sync.published()
    const [start, end] = [booking.start.add({ hours: 3 }), booking.end.add({ hours: 3 })].map(String)
    const stored = sync.calcom.store.booking(booking.uid)
    Object.assign(stored ?? {}, { start, end })
    await sync.command(ReportBookingEventOutcome, { eventId: event?.id, outcome: 'APPLIED', start, end })
    await sync.settle()
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    assert.is(await kindOf(sync, booking.uid), 'DELETED_IN_CALENDAR')
    await sync.during(sync.calcom.webhooks.replay(1))
    await sync.settle()
    assert.is(await kindOf(sync, booking.uid), 'DELETED_IN_CALENDAR')
  }),
)

test(
  'a rejected booking is not acted on',
  inSync({}, async (sync) => {
    await sync.host()
    const uid = await bookUnconfirmed(sync)
    await finish(sync, sync.calcom.reject(uid))
    const state = await sync.booking(uid)
    assert.is(state.kind === 'OPEN' && state.status, 'REJECTED')
  }),
)

test(
  'a change while a booking is pending is looked at once it is accepted',
  inSync({ view: false }, async (sync) => {
    const host = await sync.host()
    const start = sync.clock.now().add({ hours: 30 })
    await sync.during(sync.intake.receive(created(host, 'a', start, 'PENDING')))
    const at = (time: Temporal.Instant) => ({ dateTime: time.toString() })
    const event = sync.google.insert(host.calendarId, {
      start: at(start),
      end: at(start.add({ minutes: 30 })),
    })
    const reference = { provider: 'google', externalCalendarId: host.calendarId, externalEventId: event.id }
    const told = { bookingUid: 'a', userId: '1', start: `${start}`, end: `${start.add({ minutes: 30 })}` }
    await sync.pass(1_000)
    await sync.command(TrackBooking, { ...told, status: 'PENDING', references: [reference] })
    await sync.settle()
    sync.google.drag(host.calendarId, event.id, { start: `${start.add({ hours: 1 })}` })
    await sync.settle()
    assert.is((await sync.decisions('a')).at(-1), 'BOOKING_NOT_ACCEPTED')
    await sync.during(sync.intake.receive(created(host, 'a', start)))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a reference that was passed on cancels nothing before Cal.com confirms it',
  inSync({ view: false }, async (sync) => {
    const booking = await sync.book(await sync.host())
    const reference = {
      provider: 'google',
      externalCalendarId: booking.host.calendarId,
      externalEventId: booking.eventId,
    }
    const times = { start: `${booking.start}`, end: `${booking.end}` }
    await sync.command(TrackBooking, {
      bookingUid: booking.uid,
      userId: '1',
      ...times,
      references: [reference],
    })
    await sync.settle()
    await sync.during(sync.intake.receive(moved(booking.uid, booking.host, 'b', booking.start)))
    await sync.settle()
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    assert.not.ok((await sync.decisions('b')).includes('REFERENCE_UNCONFIRMED'), 'Cal.com may yet name it')
    await sync.pass(100 * 60_000)
    assert.is((await sync.decisions('b')).at(-1), 'REFERENCE_UNCONFIRMED')
    assert.equal(await sync.published(), [])
    await sync.command(TrackBooking, { bookingUid: 'b', userId: '1', ...times, references: [reference] })
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test.run()
