import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PauseCalendarSync } from '../../../commands/pause-calendar-sync.ts'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import {
  type Host,
  inSync,
  type Linked,
  REFRESH_TOKEN,
  type SyncFixture,
} from '../../support/sync-fixture.ts'

const test = suite('Events in other calendars of the host')

const MINUTE = 60_000
const OTHER = 'second@example.com'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const attention = async (sync: SyncFixture, { uid }: Linked) =>
  (await bookingById(sync.ports.readStore, uid))?.attention

/** Another calendar of the host's, kept in step unless not. */
async function second(sync: SyncFixture, host: Host, kept = true): Promise<string> {
  sync.google.createCalendar({ id: OTHER, timeZone: 'Europe/London' })
  const calendar = { provider: 'google', externalCalendarId: OTHER }
  const { userId, credentialId } = host
  if (kept) await sync.command(RegisterCalendarSync, { userId, ...calendar, credentialId })
  await sync.settle()
  return sync.ports.calendars.keyOf(calendar)
}

async function keysOf(sync: SyncFixture, { uid }: Linked): Promise<string[]> {
  const state = await sync.booking(uid)
  return state.kind === 'OPEN' ? state.references.map(({ stored }) => stored.calendarKey) : [state.kind]
}

test(
  'an event moved to another synced calendar takes its booking along: nothing is cancelled, later changes count',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const booking = await sync.book(host)
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    await sync.settle()
    assert.equal(await published(sync), [])
    assert.equal(await keysOf(sync, booking), [other])
    sync.google.drag(OTHER, booking.eventId, { start: booking.start.add({ hours: 2 }).toString() })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.is((await sync.published())[0]?.data.calendarKey, other)
    sync.google.delete(OTHER, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
  }),
)

test(
  'moved to another calendar and to another time at once, it reschedules the booking',
  inSync({ settings: { settleMs: 30_000 } }, async (sync) => {
    const host = await sync.host()
    await second(sync, host)
    const booking = await sync.book(host)
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    sync.google.drag(OTHER, booking.eventId, { start: booking.start.add({ hours: 2 }).toString() })
    await sync.pass(2 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'moved and moved back it is what it was, whether that was noticed in between or not',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const booking = await sync.book(host)
    for (const noticed of [false, true]) {
      sync.google.transfer(host.calendarId, booking.eventId, OTHER)
      if (noticed) {
        await sync.settle()
        assert.equal(await keysOf(sync, booking), [other])
      }
      sync.google.transfer(OTHER, booking.eventId, host.calendarId)
      await sync.settle()
      assert.equal(await keysOf(sync, booking), [host.calendarKey])
    }
    assert.equal(await published(sync), [])
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'moved to a calendar that is not kept in step, it is gone',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await second(sync, host, false)
    const booking = await sync.book(host)
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

for (const [name, fault] of [
  ['cannot be asked', { status: 500, reason: 'backendError' }],
  ['refuses', { status: 403, reason: 'forbidden' }],
] as const)
  test(
    `where another calendar ${name}, a deletion decides nothing until it answers`,
    inSync({}, async (sync) => {
      const host = await sync.host()
      await second(sync, host)
      const booking = await sync.book(host)
      sync.google.faults.set({ id: 'f', calendarId: OTHER, methods: ['get'], ...fault })
      sync.google.delete(host.calendarId, booking.eventId)
      await sync.pass(90 * MINUTE)
      assert.equal(await published(sync), [])
      assert.is(await attention(sync, booking), 'UNKNOWN')
      sync.google.faults.clear({ id: 'f' })
      await sync.pass(16 * MINUTE)
      assert.equal(await published(sync), ['BookingCancelled'])
    }),
  )

/** Another calendar of the host's, whose credential nobody has stored. */
async function unconnected(sync: SyncFixture, host: Host): Promise<void> {
  await second(sync, host, false)
  const calendar = { provider: 'google', externalCalendarId: OTHER }
  await sync.command(RegisterCalendarSync, { userId: host.userId, ...calendar, credentialId: 'to-come' })
  await sync.settle()
}

test(
  'where another calendar waits for its credential, a deletion cancels: a deleted event keeps its organiser',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await unconnected(sync, host)
    const booking = await sync.book(host)
    sync.google.delete(host.calendarId, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'an event moved to a calendar that waits for its credential is told, and found there once it has one',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await unconnected(sync, host)
    const booking = await sync.book(host)
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    await sync.pass(90 * MINUTE)
    assert.equal(await published(sync), [])
    assert.is(await attention(sync, booking), 'UNKNOWN')
    await sync.ports.vault.put('to-come', { kind: 'oauth', refreshToken: REFRESH_TOKEN })
    await sync.pass(30 * MINUTE)
    assert.equal(await published(sync), [])
    assert.is.not(await attention(sync, booking), 'UNKNOWN')
  }),
)

test(
  'an ordinary change asks no other calendar; a deletion asks it',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await second(sync, host)
    const booking = await sync.book(host)
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.is(sync.asked('get', OTHER).length, 0)
    sync.google.delete(host.calendarId, booking.eventId)
    await sync.settle()
    assert.ok(sync.asked('get', OTHER).length > 0)
  }),
)

test(
  'more events than the brake lets pass, all moved to another synced calendar, hold nothing',
  inSync({ settings: { massChangeLimit: 2 } }, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const bookings: Linked[] = []
    for (let n = 0; n < 5; n++) bookings.push(await sync.book(host, { inHours: 48 + n }))
    for (const { eventId } of bookings) sync.google.transfer(host.calendarId, eventId, OTHER)
    await sync.settle()
    assert.equal(await published(sync), [])
    for (const booking of bookings) assert.equal(await keysOf(sync, booking), [other])
    assert.is((await sync.eventsOf('calendarFeed')).filter(({ type }) => type === 'ChangesHeld').length, 0)
  }),
)

test(
  'what observing noted as gone is looked for in other calendars before anything comes of it',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const booking = await sync.book(host)
    await sync.command(SetSyncPolicy, { userId: host.userId, mode: 'observe' })
    await sync.settle()
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    await sync.settle()
    await sync.command(SetSyncPolicy, { userId: host.userId, mode: 'apply' })
    await sync.settle()
    assert.equal(await keysOf(sync, booking), [other])
    assert.equal(await published(sync), [])
  }),
)

test(
  'a paused calendar takes an event in and acts on nothing',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const booking = await sync.book(host)
    const syncs = await syncsOfUser(sync.ports.readStore, host.userId)
    const paused = syncs.find(({ calendarKey }) => calendarKey === other)
    await sync.command(PauseCalendarSync, { calendarSyncId: paused?.calendarSyncId })
    await sync.settle()
    sync.google.transfer(host.calendarId, booking.eventId, OTHER)
    sync.google.drag(OTHER, booking.eventId, { start: booking.start.add({ hours: 2 }).toString() })
    await sync.settle()
    assert.equal(await keysOf(sync, booking), [other])
    assert.equal(await published(sync), [])
  }),
)

test(
  'an event given to another organiser is looked for in the other calendars of the host',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const other = await second(sync, host)
    const booking = await sync.book(host)
    sync.google.habits.changeOrganiser(host.calendarId, booking.eventId, {
      email: OTHER,
      formerStaysGuest: false,
    })
    await sync.settle()
    assert.equal(await keysOf(sync, booking), [other])
    assert.equal(await published(sync), [])
    assert.is(await attention(sync, booking), undefined)
  }),
)

test.run()
