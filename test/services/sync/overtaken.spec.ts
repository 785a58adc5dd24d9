import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bookingById } from '../../../projections/bookings.ts'
import { eventConsumer } from '../../support/event-consumer.ts'
import { namedByHand } from '../../support/story-acts.ts'
import { inSync, type Linked, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('A consumer that carries out an earlier change after the host has made another')

const MINUTE = 60_000
const later = ({ start }: Linked, hours: number) => start.add({ hours })

/** The booking that Cal.com has now, what a person is told of it, and what was published. */
async function endOf(sync: SyncFixture, booking: Linked) {
  await sync.projections.caughtUp('all')
  const next = sync.calcom.store.replacementOf(booking.uid)
  const published = (await sync.published()).map(({ type, data }) =>
    type === 'BookingCancelled' ? 'cancelled' : data.next.start,
  )
  const attention = next && (await bookingById(sync.ports.readStore, next.uid))?.attention
  return { next, attention, published }
}

async function consumes(sync: SyncFixture, consumer: ReturnType<typeof eventConsumer>): Promise<void> {
  await sync.during(consumer.consume())
  await sync.pass(5 * MINUTE)
  await sync.settle()
}

for (const view of [true, false])
  for (const reports of [true, false])
    test(
      `which was to take it back is told, until the host moves the event again${view ? '' : ', without the API'}${reports ? '' : ', of which nothing is reported'}`,
      inSync({ view }, async (sync) => {
        const booking = await sync.book(await sync.host())
        await namedByHand(sync, booking)
        const consumer = eventConsumer(sync, () => reports)
        sync.drag(booking, later(booking, 3))
        await sync.settle()
        sync.drag(booking, booking.start)
        await sync.pass(5 * MINUTE)
        await consumes(sync, consumer)
        const { next, attention } = await endOf(sync, booking)
        assert.is(attention, 'OVERTAKEN')
        if (next === undefined) return assert.unreachable()

        const now = {
          ...booking,
          uid: next.uid,
          start: later(booking, 3),
          end: booking.end.add({ hours: 3 }),
        }
        await namedByHand(sync, now)
        sync.drag(now, booking.start)
        await sync.settle()
        const { attention: after, published } = await endOf(sync, booking)
        assert.is(published.at(-1), booking.start.toString())
        assert.is(after, undefined)
      }),
    )

test(
  'which was to delete it cancels after all, or is told',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    const consumer = eventConsumer(sync)
    sync.drag(booking, later(booking, 3))
    await sync.settle()
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.settle()
    await consumes(sync, consumer)
    await consumes(sync, consumer)
    const { next, attention } = await endOf(sync, booking)
    assert.ok(next?.status === 'cancelled' || attention === 'OVERTAKEN', `${next?.status} ${attention}`)
  }),
)

test.run()
