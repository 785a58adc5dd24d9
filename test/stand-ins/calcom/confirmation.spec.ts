import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

/** An accepted booking of a type that has to be confirmed, moved by its guest. */
async function movedByGuest(cal: CalcomByHttp, settings: object = {}) {
  await cal.done('PUT', '/stand-in/settings', { pendingTrigger: 'BOOKING_REQUESTED', ...settings })
  const eventTypeId = await cal.eventType({ requiresConfirmation: true })
  const asked = await cal.done('POST', '/stand-in/bookings', { userId: 1, eventTypeId, start: hour(0) })
  await cal.done('POST', `/v2/bookings/${asked.uid}/confirm`)
  const old = await cal.done('GET', `/stand-in/bookings/${asked.uid}`)
  const oldEvent = old.references[0]?.uid ?? ''
  const body = { start: hour(3), rescheduledBy: 'guest@example.com' }
  const { data: moved } = await cal.done('POST', `/v2/bookings/${old.uid}/reschedule`, body)
  return { old, oldEvent, moved }
}
const triggers = (cal: CalcomByHttp) => cal.deliveries().map(({ trigger }) => trigger)

const confirmation = suite('confirmation and payment in the stand-in of Cal.com')

confirmation(
  'of a moved booking is requested with the fields of a reschedule, the old event gone at once',
  () =>
    calcomByHttp(async (cal) => {
      const { old, oldEvent, moved } = await movedByGuest(cal)
      assert.equal(triggers(cal), ['BOOKING_REQUESTED', 'BOOKING_CREATED', 'BOOKING_REQUESTED'])
      const payload = cal.deliveries().at(-1)?.payload
      assert.equal([payload?.uid, payload?.rescheduleUid, payload?.status], [moved.uid, old.uid, 'PENDING'])
      assert.ok(sameTime(payload?.rescheduleStartTime, old.start))
      assert.is(cal.event(oldEvent).status, 'cancelled')
      assert.equal((await cal.done('GET', `/v2/bookings/${moved.uid}/references`)).data, [])
      assert.is((await cal.done('GET', `/v2/bookings/${old.uid}`)).data.rescheduledToUid, moved.uid)

      await cal.done('POST', `/v2/bookings/${moved.uid}/confirm`)
      const created = cal.deliveries().at(-1)
      assert.equal([created?.trigger, created?.payload.rescheduleUid], ['BOOKING_CREATED', undefined])
      const { data } = await cal.done('GET', `/v2/bookings/${moved.uid}/references`)
      assert.is.not(data[0]?.eventUid, oldEvent)
      assert.ok(sameTime(cal.event(data[0]?.eventUid ?? '').start?.dateTime, hour(3)))
    }),
)

confirmation('may leave the dead event named meanwhile, and name the old booking when given', () =>
  calcomByHttp(async (cal) => {
    const settings = { pendingKeepsReferences: true, acceptedTellsReschedule: true }
    const { old, oldEvent, moved } = await movedByGuest(cal, settings)
    const { data } = await cal.done('GET', `/v2/bookings/${moved.uid}/references`)
    assert.equal(
      data.map(({ eventUid }) => eventUid),
      [oldEvent],
    )
    await cal.done('POST', `/v2/bookings/${moved.uid}/confirm`)
    assert.is(cal.deliveries().at(-1)?.payload.rescheduleUid, old.uid)
    assert.is((await cal.done('GET', `/v2/bookings/${moved.uid}/references`)).data.length, 2)
  }),
)

confirmation('may be refused, which leaves no event at all', () =>
  calcomByHttp(async (cal) => {
    const { moved, oldEvent } = await movedByGuest(cal)
    await cal.done('POST', `/v2/bookings/${moved.uid}/decline`, { reason: 'no' })
    assert.is(triggers(cal).at(-1), 'BOOKING_REJECTED')
    assert.is(cal.event(oldEvent).status, 'cancelled')
    assert.is((await cal.done('GET', `/v2/bookings/${moved.uid}`)).data.status, 'rejected')
  }),
)

confirmation('comes with the payment: INITIATED, then PAID, and no CREATED', () =>
  calcomByHttp(async (cal) => {
    const eventTypeId = await cal.eventType({ price: 5000 })
    const booked = await cal.done('POST', '/stand-in/bookings', { userId: 1, eventTypeId, start: hour(0) })
    assert.equal([booked.status, booked.references.length], ['pending', 0])
    assert.is((await cal.call('POST', `/v2/bookings/${booked.uid}/confirm`)).status, 400)
    const paid = await cal.done('POST', `/stand-in/bookings/${booked.uid}/pay`)
    assert.equal([paid.status, paid.references.length], ['accepted', 1])
    assert.equal(triggers(cal), ['BOOKING_PAYMENT_INITIATED', 'BOOKING_PAID'])
    assert.equal(
      cal.deliveries().map(({ payload }) => [payload.status, payload.price]),
      [
        ['PENDING', 5000],
        ['ACCEPTED', 5000],
      ],
    )
    assert.is((await cal.call('POST', `/stand-in/bookings/${booked.uid}/pay`)).status, 400)
  }),
)

confirmation.run()
