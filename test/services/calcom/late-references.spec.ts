import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { answerAbout } from '../../../domain/explain/booking-answer.ts'
import { bookingById } from '../../../projections/bookings.ts'
import { bookUnconfirmed, finish, kindOf } from '../../support/calcom-changes.ts'
import { inSync } from '../../support/sync-fixture.ts'

const test = suite('Late references')

const MINUTE = 60_000

test(
  'references that Cal.com stores late are found',
  inSync({}, async (sync) => {
    sync.calcom.settings.beforeReferencesMs = 20 * MINUTE
    const host = await sync.host()
    const outcome = sync.calcom.book({ userId: 1, start: sync.clock.now().add({ hours: 30 }) })
    await sync.pass(36 * MINUTE)
    if (!outcome.ok) return assert.unreachable()
    const { uid } = outcome.booking
    const state = await sync.booking(uid)
    assert.is(state.kind === 'OPEN' && state.references[0]?.stored.calendarKey, host.calendarKey)
  }),
)

test(
  'references that never come are told after an hour, and the booking shows as unlinked',
  inSync({}, async (sync) => {
    sync.calcom.settings.eventLink = 'none'
    sync.calcom.faults.referencesMissing = true
    const booking = await sync.book(await sync.host())
    await sync.pass(90 * MINUTE)
    const { attention } = (await bookingById(sync.ports.readStore, booking.uid)) ?? {}
    assert.is(attention, 'LINK_NOT_FOUND')
    const events = (await sync.eventsOf('booking')) as Parameters<typeof answerAbout>[0]
    assert.match(answerAbout(events), /no calendar event is linked/)
    assert.is(await kindOf(sync, booking.uid), 'OPEN')
  }),
)

test(
  'a booking that awaited confirmation for longer than an hour is linked soon after it',
  inSync({}, async (sync) => {
    await sync.host()
    const uid = await bookUnconfirmed(sync)
    await sync.pass(55 * MINUTE)
    const before = await sync.booking(uid)
    assert.is(before.kind === 'OPEN' && before.status, 'PENDING')
    await finish(sync, sync.calcom.confirm(uid))
    await sync.pass(10_000)
    const state = await sync.booking(uid)
    assert.equal(state.kind === 'OPEN' && [state.status, state.references.length], ['ACCEPTED', 1])
  }),
)

test(
  'a reference that was passed on and stays unconfirmed, and whose event is gone, is told after an hour',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.calcom.faults.referencesMissing = true
    sync.calcom.settings.eventLink = 'none'
    const start = booking.start.add({ hours: 2 })
    const uid = await finish(sync, sync.calcom.reschedule(booking.uid, { start }))
    sync.google.delete(booking.host.calendarId, booking.eventId)
    const attention = async () => (await bookingById(sync.ports.readStore, uid))?.attention
    await sync.pass(50 * MINUTE)
    assert.is(await attention(), undefined)
    await sync.pass(30 * MINUTE)
    assert.is(await attention(), 'REFERENCE_UNCONFIRMED')
    assert.equal(await sync.published(), [])
    sync.calcom.faults.referencesMissing = false
    const found = sync.calcom.store.booking(uid)
    const { calendarId } = booking.host
    if (found)
      sync.calcom.store.replaceReferences(found, [
        { externalEventId: booking.eventId, externalCalendarId: calendarId },
      ])
    await sync.command(TrackBooking, {
      bookingUid: uid,
      userId: '1',
      start: start.toString(),
      end: start.add({ minutes: 30 }).toString(),
      references: [{ provider: 'google', externalCalendarId: calendarId, externalEventId: booking.eventId }],
    })
    await sync.pass(5 * MINUTE)
    assert.is((await sync.published())[0]?.type, 'BookingCancelled')
  }),
)

test.run()
