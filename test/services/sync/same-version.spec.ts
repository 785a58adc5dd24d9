import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Times that change while the version does not')

const HOUR = 3_600_000
const published = async (sync: SyncFixture) =>
  (await sync.published()).map((event) =>
    event.type === 'BookingRescheduled' ? `${event.data.bookingUid} ${event.data.next.start}` : event.type,
  )
const NEW_YORK = 'America/New_York'
const inNewYork = { keep: 'clock', sameEtag: true } as const

test(
  'another zone of the calendar moves the booking at once, and a later edit of the title moves nothing',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host(), { inHours: 72 })
    const { calendarId } = booking.host
    const { etag } = sync.google.get(calendarId, booking.eventId)
    sync.google.habits.changeZone(calendarId, NEW_YORK, inNewYork)
    assert.is(sync.google.get(calendarId, booking.eventId).etag, etag)
    await sync.settle()
    const moved = `${booking.uid} ${booking.start.add({ hours: 5 })}`
    assert.equal(await published(sync), [moved])
    sync.google.patch(calendarId, booking.eventId, { summary: 'Another title' })
    await sync.settle()
    assert.equal(await published(sync), [moved])
  }),
)

test(
  'more of them than the brake allows are held',
  inSync({ settings: { massChangeLimit: 2 } }, async (sync) => {
    const host = await sync.host()
    for (const inHours of [72, 75, 78]) await sync.book(host, { inHours })
    sync.google.habits.changeZone(host.calendarId, NEW_YORK, inNewYork)
    await sync.settle()
    assert.equal(await published(sync), [])
    const held = (await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held
    assert.equal(
      held?.map(({ reason }) => reason),
      ['MASS_MOVE', 'MASS_MOVE', 'MASS_MOVE'],
    )
  }),
)

test(
  'where no list mentions it, a full sync finds it',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host(), { inHours: 72 })
    const { calendarId } = booking.host
    sync.google.habits.changeZone(calendarId, NEW_YORK, { ...inNewYork, listed: false })
    await sync.pass(HOUR)
    assert.equal(await published(sync), [])
    sync.google.expireSyncTokens(calendarId)
    await sync.pass(HOUR)
    assert.equal(await published(sync), [`${booking.uid} ${booking.start.add({ hours: 5 })}`])
  }),
)

test(
  'cancelled in the same version: the booking is cancelled',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host(), { inHours: 72 })
    sync.google.habits.rewrite(
      booking.host.calendarId,
      booking.eventId,
      { status: 'cancelled' },
      { sameEtag: true },
    )
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test.run()
