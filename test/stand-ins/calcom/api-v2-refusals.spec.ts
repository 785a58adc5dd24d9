import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour, sameTime } from '../../support/calcom-by-http.ts'

const refusals = suite('what API v2 of the stand-in of Cal.com refuses')

const book = async (cal: CalcomByHttp, start: string, given: object = {}) =>
  (await cal.done('POST', '/stand-in/bookings', { userId: 1, start, ...given })).uid
const newest = { 'cal-api-version': '2026-02-25' }

/** Tries to move the booking. Gives the status and the words. */
async function move(cal: CalcomByHttp, uid: string, body: object, headers: Record<string, string> = {}) {
  const { status, body: answer } = await cal.call('POST', `/v2/bookings/${uid}/reschedule`, body, headers)
  return { status, words: answer.error?.message ?? answer.message ?? '' }
}

refusals('too soon and too far ahead, which a host can override from 2026-02-25 on', () =>
  calcomByHttp(async (cal) => {
    await cal.done('POST', '/stand-in/users', { id: 2, apiKey: 'cal_guest' })
    const limits = { minimumNoticeMinutes: 60 * 24 * 2, bookableDays: 5 }
    const eventTypeId = await cal.eventType(limits)
    const uid = await book(cal, hour(72), { eventTypeId })
    for (const start of [hour(0), hour(24 * 6)]) {
      const { status, words } = await move(cal, uid, { start })
      assert.is(status, 400)
      assert.match(words, /minimum booking notice/)
    }
    const anyway = { start: hour(0), allowBookingOutOfBounds: true }
    const older = await move(cal, uid, anyway)
    assert.is(older.status, 400)
    assert.match(older.words, /allowBookingOutOfBounds should not exist/)
    const stranger = { ...newest, authorization: 'Bearer cal_guest' }
    assert.match((await move(cal, uid, anyway, stranger)).words, /minimum booking notice/)
    assert.is((await move(cal, uid, anyway, newest)).status, 201)
  }),
)

refusals('a time that is taken, which a host can override from 2026-02-25 on', () =>
  calcomByHttp(async (cal) => {
    const uid = await book(cal, hour(0))
    await book(cal, hour(2))
    const start = hour(2)
    assert.match((await move(cal, uid, { start })).words, /already has booking/)
    assert.match((await move(cal, uid, { start }, newest)).words, /already has booking/)
    assert.is((await move(cal, uid, { start, allowConflicts: true }, newest)).status, 201)
  }),
)

refusals('what is over, in words that say where it went', () =>
  calcomByHttp(async (cal) => {
    const uid = await book(cal, hour(0))
    const { data: next } = await cal.done('POST', `/v2/bookings/${uid}/reschedule`, { start: hour(3) })
    const again = await move(cal, uid, { start: hour(5) })
    assert.is(again.status, 400)
    assert.match(again.words, `rescheduled already to booking with uid=${next.uid}`)
    await cal.done('POST', `/v2/bookings/${next.uid}/cancel`, {})
    assert.match((await move(cal, next.uid, { start: hour(5) })).words, /has been cancelled/)
    const { status, body } = await cal.call('POST', `/v2/bookings/${next.uid}/cancel`, {})
    assert.is(status, 400)
    assert.match(body.error.message, /cancelled already/)
  }),
)

refusals('a meeting that has ended, without the envelope', () =>
  calcomByHttp(async (cal) => {
    const uid = await book(cal, hour(-72))
    const { status, body } = await cal.call('POST', `/v2/bookings/${uid}/cancel`, {})
    assert.equal([status, body.statusCode, body.error], [400, 400, undefined])
  }),
)

refusals('a field that is not known', () =>
  calcomByHttp(async (cal) => {
    const uid = await book(cal, hour(0))
    assert.match((await move(cal, uid, { start: hour(1), end: hour(3) })).words, /end should not exist/)
    assert.is((await cal.call('POST', `/v2/bookings/${uid}/cancel`, { reason: 'x' })).status, 400)
    assert.is((await cal.done('GET', `/v2/bookings/${uid}`)).data.status, 'accepted')
  }),
)

refusals('all guests at a time where there are not seats enough', () =>
  calcomByHttp(async (cal) => {
    const eventTypeId = await cal.eventType({ seatsPerTimeSlot: 2 })
    const guest = (name: string) => ({ name, email: `${name}@example.com` })
    const one = await book(cal, hour(0), { eventTypeId, attendees: [guest('ada'), guest('ben')] })
    await book(cal, hour(4), { eventTypeId, attendees: [guest('cem')] })
    const { status, words } = await move(cal, one, { start: hour(4) })
    assert.equal([status, words], [409, 'not_enough_available_seats_error'])
    assert.ok(sameTime((await cal.done('GET', `/v2/bookings/${one}`)).data.start, hour(0)))
  }),
)

refusals('requests beyond so many a minute of one key, and says when to come back', () =>
  calcomByHttp(async (cal) => {
    await cal.done('PUT', '/stand-in/settings', { rateLimitPerMinute: 2 })
    const asked = () =>
      fetch(`${cal.standIns.calcom.url}/v2/bookings`, { headers: { authorization: 'Bearer cal_all' } })
    const answers = [await asked(), await asked(), await asked()]
    assert.equal(
      answers.map(({ status, headers }) => [status, headers.get('x-ratelimit-remaining-default')]),
      [
        [200, '1'],
        [200, '0'],
        [429, '0'],
      ],
    )
    const wait = Number(answers[2]?.headers.get('retry-after'))
    assert.ok(wait > 0 && wait <= 60, `${wait} s`)
  }),
)

refusals('an answer, to what was done all the same', () =>
  calcomByHttp(async (cal) => {
    const uid = await book(cal, hour(0))
    const lost = { apiFailures: 1, apiFailuresOf: 'WRITE', apiFailure: 'LOST' }
    await cal.done('PUT', '/stand-in/faults', lost)
    assert.is((await cal.call('GET', `/v2/bookings/${uid}`)).status, 200)
    const answer = await cal.call('POST', `/v2/bookings/${uid}/cancel`, {}).catch(() => undefined)
    assert.is(answer, undefined)
    assert.is((await cal.done('GET', `/v2/bookings/${uid}`)).data.status, 'cancelled')
  }),
)

refusals('a booking whose row is gone for good; its event stays', () =>
  calcomByHttp(async (cal) => {
    const made = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
    await cal.done('DELETE', `/stand-in/bookings/${made.uid}`)
    assert.is((await cal.call('GET', `/v2/bookings/${made.uid}`)).status, 404)
    assert.is((await move(cal, made.uid, { start: hour(1) })).status, 404)
    assert.is(cal.event(made.references[0]?.uid ?? '').status, 'confirmed')
  }),
)

refusals('the lists of an organisation to whoever is no admin', () =>
  calcomByHttp(async (cal) => {
    await cal.done('POST', '/stand-in/users', { id: 2, apiKey: 'cal_member' })
    const uid = await book(cal, hour(0))
    const other = await book(cal, hour(0), { userId: 2 })
    const paths = ['organizations/1/bookings', 'organizations/1/users/2/bookings']
    const found: string[][] = []
    for (const path of paths) {
      found.push((await cal.done('GET', `/v2/${path}`)).data.map((booking) => booking.uid))
      const asMember = { authorization: 'Bearer cal_member' }
      assert.is((await cal.call('GET', `/v2/${path}`, undefined, asMember)).status, 403)
    }
    assert.equal(found, [[uid, other], [other]])
  }),
)

refusals.run()
