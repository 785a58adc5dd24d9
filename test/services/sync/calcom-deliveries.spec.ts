import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ReportBookingEventOutcome } from '../../../commands/report-booking-event-outcome.ts'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { answerAbout } from '../../../domain/booking-answer.ts'
import type { BookingDelivery } from '../../../infrastructure/booking-webhook/booking-webhook.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite("Cal.com's deliveries")

const MINUTE = 60_000
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
async function finish(
  sync: SyncFixture,
  outcome: ReturnType<SyncFixture['calcom']['cancel']>,
): Promise<string> {
  if (!outcome.ok) throw new Error(outcome.message)
  await sync.during(outcome.settled)
  await sync.settle()
  return outcome.booking.uid
}
const kindOf = async (sync: SyncFixture, uid: string) => {
  const state = await sync.booking(uid)
  return state.kind === 'CLOSED'
    ? `${state.reason}${state.rescheduledToUid ? ` to ${state.rescheduledToUid}` : ''}`
    : state.kind
}

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
  'references that Cal.com stores late are found',
  inSync({}, async (sync) => {
    sync.calcom.settings.beforeReferencesMs = 20 * MINUTE
    const host = await sync.host()
    const outcome = sync.calcom.book({ userId: 1, start: sync.clock.now().add({ hours: 30 }) })
    await sync.pass(36 * MINUTE)
    if (!outcome.ok) return assert.unreachable()
    const { uid } = outcome.booking
    const state = await sync.booking(uid)
    assert.is(state.kind === 'OPEN' && state.references[0]?.stored.calendarKey, host.calendarKey)
  }),
)

test(
  'references that never come are asked for during an hour, and then the booking shows as unlinked',
  inSync({}, async (sync) => {
    sync.calcom.faults.referencesMissing = true
    const booking = await sync.book(await sync.host())
    await sync.pass(90 * MINUTE)
    const [queue] = (await sync.ports.queue.status()).filter(({ kind }) => kind === 'references')
    assert.is((queue?.due ?? 0) + (queue?.waiting ?? 0), 0)
    const events = (await sync.eventsOf('booking')) as Parameters<typeof answerAbout>[0]
    assert.match(answerAbout(events), /no calendar event is linked/)
    assert.is(await kindOf(sync, booking.uid), 'OPEN')
  }),
)

test(
  'a booking that awaited confirmation for longer than an hour is linked soon after it',
  inSync({}, async (sync) => {
    await sync.host()
    const outcome = sync.calcom.book({
      userId: 1,
      start: sync.clock.now().add({ hours: 30 }),
      requiresConfirmation: true,
    })
    const uid = await finish(sync, outcome)
    await sync.pass(55 * MINUTE)
    const before = await sync.booking(uid)
    assert.is(before.kind === 'OPEN' && before.status, 'PENDING')
    await finish(sync, sync.calcom.confirm(uid))
    await sync.pass(10_000)
    const state = await sync.booking(uid)
    assert.equal(state.kind === 'OPEN' && [state.status, state.references.length], ['ACCEPTED', 1])
  }),
)

test(
  'a rejected booking is not acted on',
  inSync({}, async (sync) => {
    await sync.host()
    const outcome = sync.calcom.book({
      userId: 1,
      start: sync.clock.now().add({ hours: 30 }),
      requiresConfirmation: true,
    })
    const uid = await finish(sync, outcome)
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
    assert.is((await sync.decisions('b')).at(-1), 'REFERENCE_UNCONFIRMED')
    assert.equal(await sync.published(), [])
    await sync.command(TrackBooking, { bookingUid: 'b', userId: '1', ...times, references: [reference] })
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

const healed: [
  string,
  (sync: SyncFixture, booking: Linked) => ReturnType<SyncFixture['calcom']['cancel']>,
  string | RegExp,
][] = [
  [
    'rescheduling',
    (sync, { uid, start }) => sync.calcom.reschedule(uid, { start: start.add({ hours: 5 }) }),
    /^RESCHEDULED to/,
  ],
  ['cancellation', (sync, { uid }) => sync.calcom.cancel(uid), 'CANCELLED_IN_CALCOM'],
]
for (const [name, change, expected] of healed)
  test(
    `a ${name} whose webhook and push were lost heals when bookings are read again`,
    inSync({ bookingReconcileMs: 60 * MINUTE, settings: { reconcileMs: 1e9 } }, async (sync) => {
      const booking = await sync.book(await sync.host())
      sync.calcom.faults.dropWebhooks = 1
      sync.google.settings.push.drop = 1
      const uid = await finish(sync, change(sync, booking))
      assert.is(await kindOf(sync, booking.uid), 'OPEN')
      await sync.pass(62 * MINUTE)
      assert.match(await kindOf(sync, booking.uid), expected)
      if (uid !== booking.uid) {
        const state = await sync.booking(uid)
        assert.is(state.kind === 'OPEN' && state.references.length, 1)
      }
      assert.equal(await sync.published(), [])
    }),
  )

test(
  'a creation whose webhook was lost heals when bookings are read again',
  inSync({ bookingReconcileMs: 60 * MINUTE }, async (sync) => {
    const host = await sync.host()
    sync.calcom.faults.dropWebhooks = 1
    const booking = await sync.book(host)
    assert.is(await kindOf(sync, booking.uid), 'UNTRACKED')
    await sync.pass(62 * MINUTE)
    const state = await sync.booking(booking.uid)
    assert.is(state.kind === 'OPEN' && state.references.length, 1)
  }),
)

test.run()
