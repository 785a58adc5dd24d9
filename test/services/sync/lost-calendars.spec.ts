import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { ReleaseHeldChanges } from '../../../commands/release-held-changes.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Calendars that are lost')

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const OTHER = 'second@example.com'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const held = async (sync: SyncFixture, { calendarKey }: Host) =>
  ((await calendarFeedByKey(sync.ports.readStore, calendarKey))?.held ?? [])
    .map(({ bookingUid, reason }) => `${reason} ${bookingUid}`)
    .toSorted()
const calendarOf = ({ calendarId }: Host) => ({ provider: 'google', externalCalendarId: calendarId })
const gone = (sync: SyncFixture, { calendarId }: Host, is: boolean) =>
  sync.google.changeCalendar(calendarId, {
    settings: { gone: is, pushSupported: true, tombstones: 'id-only' },
  })
const all = (reason: string, bookings: readonly Linked[]) =>
  bookings.map(({ uid }) => `${reason} ${uid}`).toSorted()

async function two(sync: SyncFixture) {
  const host = await sync.host()
  const bookings = [await sync.book(host), await sync.book(host, { inHours: 60 })]
  return { host, bookings }
}

test(
  'gone for an hour, all its bookings are held, and nothing is cancelled; not before, and not twice',
  inSync({}, async (sync) => {
    const { host, bookings } = await two(sync)
    gone(sync, host, true)
    await sync.pass(50 * MINUTE)
    assert.equal(await held(sync, host), [])
    await sync.pass(60 * MINUTE)
    assert.equal(await held(sync, host), all('CALENDAR_GONE', bookings))
    assert.equal(await published(sync), [])
    const codes = (await whatNeedsPerson(sync.ports)).map(({ code }) => code)
    assert.equal(codes, ['CALENDAR_GONE'])
    await sync.command(DiscardHeldChanges, calendarOf(host))
    await sync.pass(2 * HOUR)
    assert.equal(await held(sync, host), [], 'a person has spoken')
  }),
)

test(
  'there again, its deletions wait for a person as long as they are held; released, they are carried out',
  inSync({}, async (sync) => {
    const { host, bookings } = await two(sync)
    gone(sync, host, true)
    await sync.pass(2 * HOUR)
    gone(sync, host, false)
    const [deleted, moved] = bookings
    if (!deleted || !moved) return assert.unreachable()
    sync.google.delete(host.calendarId, deleted.eventId)
    sync.drag(moved, moved.start.add({ hours: 1 }))
    await sync.pass(HOUR)
    assert.equal(await published(sync), ['BookingRescheduled'])
    await sync.command(ReleaseHeldChanges, calendarOf(host))
    await sync.pass(MINUTE)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
  }),
)

test(
  'gone after its events were moved to another synced calendar, nothing is held',
  inSync({}, async (sync) => {
    const { host, bookings } = await two(sync)
    const { userId, credentialId } = host
    sync.google.createCalendar({ id: OTHER })
    await sync.command(RegisterCalendarSync, {
      userId,
      credentialId,
      provider: 'google',
      externalCalendarId: OTHER,
    })
    await sync.settle()
    sync.google.faults.set({ id: 'f', calendarId: host.calendarId, methods: ['list'], status: 503 })
    for (const { eventId } of bookings) sync.google.transfer(host.calendarId, eventId, OTHER)
    gone(sync, host, true)
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(2 * HOUR)
    assert.equal(await held(sync, host), [])
    assert.equal(await published(sync), [])
    const key = await sync.ports.calendars.keyOf({ provider: 'google', externalCalendarId: OTHER })
    for (const { uid } of bookings) {
      const state = await sync.booking(uid)
      assert.is(state.kind === 'OPEN' && state.references[0]?.stored.calendarKey, key)
    }
  }),
)

test(
  'another calendar under the same name, which knows none of the events, has all bookings held at once',
  inSync({}, async (sync) => {
    const { host, bookings } = await two(sync)
    sync.google.deleteCalendar(host.calendarId)
    sync.google.createCalendar({ id: host.calendarId })
    sync.google.expireSyncTokens(host.calendarId)
    await sync.pass(30 * MINUTE)
    assert.equal(await held(sync, host), all('ACCOUNT_CHANGED', bookings))
    assert.equal(await published(sync), [])
    const [told] = await whatNeedsPerson(sync.ports)
    assert.match(told?.next ?? '', /Connect the calendar's account again/)
  }),
)

test(
  'a calendar that was cleared is the same one: its deletions are carried out, or held as many',
  inSync({}, async (sync) => {
    const { host } = await two(sync)
    sync.google.faults.set({ id: 'f', calendarId: host.calendarId, methods: ['list'], status: 503 })
    sync.google.clear(host.calendarId)
    sync.google.expireSyncTokens(host.calendarId)
    await sync.pass(MINUTE)
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(30 * MINUTE)
    assert.equal(await published(sync), ['BookingCancelled', 'BookingCancelled'])
    assert.equal(await held(sync, host), [])
  }),
)

test.run()
