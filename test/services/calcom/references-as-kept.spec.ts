import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { finish } from '../../support/calcom-changes.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('References as Cal.com keeps them')

const HOUR = 3_600_000
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const namesOf = async (sync: SyncFixture, uid: string) => {
  const state = await sync.booking(uid)
  return state.kind === 'OPEN' ? state.references.map(({ stored }) => stored.externalEventId) : []
}
/** Another event for the booking at its time, beside which the one before is withdrawn, and deleted. */
async function replaced(sync: SyncFixture, booking: Linked): Promise<string> {
  const at = (time: Temporal.Instant) => ({ dateTime: `${time}` })
  const { id } = sync.google.insert(booking.host.calendarId, {
    start: at(booking.start),
    end: at(booking.end),
  })
  const stored = sync.calcom.store.booking(booking.uid)
  if (stored === undefined) throw new Error('no booking')
  const externalCalendarId = booking.host.calendarId
  sync.calcom.store.replaceReferences(stored, [
    { externalEventId: booking.eventId, externalCalendarId, deleted: true },
    { externalEventId: id, externalCalendarId },
  ])
  sync.google.delete(booking.host.calendarId, booking.eventId)
  await sync.settle()
  return id
}

for (const deletedReferences of ['listed', 'left-out'] as const)
  test(
    `a withdrawn one beside the present (${deletedReferences}) cancels nothing; the present one does`,
    inSync({}, async (sync) => {
      sync.calcom.settings.deletedReferences = deletedReferences
      const booking = await sync.book(await sync.host())
      const present = await replaced(sync, booking)
      await sync.pass(90_000)
      assert.equal(await published(sync), [])
      assert.ok((await namesOf(sync, booking.uid)).includes(present))
      sync.drag({ ...booking, eventId: present }, booking.start.add({ hours: 2 }))
      await sync.settle()
      assert.equal(await published(sync), ['BookingRescheduled'])
      sync.google.delete(booking.host.calendarId, present)
      await sync.settle()
      await sync.pass(90_000)
      assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
    }),
  )

test(
  'stored without a name, one is asked for until it has one, hours later',
  inSync({ bookingReconcileMs: 1000 * HOUR }, async (sync) => {
    await sync.host()
    sync.calcom.settings.referenceUid = 'empty'
    const start = sync.clock.now().add({ hours: 30 })
    const uid = await finish(sync, sync.calcom.book({ userId: 1, start }))
    await sync.pass(3 * HOUR)
    assert.equal(await namesOf(sync, uid), [])
    const stored = sync.calcom.store.booking(uid)
    if (stored === undefined) return assert.unreachable()
    sync.calcom.store.fillReferences(stored)
    await sync.pass(HOUR / 3)
    assert.is((await namesOf(sync, uid)).length, 1)
  }),
)

test(
  'stored when nobody asks any more, one is found when bookings are read again',
  inSync({ bookingReconcileMs: HOUR }, async (sync) => {
    await sync.host()
    sync.calcom.settings.beforeReferencesMs = 2.5 * HOUR
    const start = sync.clock.now().add({ hours: 30 })
    const outcome = sync.calcom.book({ userId: 1, start })
    if (!outcome.ok) return assert.unreachable()
    await sync.pass(2.4 * HOUR)
    assert.equal(await namesOf(sync, outcome.booking.uid), [])
    await sync.pass(1.3 * HOUR)
    assert.is((await namesOf(sync, outcome.booking.uid)).length, 1)
  }),
)

test(
  'refused by a version of the API that is gone, changes are decided as without it',
  inSync({ settings: { echoGraceMs: 10_000 } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.calcom.settings.goneVersions = ['2024-08-13']
    sync.drag(booking, booking.start.add({ hours: 2 }))
    await sync.pass(9_000)
    assert.equal(await published(sync), [])
    await sync.pass(6_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.pass(30_000)
    assert.equal(await published(sync), ['BookingRescheduled', 'BookingCancelled'])
  }),
)

test.run()
