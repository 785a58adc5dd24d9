import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('A reschedule that the host has to confirm')

/** A guest moves a booking whose type needs confirmation. Resolves with the uid of the one that waits. */
async function asked(sync: SyncFixture, booking: Linked): Promise<string> {
  const stored = sync.calcom.store.booking(booking.uid)
  const eventType = stored && sync.calcom.store.eventTypeOf(stored)
  if (eventType === undefined) throw new Error('no event type')
  eventType.requiresConfirmation = true
  return finish(sync, sync.calcom.reschedule(booking.uid, { start: booking.start.add({ hours: 5 }) }))
}

for (const view of [true, false])
  for (const [pendingTrigger, pendingKeepsReferences, acceptedTellsReschedule] of [
    ['BOOKING_REQUESTED', false, false],
    ['BOOKING_REQUESTED', true, true],
    ['BOOKING_CREATED', true, false],
  ] as const)
    test(
      `(${pendingTrigger}${pendingKeepsReferences ? ', which names the old event' : ''}${view ? '' : ', without the API'}) ends the old booking; nothing is published, and the accepted one is followed`,
      inSync({ view }, async (sync) => {
        Object.assign(sync.calcom.settings, {
          pendingTrigger,
          pendingKeepsReferences,
          acceptedTellsReschedule,
        })
        const booking = await sync.book(await sync.host())
        const next = await asked(sync, booking)
        await sync.pass(90_000)
        assert.is(await kindOf(sync, booking.uid), `RESCHEDULED to ${next}`)
        const waiting = await sync.booking(next)
        assert.is(waiting.kind === 'OPEN' && waiting.status, 'PENDING')

        sync.calcom.settings.beforeCalendarMs = 20_000
        sync.calcom.settings.beforeReferencesMs = 20_000
        await finish(sync, sync.calcom.confirm(next))
        await sync.pass(5 * 60_000)
        const accepted = await sync.booking(next)
        assert.is(accepted.kind === 'OPEN' && accepted.status, 'ACCEPTED')
        assert.equal(await sync.published(), [])
        if (!view) return
        const eventId = sync.calcom.store.booking(next)?.references.at(-1)?.uid ?? ''
        sync.google.delete(booking.host.calendarId, eventId)
        await sync.settle()
        await sync.pass(90_000)
        assert.equal(
          (await sync.published()).map(({ type, data }) => [type, data.bookingUid]),
          [['BookingCancelled', next]],
        )
      }),
    )

test(
  'that is rejected leaves nothing to follow, and nothing is published',
  inSync({}, async (sync) => {
    sync.calcom.settings.pendingTrigger = 'BOOKING_REQUESTED'
    const booking = await sync.book(await sync.host())
    const next = await asked(sync, booking)
    await finish(sync, sync.calcom.reject(next))
    await sync.pass(90_000)
    const rejected = await sync.booking(next)
    assert.is(rejected.kind === 'OPEN' && rejected.status, 'REJECTED')
    assert.equal(await sync.published(), [])
  }),
)

test(
  'whose acceptance overtakes its request ends the same',
  inSync({}, async (sync) => {
    sync.calcom.settings.pendingTrigger = 'BOOKING_REQUESTED'
    const booking = await sync.book(await sync.host())
    sync.calcom.faults.holdWebhooks = true
    const next = await asked(sync, booking)
    await finish(sync, sync.calcom.confirm(next))
    const held = sync.calcom.webhooks.log.filter(({ fate }) => fate === 'HELD').map(({ number }) => number)
    await sync.during(sync.calcom.webhooks.release(held.toReversed()))
    await sync.settle()
    await sync.pass(90_000)
    assert.is(await kindOf(sync, booking.uid), `RESCHEDULED to ${next}`)
    const state = await sync.booking(next)
    assert.equal(state.kind === 'OPEN' && [state.status, state.references.length > 0], ['ACCEPTED', true])
    assert.equal(await sync.published(), [])
  }),
)

test.run()
