import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('when a calendar was last used')

const DAY = 24 * 3_600_000
const lastUsedAt = async (sync: SyncFixture, { userId }: Host) => {
  const [one] = await syncsOfUser(sync.ports.readStore, userId)
  return one?.lastUsedAt
}
const uses = async (sync: SyncFixture) =>
  (await sync.eventsOf('calendarSync')).filter(({ type }) => type === 'CalendarSyncUsed').length
const linkedAt = async (sync: SyncFixture) =>
  (await sync.eventsOf('booking')).flatMap((event) =>
    event.type === 'BookingReferenceLinked' ? [event.data.at] : [],
  )

test(
  'a booking that is linked uses its calendar, at the time of the link',
  inSync({}, async (sync) => {
    const host = await sync.host()
    assert.is(await lastUsedAt(sync, host), undefined)
    await sync.book(host)
    const [first] = await linkedAt(sync)
    assert.ok(first)
    assert.is(await lastUsedAt(sync, host), first)
  }),
)

test(
  'a change that is carried back is no use of the calendar',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const meeting = await sync.book(host, { inHours: 96 })
    const booked = await lastUsedAt(sync, host)
    await sync.pass(DAY)
    sync.drag(meeting, meeting.start.add({ hours: 1 }))
    await sync.settle()
    assert.is((await sync.published()).length, 1)
    assert.is(await lastUsedAt(sync, host), booked)
  }),
)

test(
  'a burst of bookings leaves one use for the day, and a booking of a later day the next',
  inSync({}, async (sync) => {
    const host = await sync.host()
    for (const inHours of [96, 98, 100]) await sync.book(host, { inHours })
    assert.is(await uses(sync), 1)
    await sync.pass(DAY)
    await sync.book(host, { inHours: 96 })
    assert.is(await uses(sync), 2)
    assert.is(await lastUsedAt(sync, host), (await linkedAt(sync)).at(-1))
  }),
)

test(
  'links that are reacted to again, from the first on, do not set it back',
  inSync({}, async (sync) => {
    const host = await sync.host()
    await sync.book(host, { inHours: 96 })
    await sync.pass(DAY)
    await sync.book(host, { inHours: 96 })
    const before = await lastUsedAt(sync, host)
    await sync.restartWithoutReadModels()
    await sync.settle()
    assert.is(before, (await linkedAt(sync)).at(-1))
    assert.is(await lastUsedAt(sync, host), before)
    assert.is(await uses(sync), 2)
  }),
)

test(
  'a calendar that is registered after its booking was used by it',
  inSync({}, async (sync) => {
    const host = await sync.host(1, { registered: false })
    const calendar = { provider: 'google', externalCalendarId: host.calendarId }
    const start = sync.clock.now().add({ hours: 48 })
    await sync.command(TrackBooking, {
      bookingUid: 'booked-before',
      userId: host.userId,
      start: start.toString(),
      end: start.add({ minutes: 30 }).toString(),
      references: [{ ...calendar, externalEventId: 'event-1' }],
    })
    await sync.settle()
    await sync.pass(60_000)
    await sync.command(RegisterCalendarSync, {
      userId: host.userId,
      ...calendar,
      credentialId: host.credentialId,
    })
    await sync.settle()
    assert.is(await lastUsedAt(sync, host), (await linkedAt(sync))[0])
  }),
)

test.run()
