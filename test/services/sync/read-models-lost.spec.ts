import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DiscardHeldChanges } from '../../../commands/discard-held-changes.ts'
import { PauseCalendarSync } from '../../../commands/pause-calendar-sync.ts'
import { RegisterSelectedCalendar } from '../../../commands/register-selected-calendar.ts'
import { ReleaseHeldChanges } from '../../../commands/release-held-changes.ts'
import { SetSyncPolicy } from '../../../commands/set-sync-policy.ts'
import { START } from '../../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { calendarFeedByKey } from '../../../projections/calendar-feeds.ts'
import { syncsOfUser } from '../../../projections/calendar-syncs.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { reconciler } from '../../../services/signals/reconciler.ts'
import { movedBeforeLink } from '../../support/moved-before-link.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Read models lost')

const calendarOf = ({ calendarId }: Host) => ({ provider: 'google', externalCalendarId: calendarId })
const held = async (sync: SyncFixture, host: Host) =>
  (await calendarFeedByKey(sync.ports.readStore, host.calendarKey))?.held.map(({ bookingUid }) => bookingUid)

/** All that was ever decided, held or found out. */
async function facts({ ports }: SyncFixture): Promise<string[]> {
  const page = await ports.events.readAll({ after: START, limit: 100_000 })
  return page.events
    .filter(({ type }) => type !== 'FullSyncCompleted')
    .map(({ stream, revision, type, data }) => `${stream} ${revision} ${type} ${JSON.stringify(data)}`)
}

/** The read models are lost, and everything that follows from it has settled. */
async function lose(sync: SyncFixture): Promise<void> {
  await sync.restartWithoutReadModels()
  await sync.pass(10_000)
  await sync.settle()
  await reconciler(sync.ports).run(new AbortController().signal)
  await sync.settle()
}

test(
  'a difference that a person released, and one discarded, is not held again; one that is held stays so',
  inSync({}, async (sync) => {
    const [releasing, discarding, waiting] = [await sync.host(1), await sync.host(2), await sync.host(3)]
    const released = await movedBeforeLink(sync, releasing, { inHours: 48 })
    await movedBeforeLink(sync, discarding, { inHours: 48 })
    const left = await movedBeforeLink(sync, waiting, { inHours: 48 })
    await sync.command(ReleaseHeldChanges, calendarOf(releasing))
    await sync.command(DiscardHeldChanges, calendarOf(discarding))
    await sync.settle()
    assert.equal(
      (await sync.published()).map(({ data }) => data.bookingUid),
      [released.uid],
    )
    const before = await facts(sync)
    await lose(sync)
    assert.equal(await facts(sync), before)
    assert.equal(await held(sync, releasing), [])
    assert.equal(await held(sync, discarding), [])
    assert.equal(await held(sync, waiting), [left.uid])
  }),
)

test(
  'what a person released once lets nothing past the brake that holds now',
  inSync({ settings: { massChangeLimit: 1 } }, async (sync) => {
    const host = await sync.host()
    const released = await movedBeforeLink(sync, host, { inHours: 48 })
    await sync.command(ReleaseHeldChanges, calendarOf(host))
    await sync.settle()
    const other = await sync.book(host, { inHours: 60 })
    for (const { eventId } of [other, released]) {
      sync.google.delete(host.calendarId, eventId)
      await sync.settle()
    }
    assert.equal(await held(sync, host), [released.uid])
    const before = await facts(sync)
    await lose(sync)
    assert.equal(await facts(sync), before)
    assert.equal(await held(sync, host), [released.uid])
  }),
)

test(
  'a calendar that is paused, and a host who is switched off, stay so while read models are made anew',
  inSync({}, async (sync) => {
    const [paused, off] = [await sync.book(await sync.host(1)), await sync.book(await sync.host(2))]
    const [one] = await syncsOfUser(sync.ports.readStore, paused.host.userId)
    await sync.command(PauseCalendarSync, { calendarSyncId: one?.calendarSyncId })
    await sync.command(SetSyncPolicy, { userId: off.host.userId, mode: 'off' })
    // Else the calendar is read no more, and nothing is noted.
    await sync.command(RegisterSelectedCalendar, {
      ...calendarOf(off.host),
      userId: '8',
      credentialId: off.host.credentialId,
    })
    await sync.settle()
    for (const booking of [paused, off]) sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.settle()
    const before = await facts(sync)
    await lose(sync)
    assert.equal(await facts(sync), before)
    assert.equal(await sync.published(), [])
  }),
)

test('nothing is looked at before the read models have caught up', async () => {
  let made = true
  const wrap = (ports: ServicePorts): ServicePorts => ({
    ...ports,
    caughtUp: (name) => (made ? ports.caughtUp(name) : Promise.reject(new StoreUnavailable('not yet'))),
  })
  await inSync({ wrap }, async (sync) => {
    const booking = await sync.book(await sync.host())
    made = false
    await sync.restart()
    sync.drag(booking, booking.start.add({ hours: 1 }))
    const subject = { kind: 'booking' as const, key: booking.uid }
    await sync.ports.queue.signal(subject, { cause: { poll: true } })
    const asked = sync.asked('get').length
    await sync.pass(30_000)
    assert.is(sync.asked('get').length, asked)
    made = true
    await sync.pass(10_000)
    await sync.settle()
    assert.ok(sync.asked('get').length > asked)
    assert.is((await sync.published()).length, 1)
  })()
})

test(
  'what was changed while nothing ran is found, and decided as ever',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const [moved, deleted] = [await sync.book(host), await sync.book(host, { inHours: 72 })]
    await sync.restartWithoutReadModels()
    sync.drag(moved, moved.start.add({ hours: 1 }))
    sync.google.delete(host.calendarId, deleted.eventId)
    await sync.pass(60_000)
    await sync.settle()
    assert.equal((await sync.published()).map(({ type, data }) => `${type} ${data.bookingUid}`).toSorted(), [
      `BookingCancelled ${deleted.uid}`,
      `BookingRescheduled ${moved.uid}`,
    ])
    const before = await facts(sync)
    await lose(sync)
    assert.equal(await facts(sync), before)
  }),
)

test.run()
