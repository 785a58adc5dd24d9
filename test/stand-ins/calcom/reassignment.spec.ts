import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour } from '../../support/calcom-by-http.ts'

const as = (key: string) => ({ authorization: `Bearer ${key}` })

/** A round robin of two hosts and an admin, each with a key, and a booking of the first host's. */
async function roundRobin(cal: CalcomByHttp) {
  const calendar = 'other@example.com'
  cal.standIns.google.core.createCalendar({ id: calendar })
  const mine = { externalCalendarId: 'host@example.com', credentialId: 'stand-in-host' }
  const theirs = { externalCalendarId: calendar, credentialId: 'other' }
  await cal.done('POST', '/stand-in/users', { id: 1, apiKey: 'cal_1', destination: mine })
  await cal.done('POST', '/stand-in/users', { id: 2, apiKey: 'cal_2', destination: theirs })
  await cal.done('POST', '/stand-in/users', { id: 3, apiKey: 'cal_admin', role: 'ADMIN' })
  const eventTypeId = await cal.eventType({ hosts: [1, 2] })
  const booking = await cal.done('POST', '/stand-in/bookings', { userId: 1, eventTypeId, start: hour(0) })
  return { booking, calendar, oldEvent: booking.references[0]?.uid ?? '' }
}
const eventsOf = async (cal: CalcomByHttp, uid: string, key: string) =>
  (await cal.done('GET', `/v2/bookings/${uid}/references`, undefined, as(key))).data.map(
    ({ eventUid }) => eventUid,
  )

const reassignment = suite('another host in the stand-in of Cal.com')

reassignment('takes over without a webhook: same uid, another event in another calendar', () =>
  calcomByHttp(async (cal) => {
    const { booking, calendar, oldEvent } = await roundRobin(cal)
    const path = `/v2/bookings/${booking.uid}/reassign/2`
    assert.is((await cal.call('POST', path, {}, as('cal_2'))).status, 403)
    const answer = await cal.done('POST', path, { reason: 'ill' }, as('cal_admin'))
    assert.is(answer.data.reassignedTo.id, 2)
    assert.is(cal.deliveries().length, 1)
    const { data } = await cal.done('GET', `/v2/bookings/${booking.uid}`)
    assert.equal([data.status, data.hosts[0]?.id], ['accepted', 2])
    assert.is(cal.event(oldEvent).status, 'cancelled')
    const now = await cal.done('GET', `/stand-in/bookings/${booking.uid}`)
    const fresh = now.references.find(({ deleted }) => !deleted)?.uid ?? ''
    assert.is(cal.event(fresh, calendar).status, 'confirmed')
    assert.is.not(now.iCalUID, booking.iCalUID)
    assert.is((await cal.call('POST', `/v2/bookings/${booking.uid}/reassign/3`, {})).status, 400)
  }),
)

reassignment('moves the right to see the references to the new host’s key, and the team’s admin', () =>
  calcomByHttp(async (cal) => {
    const { booking } = await roundRobin(cal)
    const references = `/v2/bookings/${booking.uid}/references`
    assert.is((await cal.call('GET', references, undefined, as('cal_2'))).status, 400)
    await cal.done('POST', `/stand-in/bookings/${booking.uid}/reassign`)
    assert.is((await cal.call('GET', references, undefined, as('cal_1'))).status, 400)
    assert.is((await cal.call('GET', references, undefined, as('cal_2'))).status, 200)
    assert.is((await cal.call('GET', references, undefined, as('cal_admin'))).status, 400)
    const ofTeam = '/v2/organizations/5/teams/6/bookings'
    assert.is(
      (await cal.call('GET', `${ofTeam}/${booking.uid}/references`, undefined, as('cal_1'))).status,
      403,
    )
    assert.is(
      (await cal.call('GET', `${ofTeam}/${booking.uid}/references`, undefined, as('cal_admin'))).status,
      200,
    )
    assert.is((await cal.done('GET', ofTeam, undefined, as('cal_admin'))).data.length, 1)
    assert.is((await cal.done('GET', '/v2/bookings', undefined, as('cal_1'))).data.length, 0)
    for (const [bookingOfOthers, status] of [
      ['shown', 200],
      ['hidden', 404],
      ['forbidden', 403],
    ] as const) {
      await cal.done('PUT', '/stand-in/settings', { bookingOfOthers })
      const asked = await cal.call('GET', `/v2/bookings/${booking.uid}`, undefined, as('cal_1'))
      assert.is(asked.status, status)
    }
  }),
)

reassignment('replaces the references in two steps, held at each', () =>
  calcomByHttp(async (cal) => {
    const { booking, oldEvent } = await roundRobin(cal)
    await cal.done('PUT', '/stand-in/settings', { deletedReferences: 'left-out' })
    await cal.done('PUT', '/stand-in/holds', { points: ['BEFORE_REFERENCES', 'BETWEEN_REFERENCES'] })
    await cal.done('POST', `/stand-in/bookings/${booking.uid}/reassign`, { userId: 2, wait: false })
    const stands = async (point: string) => {
      const { waiting } = await cal.done('GET', '/stand-in/holds')
      return waiting.some((one) => one.point === point && one.bookingUid === booking.uid)
    }
    const until = async (point: string) => {
      for (let asked = 0; asked < 500; asked++) if (await stands(point)) return
      throw new Error(`Nothing waits at ${point}`)
    }
    await until('BEFORE_REFERENCES')
    assert.equal(await eventsOf(cal, booking.uid, 'cal_2'), [oldEvent])
    assert.is(cal.event(oldEvent).status, 'cancelled')
    await cal.done('POST', '/stand-in/holds/release', { point: 'BEFORE_REFERENCES' })
    await until('BETWEEN_REFERENCES')
    assert.equal(await eventsOf(cal, booking.uid, 'cal_2'), [])
    await cal.done('PUT', '/stand-in/holds', { points: [] })
    await cal.standIns.calcom.core.idle()
    const after = await eventsOf(cal, booking.uid, 'cal_2')
    assert.ok(after.length === 1 && after[0] !== oldEvent)
    await cal.done('PUT', '/stand-in/settings', { deletedReferences: 'listed' })
    assert.equal(await eventsOf(cal, booking.uid, 'cal_2'), [oldEvent, ...after])
  }),
)

reassignment.run()
