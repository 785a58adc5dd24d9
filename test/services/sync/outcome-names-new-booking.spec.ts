import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ReportBookingEventOutcome } from '../../../commands/report-booking-event-outcome.ts'
import { TrackBooking } from '../../../commands/track-booking.ts'
import { inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('A consumer tells that its change made a new booking, and nobody else does')

/** A booking whose event was moved: the move is published, and not answered yet. */
async function moved(sync: SyncFixture) {
  const { calendarId, userId } = await sync.host()
  const start = sync.clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' }).add({ hours: 48 })
  const at = (hours: number, minutes = 0) => start.add({ hours, minutes }).toString()
  const { id: eventId } = sync.google.insert(calendarId, {
    start: { dateTime: at(0), timeZone: 'UTC' },
    end: { dateTime: at(1), timeZone: 'UTC' },
  })
  const references = [{ provider: 'google', externalCalendarId: calendarId, externalEventId: eventId }]
  await sync.command(TrackBooking, { bookingUid: 'old', userId, start: at(0), end: at(1), references })
  await sync.settle()
  const drag = async (hours: number) => {
    sync.google.drag(calendarId, eventId, { start: at(hours) })
    await sync.pass(60_000)
    await sync.settle()
  }
  await drag(3)
  const report = async (more: object = {}) => {
    const [first] = await sync.published()
    const told = { eventId: first?.id ?? '', outcome: 'APPLIED', newBookingUid: 'new', ...more }
    const done = await sync.during(sync.command(ReportBookingEventOutcome, told))
    await sync.settle()
    return done
  }
  const published = async () =>
    (await sync.published()).map(({ type, data }) =>
      type === 'BookingRescheduled'
        ? [data.bookingUid, data.previous.start, data.next.start]
        : [data.bookingUid, 'cancelled'],
    )
  return { at, drag, report, published, userId, references }
}

test(
  'the new one is followed with what the old one had, and the next move is its own',
  inSync({ view: false }, async (sync) => {
    const { at, drag, report, published } = await moved(sync)
    await report()
    await report()
    assert.is((await sync.booking('old')).kind, 'CLOSED')
    assert.equal(await sync.decisions('new'), [])
    await drag(5)
    assert.equal(await published(), [
      ['old', at(0), at(3)],
      ['new', at(3), at(5)],
    ])
  }),
)

test(
  'as it became in Cal.com, where that is told',
  inSync({ view: false }, async (sync) => {
    const { at, report } = await moved(sync)
    await report({ start: at(3), end: at(4, 30) })
    const booking = await sync.booking('new')
    assert.is(booking.kind === 'OPEN' && booking.times.end.toString(), at(4, 30))
  }),
)

test(
  'one that is followed already stays as it is known',
  inSync({ view: false }, async (sync) => {
    const { at, report, userId, references } = await moved(sync)
    await sync.command(TrackBooking, { bookingUid: 'new', userId, start: at(3), end: at(5), references })
    await sync.settle()
    await report()
    const booking = await sync.booking('new')
    assert.is(booking.kind === 'OPEN' && booking.times.end.toString(), at(5))
  }),
)

test.run()
