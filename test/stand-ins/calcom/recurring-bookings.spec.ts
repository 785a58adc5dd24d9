import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

async function weekly(cal: CalcomByHttp, start = hour(0), given: object = {}) {
  const eventTypeId = await cal.eventType({ recurring: { frequency: 'WEEKLY', count: 4 } })
  const body = { userId: 1, eventTypeId, start, ...given }
  const { recurringEventId } = await cal.done('POST', '/stand-in/bookings', body)
  const listed = async () =>
    (await cal.done('GET', `/stand-in/bookings?recurringEventId=${recurringEventId}`)).items
  return { recurringEventId, listed, bookings: await listed() }
}

const recurring = suite('recurring bookings in the stand-in of Cal.com')

recurring('are one series at Google, an instance each, and are announced one by one', () =>
  calcomByHttp(async (cal) => {
    const { bookings, recurringEventId } = await weekly(cal)
    assert.is(bookings.length, 4)
    const masters = new Set(bookings.map(({ references }) => references[0]?.thirdPartyRecurringEventId))
    assert.is(masters.size, 1)
    const [master = ''] = masters
    assert.equal(cal.event(master).recurrence, ['RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=4'])
    for (const { start, references } of bookings) {
      const instance = cal.event(references[0]?.uid ?? '')
      assert.is(instance.recurringEventId, master)
      assert.ok(sameTime(instance.start?.dateTime, start))
    }
    assert.equal(
      cal.deliveries().map(({ payload }) => payload.uid),
      bookings.map(({ uid }) => uid),
    )
    assert.is(cal.deliveries()[0]?.payload.recurringEvent.count, 4)
    const all = await cal.done('GET', `/v2/bookings/${recurringEventId}`)
    assert.is(all.data.length, 4)
    const upcoming = await cal.done('GET', '/v2/bookings?status=upcoming')
    const listed = await cal.done('GET', '/v2/bookings?status=recurring')
    assert.equal([upcoming.data.length, listed.data.length], [0, 4])
  }),
)

recurring('end one by one, the instance alone deleted', () =>
  calcomByHttp(async (cal) => {
    const { bookings, listed } = await weekly(cal)
    await cal.done('POST', `/v2/bookings/${bookings[1]?.uid}/cancel`, {})
    assert.equal(
      (await listed()).map(({ status }) => status),
      ['accepted', 'cancelled', 'accepted', 'accepted'],
    )
    assert.equal(
      bookings.map(({ references }) => cal.event(references[0]?.uid ?? '').status),
      ['confirmed', 'cancelled', 'confirmed', 'confirmed'],
    )
  }),
)

recurring('end together: one webhook, every row, the whole series', () =>
  calcomByHttp(async (cal) => {
    const { bookings, listed, recurringEventId } = await weekly(cal)
    await cal.done('POST', `/v2/bookings/${recurringEventId}/cancel`, { cancellationReason: 'over' })
    const ended = cal.deliveries().slice(4)
    assert.equal(
      ended.map(({ trigger, payload }) => [trigger, payload.uid]),
      [['BOOKING_CANCELLED', bookings[0]?.uid]],
    )
    assert.ok((await listed()).every(({ status }) => status === 'cancelled'))
    const [reference] = bookings[0]?.references ?? []
    assert.is(cal.event(reference?.thirdPartyRecurringEventId ?? '').status, 'cancelled')
    assert.equal(
      (await listed()).map(({ references }) => references[0]?.deleted),
      [true, false, false, false],
    )
  }),
)

recurring('end from one on, whose instance alone is deleted', () =>
  calcomByHttp(async (cal) => {
    const { bookings, listed } = await weekly(cal)
    const path = `/stand-in/bookings/${bookings[2]?.uid}/cancel`
    await cal.done('POST', path, { remaining: 'SUBSEQUENT' })
    assert.equal(
      (await listed()).map(({ status }) => status),
      ['accepted', 'accepted', 'cancelled', 'cancelled'],
    )
    assert.equal(
      bookings.map(({ references }) => cal.event(references[0]?.uid ?? '').status),
      ['confirmed', 'confirmed', 'cancelled', 'confirmed'],
    )
  }),
)

recurring('across a change of clocks that the guest has and the host has not name one instance twice', () =>
  calcomByHttp(async (cal) => {
    const attendees = [{ name: 'A', email: 'a@example.com', timeZone: 'America/New_York' }]
    const { bookings } = await weekly(cal, '2030-03-02T15:00:00Z', { attendees })
    const named = bookings.map(({ references }) => references[0]?.uid)
    // New York changes its clocks on 10 March 2030, London on 31 March.
    assert.is(named[2], named[0])
    assert.is(named[3], named[0])
  }),
)

recurring.run()
