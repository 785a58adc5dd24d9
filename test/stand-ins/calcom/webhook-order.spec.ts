import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour } from '../../support/calcom-by-http.ts'

const triggers = (cal: CalcomByHttp) => cal.deliveries().map(({ trigger }) => trigger)
const book = (cal: CalcomByHttp) => cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })

const order = suite('when webhooks of the stand-in of Cal.com arrive')

order('is when they are let go, in the order that is asked for', () =>
  calcomByHttp(async (cal) => {
    await cal.done('PUT', '/stand-in/faults', { holdWebhooks: true })
    const { uid } = await book(cal)
    const { data: moved } = await cal.done('POST', `/v2/bookings/${uid}/reschedule`, { start: hour(2) })
    await cal.done('POST', `/v2/bookings/${moved.uid}/cancel`, {})
    const { items } = await cal.done('GET', '/stand-in/deliveries')
    assert.equal(
      items.map(({ fate }) => fate),
      ['HELD', 'HELD', 'HELD'],
    )
    assert.equal(triggers(cal), [])
    const numbers = items.map(({ number }) => number)
    const first = { numbers: [numbers[2], numbers[1]] }
    assert.is((await cal.done('POST', '/stand-in/deliveries/release', first)).released, 2)
    assert.is((await cal.done('POST', '/stand-in/deliveries/release')).released, 1)
    assert.equal(triggers(cal), ['BOOKING_CANCELLED', 'BOOKING_RESCHEDULED', 'BOOKING_CREATED'])
    assert.is((await cal.done('POST', '/stand-in/deliveries/release')).released, 0)
  }),
)

order('is before the database knows of a cancellation, for as long as it is held', () =>
  calcomByHttp(async (cal) => {
    const { uid, references } = await book(cal)
    await cal.done('PUT', '/stand-in/holds', { points: ['BEFORE_CANCEL_STORED'] })
    await cal.done('POST', `/stand-in/bookings/${uid}/cancel`, { wait: false })
    const waits = async () => (await cal.done('GET', '/stand-in/holds')).waiting.length === 1
    for (let asked = 0; !(await waits()); asked++) if (asked > 500) throw new Error('Nothing waits')
    assert.is(triggers(cal).at(-1), 'BOOKING_CANCELLED')
    assert.is((await cal.done('GET', `/v2/bookings/${uid}`)).data.status, 'accepted')
    assert.is(cal.event(references[0]?.uid ?? '').status, 'confirmed')
    assert.is((await cal.done('POST', '/stand-in/holds/release', { bookingUid: 'other' })).released, 0)
    assert.is((await cal.done('POST', '/stand-in/holds/release', { bookingUid: uid })).released, 1)
    await cal.standIns.calcom.core.idle()
    assert.is((await cal.done('GET', `/v2/bookings/${uid}`)).data.status, 'cancelled')
    assert.is(cal.event(references[0]?.uid ?? '').status, 'cancelled')
  }),
)

order('may be twice, later, or never', () =>
  calcomByHttp(async (cal) => {
    await cal.done('PUT', '/stand-in/faults', { dropWebhooks: 1 })
    const { uid } = await book(cal)
    await cal.done('PUT', '/stand-in/faults', { doubleWebhooks: 1 })
    await cal.done('POST', `/v2/bookings/${uid}/cancel`, {})
    assert.equal(triggers(cal), ['BOOKING_CANCELLED', 'BOOKING_CANCELLED'])
    await cal.done('PUT', '/stand-in/faults', { delayWebhooksMs: 200 })
    await cal.done('POST', '/stand-in/ping')
    assert.is(triggers(cal).length, 2)
    await cal.standIns.calcom.core.idle()
    assert.is(triggers(cal).length, 3)
  }),
)

order.run()
