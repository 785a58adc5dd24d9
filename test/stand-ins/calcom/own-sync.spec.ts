import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

const calendar = 'host@example.com'

async function booked(cal: CalcomByHttp) {
  const booking = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
  return { ...booking, eventId: booking.references[0]?.uid ?? '' }
}
const run = (cal: CalcomByHttp) => cal.done('POST', '/stand-in/own-sync/run')

const ownSync = suite('Cal.com’s own calendar sync in its stand-in')

ownSync('moves a booking to where its event is, with the old length and no references', () =>
  calcomByHttp(async (cal) => {
    const { uid, eventId } = await booked(cal)
    cal.standIns.google.core.drag(calendar, eventId, { start: hour(3), end: hour(5) })
    const [next] = (await run(cal)).changed
    const { trigger, payload } = cal.deliveries().at(-1) ?? {}
    assert.equal([trigger, payload?.uid, payload?.rescheduleUid], ['BOOKING_RESCHEDULED', next, uid])
    const { data } = await cal.done('GET', `/v2/bookings/${next}`)
    assert.ok(sameTime(data.start, hour(3)) && sameTime(data.end, hour(3.5)))
    assert.equal((await cal.done('GET', `/v2/bookings/${next}/references`)).data, [])
    assert.ok(sameTime(cal.event(eventId).end?.dateTime, hour(5)))
    // Whom no reference names is not followed any more.
    cal.standIns.google.core.drag(calendar, eventId, { start: hour(6) })
    assert.equal((await run(cal)).changed, [])
  }),
)

ownSync('goes on with the references in versions that keep them, and cancels what is gone', () =>
  calcomByHttp(async (cal) => {
    const { eventId } = await booked(cal)
    await cal.done('PUT', '/stand-in/own-sync', { newReferences: true })
    cal.standIns.google.core.drag(calendar, eventId, { start: hour(3) })
    const [moved] = (await run(cal)).changed
    cal.standIns.google.core.delete(calendar, eventId)
    assert.equal((await run(cal)).changed, [moved])
    assert.is((await cal.done('GET', `/v2/bookings/${moved}`)).data.status, 'cancelled')
    assert.is(cal.deliveries().at(-1)?.trigger, 'BOOKING_CANCELLED')
  }),
)

ownSync('does so by itself while it is switched on', () =>
  calcomByHttp(async (cal) => {
    const { uid, eventId } = await booked(cal)
    cal.standIns.google.core.drag(calendar, eventId, { start: hour(3) })
    await cal.done('PUT', '/stand-in/own-sync', { on: true, everyMs: 5 })
    const isMoved = async () =>
      (await cal.done('GET', `/v2/bookings/${uid}`)).data.rescheduledToUid !== undefined
    for (let asked = 0; !(await isMoved()); asked++) if (asked > 5_000) throw new Error('Nothing moves')
    await cal.done('PUT', '/stand-in/own-sync', { on: false })
  }),
)

ownSync.run()
