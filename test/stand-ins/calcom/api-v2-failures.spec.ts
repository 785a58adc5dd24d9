import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomByHttp, hour } from '../../support/calcom-by-http.ts'

const failures = suite('soft failures of API v2 in the stand-in of Cal.com')

failures('come with any status, so many times, in both shapes', () =>
  calcomByHttp(async (cal) => {
    for (const apiStatus of [401, 403, 404, 429, 500, 503]) {
      for (const apiBareErrors of [false, true]) {
        await cal.done('PUT', '/stand-in/faults', { apiFailures: 1, apiStatus, apiBareErrors })
        const { status, body } = await cal.call('GET', '/v2/bookings')
        assert.is(status, apiStatus)
        assert.is(
          apiBareErrors ? body.statusCode : body.error.message,
          apiBareErrors ? apiStatus : body.error.message,
        )
        assert.is(body.error === undefined, apiBareErrors)
        assert.is((await cal.call('GET', '/v2/bookings')).status, 200)
      }
    }
    await cal.done('DELETE', '/stand-in/faults')
  }),
)

failures('may be a web page with 200, or JSON that breaks off', () =>
  calcomByHttp(async (cal) => {
    const { uid } = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
    const path = `/v2/bookings/${uid}`
    await cal.done('PUT', '/stand-in/faults', { apiFailures: 1, apiFailure: 'HTML' })
    const page = await cal.call('GET', path)
    assert.equal([page.status, page.text.slice(0, 9)], [200, '<!doctype'])
    await cal.done('PUT', '/stand-in/faults', { apiFailures: 1, apiFailure: 'TRUNCATED' })
    const broken = await cal.call('GET', path)
    assert.is(broken.status, 200)
    assert.throws(() => JSON.parse(broken.text))
    assert.is((await cal.done('GET', path)).data.uid, uid)
  }),
)

failures('may strike one kind of request only', () =>
  calcomByHttp(async (cal) => {
    const { uid } = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
    await cal.done('PUT', '/stand-in/faults', { apiFailures: 1, apiStatus: 403, apiFailuresOf: 'REFERENCES' })
    assert.is((await cal.call('GET', '/v2/bookings')).status, 200)
    assert.is((await cal.call('GET', `/v2/bookings/${uid}`)).status, 200)
    assert.is((await cal.call('GET', `/v2/bookings/${uid}/references`)).status, 403)
    assert.is((await cal.call('GET', `/v2/bookings/${uid}/references`)).status, 200)
  }),
)

failures('include a booking rescheduled away that is still said to be accepted', () =>
  calcomByHttp(async (cal) => {
    const { uid } = await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(0) })
    const { data: next } = await cal.done('POST', `/v2/bookings/${uid}/reschedule`, { start: hour(2) })
    await cal.done('PUT', '/stand-in/settings', { statusOfRescheduled: 'accepted' })
    const { data } = await cal.done('GET', `/v2/bookings/${uid}`)
    assert.equal([data.status, data.rescheduledToUid], ['accepted', next.uid])
  }),
)

failures.run()
