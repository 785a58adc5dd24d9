import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarSyncIdOf } from '../../../commands/calendar-sync-id.ts'
import { NOBODY } from '../../../domain/booking/state.ts'
import { calendarSyncById } from '../../../projections/calendar-syncs.ts'
import { finish } from '../../support/calcom-changes.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Deliveries with holes')

const syncOf = async (sync: SyncFixture, { userId, calendarKey }: Host) => {
  await sync.settle()
  return calendarSyncById(sync.ports.readStore, calendarSyncIdOf(userId, calendarKey))
}
const booked = (sync: SyncFixture, more: object = {}) =>
  finish(sync, sync.calcom.book({ userId: 1, start: sync.clock.now().add({ hours: 30 }), ...more }))

for (const payloadDestinations of ['usual', 'null', 'empty', 'object'] as const)
  test(
    `whose booking it is, and is missing (its calendars come as: ${payloadDestinations}), is learned from Cal.com`,
    inSync({}, async (sync) => {
      const host = await sync.host(1, { registered: false })
      Object.assign(sync.calcom.settings, { payloadOrganizerId: false, payloadDestinations })
      const uid = await booked(sync)
      await sync.pass(30_000)
      const state = await sync.booking(uid)
      assert.equal(state.kind === 'OPEN' && [state.userId, state.references.length], ['1', 1])
      const registered = await syncOf(sync, host)
      assert.is(registered?.status, 'ACTIVE')
      const named = payloadDestinations === 'usual' || payloadDestinations === 'object'
      assert.is(registered?.credentialId, named ? host.credentialId : undefined)
    }),
  )

test(
  'whose booking it is, is learned from a later delivery where Cal.com cannot be asked',
  inSync({ view: false }, async (sync) => {
    const host = await sync.host(1, { registered: false })
    sync.calcom.settings.payloadOrganizerId = false
    const uid = await booked(sync)
    const before = await sync.booking(uid)
    assert.is(before.kind === 'OPEN' && before.userId, NOBODY)
    sync.calcom.settings.payloadOrganizerId = true
    const stored = sync.calcom.store.booking(uid)
    if (stored === undefined) return assert.unreachable()
    const again = sync.calcom.webhooks.log.at(-1)
    const delivery = JSON.parse(again?.body ?? '{}')
    delivery.payload.organizer.id = 1
    await sync.during(sync.calcom.webhooks.send('BOOKING_CREATED', delivery.payload))
    const after = await sync.booking(uid)
    assert.is(after.kind === 'OPEN' && after.userId, '1')
    assert.is((await syncOf(sync, host))?.credentialId, host.credentialId)
  }),
)

test(
  'a rescheduled booking has the host of the one before',
  inSync({ view: false }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.calcom.settings.payloadOrganizerId = false
    const next = await finish(
      sync,
      sync.calcom.reschedule(booking.uid, { start: booking.start.add({ hours: 3 }) }),
    )
    const state = await sync.booking(next)
    assert.is(state.kind === 'OPEN' && state.userId, '1')
  }),
)

for (const [name, view] of [
  ['learned by reading', true],
  ['believed where Cal.com cannot be asked', false],
] as const)
  test(
    `a booking that a payment accepts, without a word of its creation, is ${name}`,
    inSync({ view }, async (sync) => {
      const host = await sync.host()
      const { id: eventTypeId } = sync.calcom.createEventType(1, { lengthMinutes: 30, price: 5_000 })
      const uid = await booked(sync, { eventTypeId })
      assert.is((await sync.booking(uid)).kind, 'UNTRACKED')
      await finish(sync, sync.calcom.pay(uid))
      await sync.pass(30_000)
      const state = await sync.booking(uid)
      assert.is(state.kind === 'OPEN' && state.status, 'ACCEPTED')
      if (!view) return
      const eventId = sync.calcom.store.booking(uid)?.references[0]?.uid ?? ''
      sync.google.delete(host.calendarId, eventId)
      await sync.settle()
      assert.equal(
        (await sync.published()).map(({ type }) => type),
        ['BookingCancelled'],
      )
    }),
  )

test(
  'a paid booking whose webhooks are all lost is learned when bookings are read again, and its calendar kept in step',
  inSync({ bookingReconcileMs: 10 * 60_000 }, async (sync) => {
    const host = await sync.host(1, { registered: false })
    const { id: eventTypeId } = sync.calcom.createEventType(1, { lengthMinutes: 30, price: 5_000 })
    sync.calcom.faults.dropWebhooks = 2
    const uid = await booked(sync, { eventTypeId })
    await finish(sync, sync.calcom.pay(uid))
    await sync.pass(12 * 60_000)
    const state = await sync.booking(uid)
    assert.equal(state.kind === 'OPEN' && [state.status, state.references.length], ['ACCEPTED', 1])
    assert.is((await syncOf(sync, host))?.status, 'ACTIVE')
  }),
)

test.run()
