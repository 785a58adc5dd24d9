import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingsNeedingAttention } from '../../../projections/bookings.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Changes of one event')

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

test(
  'a change of an event that no booking refers to leaves no trace',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    const before = (await sync.eventsOf('booking')).length
    const at = (hours: number) => ({ dateTime: booking.start.add({ hours }).toString() })
    const { id } = sync.google.insert(host.calendarId, { start: at(1), end: at(2) })
    sync.google.delete(host.calendarId, id)
    await sync.settle()
    assert.is((await sync.eventsOf('booking')).length, before)
  }),
)

test(
  "what Cal.com wrote itself ends in NO_TIME_CHANGE, and a title's change too",
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    assert.equal(await sync.decisions(booking.uid), ['NO_TIME_CHANGE'])
    sync.google.patch(booking.host.calendarId, booking.eventId, { summary: 'Another title' })
    await sync.settle()
    assert.equal(await sync.decisions(booking.uid), ['NO_TIME_CHANGE', 'NO_TIME_CHANGE'])
    assert.equal(await sync.published(), [])
  }),
)

test(
  'a move is published once, with the times before and after',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 3 }))
    await sync.settle()
    const [moved, ...others] = await sync.published()
    assert.equal(others, [])
    if (moved?.type !== 'BookingRescheduled') return assert.unreachable(moved?.type)
    const { previous, next, basis, sequence } = moved.data
    const times = { start: booking.start.toString(), end: booking.end.toString() }
    assert.equal([previous, basis, sequence], [times, times, 1])
    assert.equal(next, {
      start: booking.start.add({ hours: 3 }).toString(),
      end: booking.end.add({ hours: 3 }).toString(),
      timeZone: 'Europe/London',
    })
  }),
)

test(
  'a push is named as the cause of what came of it',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 3 }))
    await sync.settle()
    const [moved] = await sync.published()
    assert.ok('channelId' in (moved?.metadata.cause ?? {}), JSON.stringify(moved?.metadata.cause))
  }),
)

test(
  'an end that is moved alone is a change too',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.resize(booking.host.calendarId, booking.eventId, booking.end.add({ minutes: 15 }).toString())
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a deleted event cancels its booking',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    const [cancelled] = await sync.published()
    if (cancelled?.type !== 'BookingCancelled') return assert.unreachable(cancelled?.type)
    assert.is(cancelled.data.reason, 'DELETED_IN_CALENDAR')
  }),
)

test(
  'an entry that has only its id is completed by events.get: deleted if that says so, else nothing',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    const { items: _, ...page } = sync.google.list(calendarId)
    const tombstone = { kind: 'calendar#event', id: booking.eventId, status: 'cancelled', etag: '"9"' }
    const script = () =>
      sync.google.script(calendarId, [{ status: 200, body: { ...page, items: [tombstone] } }])
    script()
    sync.google.notify(calendarId)
    await sync.settle()
    assert.equal(await sync.published(), [], 'the event itself is alive')
    sync.google.delete(calendarId, booking.eventId)
    script()
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'two moves within the settle window are one event with the last times',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(500)
    sync.drag(booking, booking.start.add({ hours: 5 }))
    await sync.settle()
    const all = await sync.published()
    assert.equal(
      all.map(({ data }) => ('next' in data ? data.next.start : '')),
      [booking.start.add({ hours: 5 }).toString()],
    )
  }),
)

test(
  'moved away and back within the settle window is nothing',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(500)
    sync.drag(booking, booking.start)
    await sync.settle()
    assert.equal(await sync.published(), [])
  }),
)

test(
  'a repeated page decides nothing new',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    const before = await sync.eventsOf('booking')
    const page = sync.google.list(booking.host.calendarId)
    for (let time = 0; time < 3; time++) {
      sync.google.script(booking.host.calendarId, [{ status: 200, body: page }])
      sync.google.notify(booking.host.calendarId)
      await sync.settle()
    }
    assert.equal(await sync.eventsOf('booking'), before)
  }),
)

test(
  'where the list says moved and events.get says as before, nothing is published',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    const page = sync.google.list(calendarId)
    const moved = page.items.map((event) => ({
      ...event,
      etag: '"99999999999999"',
      updated: sync.clock.now().add({ seconds: 1 }).toString(),
      start: { dateTime: booking.start.add({ hours: 2 }).toString() },
      end: { dateTime: booking.end.add({ hours: 2 }).toString() },
    }))
    sync.google.script(calendarId, [{ status: 200, body: { ...page, items: moved } }])
    sync.google.notify(calendarId)
    await sync.settle()
    assert.equal(await sync.published(), [])
  }),
)

test(
  'an event of a booking that has begun is not touched, and none is moved into the past',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const begun = await sync.book(host, { inHours: 1 })
    const later = await sync.book(host, { inHours: 30 })
    await sync.pass(2 * 3_600_000)
    sync.drag(begun, begun.start.add({ hours: 5 }))
    sync.drag(later, sync.clock.now().subtract({ hours: 1 }))
    await sync.settle()
    assert.is((await sync.decisions(begun.uid)).at(-1), 'BOOKING_IN_PAST')
    assert.is((await sync.decisions(later.uid)).at(-1), 'NEW_TIME_IN_PAST')
    assert.equal(await sync.published(), [])
  }),
)

test(
  'a booking that is closed in Cal.com stays as it is, whatever becomes of its event',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const cancelled = sync.calcom.cancel(booking.uid)
    if (cancelled.ok) await sync.during(cancelled.settled)
    await sync.settle()
    sync.google.restoreEvent(booking.host.calendarId, booking.eventId)
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await sync.published(), [])
  }),
)

test(
  'an event that was handed to another organiser decides nothing, and a person is told',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const page = sync.google.list(booking.host.calendarId)
    const copies = page.items.map((event) => ({
      ...event,
      etag: '"99999999999999"',
      updated: sync.clock.now().add({ seconds: 1 }).toString(),
      organizer: { email: 'colleague@example.com' },
      start: { dateTime: booking.start.add({ hours: 2 }).toString() },
      end: { dateTime: booking.end.add({ hours: 2 }).toString() },
    }))
    sync.google.script(booking.host.calendarId, [{ status: 200, body: { ...page, items: copies } }])
    sync.google.notify(booking.host.calendarId)
    await sync.settle()
    assert.is((await sync.decisions(booking.uid)).at(-1), 'ORGANISER_CHANGED')
    assert.equal(await sync.published(), [])
  }),
)

test(
  'an event that is put back after its booking was cancelled is told to a person, once',
  inSync({}, async (sync) => {
    const { uid, host, eventId } = await sync.book(await sync.host())
    sync.google.delete(host.calendarId, eventId)
    await sync.pass(120_000)
    await sync.settle()
    for (const summary of ['Back', 'Back']) {
      sync.google.patch(host.calendarId, eventId, { status: 'confirmed', summary })
      await sync.pass(60_000)
      await sync.settle()
    }
    assert.equal(
      (await sync.published()).map(({ type }) => type),
      ['BookingCancelled'],
    )
    assert.equal((await sync.decisions(uid)).slice(-1), ['EVENT_RESTORED'])
    const [waiting] = await bookingsNeedingAttention(sync.ports.readStore, { limit: 10 })
    const waits = waiting?.show()
    assert.equal([waits?.bookingUid, waits?.attention, waits?.status], [uid, 'EVENT_RESTORED', 'CANCELLED'])
  }),
)

test.run()
