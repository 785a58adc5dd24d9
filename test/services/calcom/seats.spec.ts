import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { finish, kindOf } from '../../support/calcom-changes.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('Seats')

const guest = (name: string) => ({
  name,
  email: `${name}@example.com`,
  timeZone: 'UTC',
  seatUid: `seat-${name}`,
})
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)

type Shared = { host: Host; uid: string; eventId: string; start: Temporal.Instant }
type Seats = { sync: SyncFixture; eventTypeId: number; host: Host; booking: Shared }

/** A booking that Ann and Bob share, linked to its event: by Cal.com's API, or by command where there is none. */
async function shared(sync: SyncFixture): Promise<Seats> {
  const host = await sync.host()
  const { id: eventTypeId } = sync.calcom.createEventType(1, { lengthMinutes: 30, seatsPerTimeSlot: 3 })
  const booking = await booked(sync, host, eventTypeId, 48, ['ann', 'bob'])
  return { sync, eventTypeId, host, booking }
}

async function booked(
  sync: SyncFixture,
  host: Host,
  eventTypeId: number,
  inHours: number,
  guests: readonly string[],
): Promise<Shared> {
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: inHours })
  const uid = await finish(
    sync,
    sync.calcom.book({ userId: 1, eventTypeId, start, attendees: guests.map(guest) }),
  )
  await link(sync, uid)
  const eventId = sync.calcom.store.booking(uid)?.references[0]?.uid ?? ''
  return { host, uid, eventId, start }
}

/** As a deployment without Cal.com's API does. */
async function link(sync: SyncFixture, uid: string): Promise<void> {
  const stored = sync.calcom.store.booking(uid)
  const reference = stored?.references[0]
  if (sync.ports.calcom !== undefined || stored === undefined || reference === undefined) return
  await sync.command(TrackBooking, {
    bookingUid: uid,
    userId: '1',
    start: stored.start,
    end: stored.end,
    references: [
      {
        provider: 'google',
        externalCalendarId: reference.externalCalendarId,
        externalEventId: reference.uid,
      },
    ],
  })
  await sync.settle()
}

for (const view of [true, false]) {
  const asked = view ? 'which Cal.com confirms' : 'where Cal.com cannot be asked'

  test(
    `one guest who leaves ends nothing, ${asked}: the booking is followed on`,
    inSync({ view }, async (sync) => {
      const { booking } = await shared(sync)
      sync.calcom.faults.doubleWebhooks = 1
      await finish(sync, sync.calcom.cancel(booking.uid, { seatUid: 'seat-ann' }))
      await sync.pass(60_000)
      assert.is(await kindOf(sync, booking.uid), 'OPEN')
      assert.equal(await published(sync), [])
      sync.google.drag(booking.host.calendarId, booking.eventId, {
        start: `${booking.start.add({ hours: 2 })}`,
      })
      await sync.settle()
      assert.equal(await published(sync), ['BookingRescheduled'])
      await sync.during(sync.calcom.webhooks.replay(sync.calcom.webhooks.log.at(-1)?.number ?? 0))
      await sync.pass(60_000)
      assert.is(await kindOf(sync, booking.uid), 'OPEN', 'repeated')
    }),
  )

  test(
    `one guest who moves takes nothing over, ${asked}: each booking keeps its event`,
    inSync({ view }, async (sync) => {
      const { booking, host, eventTypeId } = await shared(sync)
      const target = await booked(sync, host, eventTypeId, 72, ['cy'])
      await finish(sync, sync.calcom.reschedule(booking.uid, { start: target.start, seatUid: 'seat-ann' }))
      await sync.pass(60_000)
      assert.equal([await kindOf(sync, booking.uid), await kindOf(sync, target.uid)], ['OPEN', 'OPEN'])
      sync.google.delete(host.calendarId, booking.eventId)
      await sync.settle()
      await sync.pass(60_000)
      const [only, ...more] = await sync.published()
      assert.equal([only?.type, only?.data.bookingUid, more], ['BookingCancelled', booking.uid, []])
      const state = await sync.booking(target.uid)
      assert.equal(state.kind === 'OPEN' && state.references.map(({ stored }) => stored.externalEventId), [
        target.eventId,
      ])
    }),
  )

  for (const [name, settings] of [
    ['the new booking is not named', { seatMoveUid: 'null' }],
    ['a seat is named in place of the booking before', { seatMoveRescheduleUid: 'seat' }],
  ] as const)
    test(
      `one guest moves and ${name}, ${asked}: nothing is closed, and none is made up`,
      inSync({ view }, async (sync) => {
        const { booking } = await shared(sync)
        Object.assign(sync.calcom.settings, settings)
        const start = booking.start.add({ hours: 24 })
        await finish(sync, sync.calcom.reschedule(booking.uid, { start, seatUid: 'seat-ann' }))
        await sync.pass(60_000)
        assert.is(await kindOf(sync, booking.uid), 'OPEN')
        assert.is(await kindOf(sync, 'seat-ann'), 'UNTRACKED')
        assert.equal(await published(sync), [])
      }),
    )
}

test(
  'the last guest who leaves ends the booking, as Cal.com’s answer says',
  inSync({}, async (sync) => {
    const { booking } = await shared(sync)
    await finish(sync, sync.calcom.cancel(booking.uid, { seatUid: 'seat-ann' }))
    await finish(sync, sync.calcom.cancel(booking.uid, { seatUid: 'seat-bob' }))
    await sync.pass(60_000)
    assert.is(await kindOf(sync, booking.uid), 'CANCELLED_IN_CALCOM')
    assert.equal(await published(sync), [])
  }),
)

test(
  'the owner moves all: the booking moves in place',
  inSync({}, async (sync) => {
    const { booking } = await shared(sync)
    const start = booking.start.add({ hours: 24 })
    assert.is(await finish(sync, sync.calcom.reschedule(booking.uid, { start })), booking.uid)
    const state = await sync.booking(booking.uid)
    assert.is(state.kind === 'OPEN' && state.basis.start.toString(), start.toString())
    assert.equal(await published(sync), [])
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'the owner moves all to where others sit: that booking goes on with its own event, this one is over',
  inSync({}, async (sync) => {
    const { booking, host, eventTypeId } = await shared(sync)
    const target = await booked(sync, host, eventTypeId, 72, ['cy'])
    await finish(sync, sync.calcom.reschedule(booking.uid, { start: target.start }))
    await sync.pass(90_000)
    assert.match(await kindOf(sync, booking.uid), /^RESCHEDULED/)
    const state = await sync.booking(target.uid)
    assert.equal(state.kind === 'OPEN' && state.references.map(({ stored }) => stored.externalEventId), [
      target.eventId,
    ])
    assert.equal(await published(sync), [])
  }),
)

test.run()
