import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { ReleaseHeldChanges } from '../../../commands/release-held-changes.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { dailySeries, trackDay } from '../../support/daily-series.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Events given to another organiser')

const MINUTE = 60_000
const NEW_OWNER = 'owner@example.com'

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const attention = async (sync: SyncFixture, uid: string) =>
  (await bookingById(sync.ports.readStore, uid))?.attention
const held = async (sync: SyncFixture, { calendarKey }: Pick<Host, 'calendarKey'>) =>
  ((await calendarFeedByKey(sync.ports.readStore, calendarKey))?.held ?? []).map(
    ({ bookingUid, reason }) => `${reason} ${bookingUid}`,
  )
const calendarOf = ({ calendarId }: Host) => ({ provider: 'google', externalCalendarId: calendarId })
const handOver = (sync: SyncFixture, { host, eventId }: Linked, formerStaysGuest: boolean) =>
  sync.google.habits.changeOrganiser(host.calendarId, eventId, { email: NEW_OWNER, formerStaysGuest })

test(
  'where nothing but an id is left, the booking is held and told after the grace, and nothing is cancelled',
  inSync({ settings: { cancelGraceMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    handOver(sync, booking, false)
    await sync.pass(30_000)
    assert.equal(await held(sync, booking.host), [])
    await sync.pass(3 * MINUTE)
    assert.equal(await published(sync), [])
    assert.equal(await held(sync, booking.host), [`DELETION_UNCLEAR ${booking.uid}`])
    assert.is(await attention(sync, booking.uid), 'DELETION_UNCLEAR')
  }),
)

test(
  'released, it cancels; discarded, it is left through later fetches',
  inSync({}, async (sync) => {
    const [first, second] = [await sync.host(1), await sync.host(2)]
    const [released, discarded] = [await sync.book(first), await sync.book(second)]
    for (const booking of [released, discarded]) handOver(sync, booking, false)
    await sync.settle()
    await sync.command(ReleaseHeldChanges, calendarOf(first))
    await sync.command(DiscardHeldChanges, calendarOf(second))
    await sync.pass(60 * MINUTE)
    await sync.settle()
    assert.equal(
      (await sync.published()).map(({ type, data }) => [type, data.bookingUid]),
      [['BookingCancelled', released.uid]],
    )
    assert.is(await attention(sync, discarded.uid), undefined)
    assert.equal(await held(sync, second), [])
  }),
)

test(
  'a full sync, whose list lacks the event, comes to the same',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId } = booking.host
    sync.google.faults.set({ id: 'f', calendarId, methods: ['list'], status: 503 })
    handOver(sync, booking, false)
    sync.google.expireSyncTokens(calendarId)
    await sync.pass(MINUTE)
    sync.google.faults.clear({ id: 'f' })
    await sync.pass(20 * MINUTE)
    assert.equal(await published(sync), [])
    assert.equal(await held(sync, booking.host), [`DELETION_UNCLEAR ${booking.uid}`])
  }),
)

test(
  'what Cal.com ended itself holds nothing, however its event looks',
  inSync({ settings: { cancelGraceMs: MINUTE } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.calcom.faults.dropWebhooks = 1
    handOver(sync, booking, false)
    const cancelled = sync.calcom.cancel(booking.uid)
    if (cancelled.ok) await sync.during(cancelled.settled)
    await sync.pass(5 * MINUTE)
    assert.equal(await held(sync, booking.host), [])
    assert.is((await sync.booking(booking.uid)).kind, 'CLOSED')
  }),
)

test(
  'where the former organiser stays a guest it is told, and so are later moves, which nobody carries over',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    handOver(sync, booking, true)
    await sync.settle()
    assert.is(await attention(sync, booking.uid), 'ORGANISER_CHANGED')
    sync.drag(booking, booking.start.add({ hours: 2 }))
    await sync.settle()
    assert.equal(await published(sync), [])
    assert.is(await attention(sync, booking.uid), 'ORGANISER_CHANGED')
  }),
)

test(
  'a series given away is held for each of its bookings that is to come',
  inSync({ view: false }, async (sync) => {
    const first = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 24 })
    const made = await dailySeries(sync, first)
    const { calendarId, masterId, at } = made
    const nameOf = (day: number) => `${masterId}_${at(day).replaceAll(/[-:]/g, '')}`
    for (const day of [1, 2]) await trackDay(sync, made, day, nameOf(day))
    await sync.settle()
    sync.google.habits.changeOrganiser(calendarId, masterId, { email: NEW_OWNER, formerStaysGuest: false })
    await sync.pass(5 * MINUTE)
    await sync.settle()
    assert.equal(await published(sync), [])
    assert.equal((await held(sync, made)).toSorted(), ['DELETION_UNCLEAR day-1', 'DELETION_UNCLEAR day-2'])
  }),
)

test.run()
