import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { eventConsumer } from '../../support/event-consumer.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite("Cal.com's own view before acting")

const MINUTE = 60_000
const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const booked = async (sync: SyncFixture) => sync.book(await sync.host())
/** Cal.com changes its database and none of its webhooks arrives. */
const inSilence = async (sync: SyncFixture, change: () => { ok: boolean; settled?: Promise<void> }) => {
  const { target } = sync.calcom.webhooks
  sync.calcom.webhooks.target = undefined
  await sync.during(change().settled ?? Promise.resolve())
  sync.calcom.webhooks.target = target
}
const moveInCalendar = ({ start }: Linked) => start.add({ hours: 2 })

test(
  'closed there: the booking is closed here and nothing is published',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    await inSilence(sync, () => sync.calcom.cancel(booking.uid))
    await sync.settle()
    assert.equal(await sync.published(), [])
    const state = await sync.booking(booking.uid)
    assert.is(state.kind === 'CLOSED' && state.reason, 'CANCELLED_IN_CALCOM')
  }),
)

for (const said of ['cancelled', 'accepted'] as const)
  test(
    `rescheduled to another booking, which Cal.com calls ${said}: this one is closed and nothing is published`,
    inSync({}, async (sync) => {
      const booking = await booked(sync)
      sync.calcom.settings.statusOfRescheduled = said
      const start = booking.start.add({ hours: 24 })
      await inSilence(sync, () => sync.calcom.reschedule(booking.uid, { start }))
      await sync.settle()
      assert.equal(await sync.published(), [])
      const state = await sync.booking(booking.uid)
      assert.is(
        state.kind === 'CLOSED' && state.rescheduledToUid,
        sync.calcom.store.replacementOf(booking.uid)?.uid,
      )
    }),
  )

test(
  'another event in its place there: the old one decides nothing any more',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    const at = { dateTime: booking.start.toString() }
    const end = { dateTime: booking.end.toString() }
    const other = sync.google.insert(booking.host.calendarId, { start: at, end })
    const stored = sync.calcom.store.booking(booking.uid)
    if (stored === undefined) throw new Error('no booking')
    stored.references.length = 0
    sync.calcom.store.addReference(stored, {
      externalEventId: other.id,
      externalCalendarId: booking.host.calendarId,
    })
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    assert.equal(await sync.published(), [])
    const state = await sync.booking(booking.uid)
    assert.equal(
      state.kind === 'OPEN' && state.references.map((reference) => reference.stored.externalEventId),
      [other.id],
    )
    sync.drag({ ...booking, eventId: other.id }, moveInCalendar(booking))
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'], 'the new one does')
  }),
)

test(
  'other times there: they are recorded first, and the change is published with them as its basis',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    const stored = sync.calcom.store.booking(booking.uid)
    if (stored === undefined) throw new Error('no booking')
    const there = {
      start: booking.start.add({ hours: 5 }).toString(),
      end: booking.end.add({ hours: 5 }).toString(),
    }
    Object.assign(stored, there)
    sync.drag(booking, moveInCalendar(booking))
    await sync.settle()
    const [moved] = await sync.published()
    if (moved?.type !== 'BookingRescheduled') return assert.unreachable(moved?.type)
    assert.equal(moved.data.basis, there)
    assert.is(moved.data.next.start, moveInCalendar(booking).toString())
  }),
)

test(
  'an event that goes back to what Cal.com has, while a move is on its way there, is not published: there is no loop',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    const consumer = eventConsumer(sync)
    sync.calcom.settings.beforeCalendarMs = 3_000
    sync.drag(booking, moveInCalendar(booking))
    await sync.settle()
    sync.drag(booking, booking.start)
    await sync.settle()
    await sync.pass(3 * MINUTE)
    assert.is((await sync.published()).length, 1)
    for (let minute = 0; minute < 10; minute++) {
      await consumer.consume()
      await sync.pass(MINUTE)
    }
    assert.is((await sync.published()).length, 1)
  }),
)

test(
  'an API that is down lets nothing be decided until it answers',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    sync.calcom.faults.apiDown = true
    sync.drag(booking, moveInCalendar(booking))
    await sync.pass(30 * MINUTE)
    assert.equal(await sync.published(), [])
    sync.calcom.faults.apiDown = false
    await sync.pass(16 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a request to wait for the API is honoured, for the references too',
  inSync({}, async (sync) => {
    const booking = await booked(sync)
    Object.assign(sync.calcom.faults, { apiFailures: 1, apiStatus: 429, apiRetryAfterSeconds: 600 })
    sync.drag(booking, moveInCalendar(booking))
    await sync.pass(9 * MINUTE)
    assert.equal(await sync.published(), [])
    await sync.pass(2 * MINUTE)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

for (const status of [404, 403])
  test(
    `${status} from the API is no view: the echo's grace passes instead`,
    inSync({ settings: { echoGraceMs: 10_000 } }, async (sync) => {
      const booking = await booked(sync)
      Object.assign(sync.calcom.faults, { apiFailures: 1_000, apiStatus: status })
      sync.drag(booking, moveInCalendar(booking))
      await sync.pass(9_000)
      assert.equal(await sync.published(), [])
      await sync.pass(6_000)
      assert.equal(await published(sync), ['BookingRescheduled'])
    }),
  )

test(
  "without a view a change waits for the echo's grace",
  inSync({ view: false, settings: { echoGraceMs: 10_000 } }, async (sync) => {
    const booking = await tracked(sync)
    sync.drag(booking, moveInCalendar(booking))
    await sync.pass(9_000)
    assert.equal(await sync.published(), [])
    await sync.pass(6_000)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'without a view a webhook that arrives within the grace wins',
  inSync({ view: false, settings: { echoGraceMs: 10_000 } }, async (sync) => {
    const booking = await tracked(sync)
    sync.calcom.faults.delayWebhooksMs = 8_000
    const outcome = sync.calcom.reschedule(booking.uid, { start: moveInCalendar(booking) })
    if (outcome.ok) await sync.during(outcome.settled)
    await sync.pass(MINUTE)
    assert.equal(await sync.published(), [])
    const state = await sync.booking(booking.uid)
    assert.is(state.kind, 'CLOSED')
  }),
)

/** Booked, and linked by command, as a deployment without Cal.com's API does. */
async function tracked(sync: SyncFixture): Promise<Linked> {
  const booking = await booked(sync)
  const reference = { provider: 'google', externalCalendarId: booking.host.calendarId }
  await sync.command(TrackBooking, {
    bookingUid: booking.uid,
    userId: booking.host.userId,
    start: booking.start.toString(),
    end: booking.end.toString(),
    references: [{ ...reference, externalEventId: booking.eventId }],
  })
  await sync.settle()
  return booking
}

test.run()
