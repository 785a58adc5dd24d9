import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Events whose calendar Cal.com does not name')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const OTHER = 'second@example.com'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const attention = async (sync: SyncFixture, { uid }: Linked) =>
  (await bookingById(sync.ports.readStore, uid))?.attention
const unnamed = (sync: SyncFixture) => {
  sync.calcom.settings.referenceCalendar = 'none'
  sync.calcom.settings.referenceCalendarStored = false
}

/** From now on the host's bookings are written into another calendar, as Cal.com's webhooks say, or do not say. */
function writesInto(sync: SyncFixture, { userId, credentialId }: Host, calendarId: string): void {
  const destination = { externalCalendarId: calendarId, credentialId }
  const email = 'host-1@example.com'
  sync.calcom.createUser({ id: Number(userId), name: 'Host', email, timeZone: 'Europe/London', destination })
}

const seldom = {
  bookingReconcileMs: 1000 * HOUR,
  push: false,
  settings: { cronMs: HOUR, reconcileMs: 24 * HOUR },
}

function name(
  sync: SyncFixture,
  { uid }: Linked,
  references: Parameters<SyncFixture['calcom']['store']['replaceReferences']>[1],
): void {
  const found = sync.calcom.store.booking(uid)
  if (found) sync.calcom.store.replaceReferences(found, references)
}

async function register(sync: SyncFixture, { userId, credentialId }: Host, calendarId: string) {
  const calendar = { provider: 'google', externalCalendarId: calendarId }
  await sync.command(RegisterCalendarSync, { userId, credentialId, ...calendar })
  await sync.settle()
  return sync.ports.calendars.keyOf(calendar)
}

async function keysOf(sync: SyncFixture, { uid }: Linked): Promise<string[]> {
  const state = await sync.booking(uid)
  return state.kind === 'OPEN' ? state.references.map(({ stored }) => stored.calendarKey) : [state.kind]
}

test(
  'the event is found in another calendar of the host, and where it was found is remembered',
  inSync({}, async (sync) => {
    unnamed(sync)
    const host = await sync.host()
    sync.google.createCalendar({ id: OTHER, timeZone: 'Europe/London' })
    const other = await register(sync, host, OTHER)
    writesInto(sync, host, OTHER)
    sync.calcom.settings.payloadDestinations = 'null'
    const booking = await sync.book(host)
    assert.equal(await keysOf(sync, booking), [other])
    assert.is(await attention(sync, booking), undefined)
    const asked = sync.asked('get', host.calendarId).length
    sync.google.drag(OTHER, booking.eventId, { start: booking.start.add({ hours: 1 }).toString() })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    sync.google.delete(OTHER, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
    assert.ok(sync.asked('get', host.calendarId).length - asked <= 2, 'only once it seems gone')
  }),
)

test(
  'in none of them it is told with its reason, not cancelled; found once its calendar is registered, told no longer',
  inSync({}, async (sync) => {
    unnamed(sync)
    const host = await sync.host()
    sync.google.createCalendar({ id: OTHER, timeZone: 'Europe/London' })
    writesInto(sync, host, OTHER)
    sync.calcom.settings.payloadDestinations = 'null'
    const booking = await sync.book(host)
    await sync.pass(3 * HOUR)
    assert.is(await attention(sync, booking), 'EVENT_NOT_FOUND')
    assert.equal(await sync.decisions(booking.uid), [])
    const [told] = (await whatNeedsPerson(sync.ports)).filter(({ bookingUid }) => bookingUid === booking.uid)
    assert.is(told?.code, 'EVENT_NOT_FOUND')
    const other = await register(sync, host, OTHER)
    assert.equal(await keysOf(sync, booking), [other])
    assert.is(await attention(sync, booking), undefined)
    assert.equal(await published(sync), [])
  }),
)

test(
  'a host without any calendar in step is told of, and followed once there is one',
  inSync({}, async (sync) => {
    unnamed(sync)
    const host = await sync.host(1, { registered: false })
    sync.calcom.settings.payloadDestinations = 'null'
    const booking = await sync.book(host)
    await sync.pass(5 * MINUTE)
    assert.is(await attention(sync, booking), 'EVENT_NOT_FOUND')
    const key = await register(sync, host, host.calendarId)
    await sync.pass(20 * MINUTE)
    assert.equal(await keysOf(sync, booking), [key])
    assert.is(await attention(sync, booking), undefined)
  }),
)

test(
  'a guess that does not know the event takes nothing from the event that is alive',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    const named = { externalEventId: booking.eventId, externalCalendarId: host.calendarId }
    name(sync, booking, [{ externalEventId: 'nowhere1' }, named])
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(2 * MINUTE)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'primary is the calendar of its account: the one that the webhook names beside it',
  inSync({}, async (sync) => {
    const host = await sync.host(1, { registered: false })
    writesInto(sync, host, 'primary')
    const booked = await sync.book(host)
    const [start, end] = [booked.start, booked.end].map((at) => ({ dateTime: at.toString() }))
    const { id } = sync.google.insert(host.calendarId, { start: start ?? {}, end: end ?? {} })
    const booking = { ...booked, eventId: id }
    name(sync, booking, [{ externalEventId: id, externalCalendarId: 'primary' }])
    await sync.pass(5 * MINUTE)
    assert.equal(await keysOf(sync, booking), [host.calendarKey])
    assert.is(
      await sync.ports.calendars.find({ provider: 'google', externalCalendarId: 'primary' }),
      undefined,
    )
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a reference stored empty is asked for, ever more rarely, until it is filled',
  inSync(seldom, async (sync) => {
    sync.calcom.settings.referenceUid = 'empty'
    const asked: number[] = []
    const references = sync.ports.calcom?.references
    if (sync.ports.calcom && references)
      sync.ports.calcom.references = (...given) => {
        asked.push(sync.clock.now().epochMilliseconds)
        return references(...given)
      }
    const host = await sync.host()
    const booking = await sync.book(host, { inHours: 24 })
    await sync.pass(10 * HOUR)
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
    assert.ok(asked.length < 30, `${asked.length} times in ten hours`)
    assert.ok(Math.max(...gaps) > 2 * HOUR, `${gaps}`)
    const found = sync.calcom.store.booking(booking.uid)
    if (found) sync.calcom.store.fillReferences(found)
    await sync.pass(6 * HOUR)
    assert.equal(await keysOf(sync, booking), [host.calendarKey])
    const after = asked.length
    await sync.pass(2 * HOUR)
    assert.is(asked.length, after, 'asked no more')
  }),
)

test(
  'one that is never filled is asked for until the booking starts',
  inSync(seldom, async (sync) => {
    sync.calcom.settings.referenceUid = 'empty'
    await sync.book(await sync.host(), { inHours: 1 })
    await sync.pass(2 * HOUR)
    const [queue] = (await sync.ports.queue.status()).filter(({ kind }) => kind === 'references')
    assert.is((queue?.due ?? 0) + (queue?.waiting ?? 0), 0)
  }),
)

test.run()
