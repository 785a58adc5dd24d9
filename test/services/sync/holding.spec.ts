import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { PauseCalendarSync } from '../../../commands/pause-calendar-sync.ts'
import { RegisterCalendarSync } from '../../../commands/register-calendar-sync.ts'
import { ReleaseHeldChanges } from '../../../commands/release-held-changes.ts'
import { RemoveCalendarSync } from '../../../commands/remove-calendar-sync.ts'
import { ResumeCalendarSync } from '../../../commands/resume-calendar-sync.ts'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import { movedBeforeLink } from '../../support/moved-before-link.ts'
import { type Host, inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Holding back')

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const calendarOf = ({ calendarId }: Host) => ({ provider: 'google', externalCalendarId: calendarId })
const attention = async (sync: SyncFixture, { uid }: Linked) =>
  (await bookingById(sync.ports.readStore, uid))?.attention
const held = async (sync: SyncFixture, host: Host) =>
  (await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held ?? []
const syncId = async (sync: SyncFixture, host: Host) => {
  const [one] = await syncsOfUser(sync.ports.readStore, host.userId)
  return { calendarSyncId: one?.calendarSyncId }
}

const differing = async (sync: SyncFixture): Promise<Linked> => movedBeforeLink(sync, await sync.host())

test(
  "an organisation's policy holds for the bookings of its hosts, which need not name it themselves",
  inSync({}, async (sync) => {
    const host = await sync.host()
    const organizationId = 'organization-1'
    await sync.command(RegisterCalendarSync, {
      userId: host.userId,
      ...calendarOf(host),
      credentialId: host.credentialId,
      organizationId,
    })
    const booking = await sync.book(host)
    await sync.command(SetSyncPolicy, { mode: 'observe', organizationId })
    await sync.settle()
    sync.drag(booking, booking.start.add({ hours: 4 }))
    await sync.pass(60_000)
    await sync.settle()
    assert.equal(await published(sync), [])
    await sync.command(SetSyncPolicy, { mode: 'apply', organizationId })
    await sync.settle()
    assert.equal(
      (await sync.published()).map(({ type, data }) => [type, data.organizationId]),
      [['BookingRescheduled', organizationId]],
    )
  }),
)

test(
  'a difference from before the link is held, and shown to a person',
  inSync({}, async (sync) => {
    const booking = await differing(sync)
    assert.equal(await sync.published(), [])
    assert.is(await attention(sync, booking), 'FIRST_LOOK')
    assert.equal(
      (await held(sync, booking.host)).map(({ bookingUid, reason }) => [bookingUid, reason]),
      [[booking.uid, 'FIRST_LOOK']],
    )
  }),
)

test(
  'released, it is looked at again and acts',
  inSync({}, async (sync) => {
    const booking = await differing(sync)
    await sync.command(ReleaseHeldChanges, calendarOf(booking.host))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.equal(await held(sync, booking.host), [])
    assert.is(await attention(sync, booking), undefined)
  }),
)

test(
  'discarded, it stays as it is, through later fetches too',
  inSync({}, async (sync) => {
    const booking = await differing(sync)
    await sync.command(DiscardHeldChanges, calendarOf(booking.host))
    await sync.pass(3_600_000)
    await sync.settle()
    assert.equal(await sync.published(), [])
    assert.equal(await held(sync, booking.host), [])
    assert.is(await attention(sync, booking), undefined)
  }),
)

test(
  'a change after the link acts, though an older difference was held',
  inSync({}, async (sync) => {
    const booking = await differing(sync)
    sync.drag(booking, booking.start.add({ hours: 6 }))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a stop that is taken back leads to the mode from before it, not beyond',
  inSync({ mode: 'observe' }, async (sync) => {
    const booking = await sync.book(await sync.host())
    await sync.command(SetSyncPolicy, { mode: 'off' })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.is((await sync.decisions(booking.uid)).at(-1), 'POLICY_OFF')
    await sync.command(SetSyncPolicy, { mode: 'default' })
    await sync.settle()
    assert.is((await sync.decisions(booking.uid)).at(-1), 'OBSERVE_ONLY')
    assert.equal(await sync.published(), [])
  }),
)

test(
  'observing records what would have been done; a switch to apply does it',
  inSync({ mode: 'observe' }, async (sync) => {
    const host = await sync.host()
    const [moved, deleted] = [await sync.book(host), await sync.book(host, { inHours: 50 })]
    sync.drag(moved, moved.start.add({ hours: 1 }))
    sync.google.delete(host.calendarId, deleted.eventId)
    await sync.settle()
    assert.is((await sync.decisions(moved.uid)).at(-1), 'OBSERVE_ONLY')
    assert.is((await sync.decisions(deleted.uid)).at(-1), 'OBSERVE_ONLY')
    await sync.pass(3_600_000)
    assert.is((await sync.decisions(moved.uid)).length, 2, 'once for one version of the event')
    assert.equal(await sync.published(), [])
    await sync.command(SetSyncPolicy, { mode: 'apply' })
    await sync.settle()
    assert.equal((await published(sync)).toSorted(), ['BookingCancelled', 'BookingRescheduled'])
  }),
)

for (const mode of ['observe', 'off'] as const)
  test(
    `what was set aside under SYNC_MODE ${mode} is looked at when the service starts with apply, but not where it is off still`,
    inSync({ mode }, async (sync) => {
      const [host, other] = [await sync.host(1), await sync.host(2)]
      const [moved, off] = [await sync.book(host), await sync.book(other)]
      await sync.command(SetSyncPolicy, { userId: other.userId, mode: 'off' })
      for (const booking of [moved, off]) sync.drag(booking, booking.start.add({ hours: 1 }))
      await sync.settle()
      await sync.restart()
      await sync.settle()
      assert.equal(await sync.published(), [])
      sync.ports.defaultMode = 'apply'
      const before = sync.asked('get', other.calendarId).length
      await sync.restart()
      await sync.settle()
      assert.equal(
        (await sync.published()).map(({ data }) => data.bookingUid),
        [moved.uid],
      )
      assert.is(sync.asked('get', other.calendarId).length, before)
    }),
  )

test(
  'off for everything decides nothing; lifted, all linked bookings are looked at again',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    await sync.command(SetSyncPolicy, { mode: 'off' })
    await sync.settle()
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.is((await sync.decisions(booking.uid)).at(-1), 'POLICY_OFF')
    assert.equal(await sync.published(), [])
    await sync.command(SetSyncPolicy, { mode: 'apply' })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a paused calendar sync decides nothing; resumed, it carries on',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const id = await syncId(sync, booking.host)
    await sync.command(PauseCalendarSync, id)
    await sync.settle()
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await sync.published(), [])
    await sync.command(ResumeCalendarSync, id)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a removed calendar sync decides nothing, though another user keeps the calendar read',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const { calendarId, credentialId } = booking.host
    await sync.command(RegisterCalendarSync, { userId: '7', ...calendarOf(booking.host), credentialId })
    await sync.command(RemoveCalendarSync, await syncId(sync, booking.host))
    await sync.settle()
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    assert.equal(await sync.published(), [])
    const { userId } = booking.host
    await sync.command(RegisterCalendarSync, { userId, ...calendarOf(booking.host), credentialId })
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'], calendarId)
  }),
)

test.run()
