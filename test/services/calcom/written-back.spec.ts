import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { finish } from '../../support/calcom-changes.ts'
import { eventConsumer } from '../../support/event-consumer.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('An event that Cal.com writes back while a move is on its way there')

const MINUTE = 60_000
const moves = async (sync: SyncFixture, { start }: Linked) =>
  (await sync.published()).map(({ data }) =>
    'next' in data ? start.until(data.next.start).total('hours') : 'cancelled',
  )
/** Moved by three hours in the calendar, and by an edit in Cal.com (a place, a guest) put back to where it was. */
async function putBack(sync: SyncFixture, booking: Linked): Promise<void> {
  sync.drag(booking, booking.start.add({ hours: 3 }))
  await sync.settle()
  await sync.pass(10_000)
  await finish(sync, sync.calcom.edit(booking.uid, { location: 'Room 7' }))
}
const linkedByCommand = async (sync: SyncFixture): Promise<Linked> => {
  const booking = await sync.book(await sync.host())
  const { host, uid, eventId, start, end } = booking
  const reference = { provider: 'google', externalCalendarId: host.calendarId, externalEventId: eventId }
  await sync.command(TrackBooking, {
    bookingUid: uid,
    userId: host.userId,
    start: `${start}`,
    end: `${end}`,
    references: [reference],
  })
  await sync.settle()
  return booking
}

for (const view of [true, false]) {
  const asked = view ? '' : ' (without the API)'
  test(
    `is no wish of the host’s: Cal.com applies the move within two minutes, and nothing more is published${asked}`,
    inSync({ view }, async (sync) => {
      const booking = await linkedByCommand(sync)
      const consumer = eventConsumer(sync)
      await putBack(sync, booking)
      await sync.pass(60_000)
      assert.equal(await moves(sync, booking), [3])
      await consumer.consume()
      await sync.settle()
      await sync.pass(10 * MINUTE)
      assert.equal(await moves(sync, booking), [3])
      const next = sync.calcom.store.replacementOf(booking.uid)
      assert.is(next && booking.start.until(next.start).total('hours'), 3)
    }),
  )
}

test(
  'is left at that where nobody answers for two minutes, and both sides show the same',
  inSync({}, async (sync) => {
    const booking = await linkedByCommand(sync)
    await putBack(sync, booking)
    await sync.pass(20 * MINUTE)
    assert.equal(await moves(sync, booking), [3])
    const state = await sync.booking(booking.uid)
    assert.equal(state.kind === 'OPEN' && [state.agreement, `${state.times.start}`], [
      'AGREED',
      `${booking.start}`,
    ])
    sync.drag(booking, booking.start.add({ hours: 5 }))
    await sync.settle()
    assert.equal(await moves(sync, booking), [3, 5], 'the next move is the host’s')
  }),
)

test(
  'without the API goes out after two minutes: it may be the host’s own wish',
  inSync({ view: false }, async (sync) => {
    const booking = await linkedByCommand(sync)
    await putBack(sync, booking)
    await sync.pass(90_000)
    assert.equal(await moves(sync, booking), [3])
    await sync.pass(20 * MINUTE)
    assert.equal(await moves(sync, booking), [3, 0])
  }),
)

test(
  'is the host’s own wish where Cal.com has applied the move, and goes out',
  inSync({}, async (sync) => {
    const booking = await linkedByCommand(sync)
    sync.drag(booking, booking.start.add({ hours: 3 }))
    await sync.settle()
    const stored = sync.calcom.store.booking(booking.uid)
    const moved = { start: `${booking.start.add({ hours: 3 })}`, end: `${booking.end.add({ hours: 3 })}` }
    Object.assign(stored ?? {}, moved)
    sync.drag(booking, booking.start)
    await sync.pass(20 * MINUTE)
    assert.equal(await moves(sync, booking), [3, 0])
  }),
)

test.run()
