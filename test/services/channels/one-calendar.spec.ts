import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { PauseCalendarSync } from '../../../commands/pause-calendar-sync.ts'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { RegisterSelectedCalendar } from '../../../commands/register-selected-calendar.ts'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { trackedPart } from '../../../domain/booking/state.ts'
import { listCalendarSyncs } from '../../../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../../../projections/selected-calendars.ts'
import { subscriptionById } from '../../../projections/subscriptions.ts'
import { whatNeedsPerson } from '../../../services/status/needs-person.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('One calendar under several names')

const MINUTE = 60_000
const RENAMED = 'renamed@example.com'
const provider = 'google'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const keyOf = (sync: SyncFixture, externalCalendarId: string) =>
  sync.ports.calendars.keyOf({ provider, externalCalendarId })
const register = (sync: SyncFixture, { userId, credentialId }: Host, externalCalendarId: string) =>
  sync.command(RegisterCalendarSync, { userId, provider, externalCalendarId, credentialId })
/** What waits for a person, besides single bookings. */
const codes = async (sync: SyncFixture) =>
  (await whatNeedsPerson(sync.ports))
    .filter(({ bookingUid }) => bookingUid === undefined)
    .map(({ code }) => code)
const keysIn = async (sync: SyncFixture, { uid }: Linked) =>
  trackedPart(await sync.booking(uid))?.references.map(({ stored }) => stored.calendarKey)

async function syncsThatAreKept(sync: SyncFixture) {
  const { items } = await listCalendarSyncs(sync.ports.readStore, { limit: 10 })
  return items.filter(({ status }) => status !== 'REMOVED')
}

async function minutesPass(sync: SyncFixture, minutes = 3): Promise<void> {
  await sync.pass(minutes * MINUTE)
  await sync.settle()
}

/** A calendar with a booking, whose account gets another address. */
async function renamed(sync: SyncFixture): Promise<{ host: Host; booking: Linked }> {
  const host = await sync.host()
  const booking = await sync.book(host)
  sync.google.habits.rename(host.calendarId, RENAMED)
  return { host, booking }
}

test(
  'registered under its new address, a calendar has one key, one sync, one channel; its bookings come along',
  inSync({}, async (sync) => {
    const { host, booking } = await renamed(sync)
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    const present = await keyOf(sync, RENAMED)
    assert.is.not(present, host.calendarKey)
    assert.is(await keyOf(sync, host.calendarId), present, 'the former name leads there')
    assert.equal(
      (await syncsThatAreKept(sync)).map(({ calendarKey }) => calendarKey),
      [present],
    )
    assert.is((await subscriptionById(sync.ports.readStore, host.calendarKey))?.status, 'RELEASED')
    assert.is(sync.google.channels().filter(({ stoppedMs }) => stoppedMs === undefined).length, 1)
    assert.equal(await keysIn(sync, booking), [present])
    assert.equal(await codes(sync), [])
    assert.equal(await published(sync), [])
    sync.google.drag(RENAMED, booking.eventId, { start: booking.start.add({ hours: 1 }).toString() })
    await sync.settle()
    sync.google.delete(RENAMED, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
  }),
)

test(
  'all deletions of a calendar that was renamed pass one brake',
  inSync({ settings: { massChangeLimit: 3 } }, async (sync) => {
    const { host } = await renamed(sync)
    await sync.book(host, { inHours: 50 })
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    const { name, email, timeZone, apiKey } = sync.calcom.store.user(1) ?? {}
    const destination = { externalCalendarId: RENAMED, credentialId: host.credentialId }
    sync.calcom.createUser({ id: 1, name, email, timeZone, apiKey, destination })
    for (const inHours of [52, 54]) await sync.book(host, { inHours })
    sync.google.clear(RENAMED)
    await minutesPass(sync)
    assert.equal(await published(sync), [])
    assert.equal(await codes(sync), ['MASS_CHANGE'])
  }),
)

test(
  'what is held under the former name waits for a person before the names become one',
  inSync({ settings: { massChangeLimit: 0 } }, async (sync) => {
    const { host, booking } = await renamed(sync)
    sync.google.delete(RENAMED, booking.eventId)
    await sync.settle()
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    assert.equal(await codes(sync), ['MASS_CHANGE', 'CALENDAR_NAMED_TWICE'])
    await sync.command(DiscardHeldChanges, { provider, externalCalendarId: host.calendarId })
    await minutesPass(sync)
    assert.equal(await codes(sync), [])
    assert.is(await keyOf(sync, host.calendarId), await keyOf(sync, RENAMED))
    assert.equal(await published(sync), [])
  }),
)

test(
  'two calendars to which Google gives one resource id stay two where one does not know the events of the other',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    sync.google.createCalendar({ id: RENAMED, timeZone: 'Europe/London' })
    const { watch } = sync.ports.provider
    sync.ports.provider.watch = async (request, signal) => {
      const answer = await watch(request, signal)
      const [{ resourceId } = { resourceId: '' }] = sync.google.channels()
      return answer.ok ? { ok: true, value: { ...answer.value, resourceId } } : answer
    }
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    assert.equal(await codes(sync), ['CALENDAR_NAMED_TWICE'])
    assert.equal(await keysIn(sync, booking), [host.calendarKey])
    sync.google.delete(host.calendarId, booking.eventId)
    await minutesPass(sync)
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'what a host paused, and what is only observed, stays so under the new name',
  inSync({}, async (sync) => {
    const { host, booking } = await renamed(sync)
    const [known] = await syncsThatAreKept(sync)
    const { calendarSyncId } = known ?? {}
    await sync.command(SetSyncPolicy, { mode: 'observe', calendarSyncId })
    await sync.command(PauseCalendarSync, { calendarSyncId })
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    const [present] = await syncsThatAreKept(sync)
    assert.is(present?.status, 'PAUSED')
    assert.is.not(present?.calendarSyncId, calendarSyncId)
    sync.google.delete(RENAMED, booking.eventId)
    await minutesPass(sync)
    assert.equal(await published(sync), [])
    assert.ok((await sync.decisions(booking.uid)).includes('POLICY_OFF'))
  }),
)

test(
  'a calendar selected for conflicts under the former name is selected under the new one',
  inSync({}, async (sync) => {
    const { host } = await renamed(sync)
    const { userId, credentialId, calendarId } = host
    await sync.command(RegisterSelectedCalendar, {
      userId,
      provider,
      externalCalendarId: calendarId,
      credentialId,
    })
    await register(sync, host, RENAMED)
    await minutesPass(sync)
    const { readStore } = sync.ports
    assert.equal(await selectedCalendarsOf(readStore, host.calendarKey), [])
    assert.is((await selectedCalendarsOf(readStore, await keyOf(sync, RENAMED))).length, 1)
  }),
)

test(
  'a calendar that an older version gave a key for each of two letter cases gets one',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const booking = await sync.book(host)
    const shouted = 'Host-1@Example.com'
    const twin = await sync.ports.calendars.keyOfCase({ provider, externalCalendarId: shouted })
    assert.is.not(twin, host.calendarKey)
    await register(sync, host, shouted)
    await minutesPass(sync)
    assert.is(await keyOf(sync, shouted), await keyOf(sync, host.calendarId))
    assert.is((await syncsThatAreKept(sync)).length, 1)
    assert.equal(await codes(sync), [])
    sync.google.delete(host.calendarId, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test.run()
