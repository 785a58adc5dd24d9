import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CalcomByHttp, calcomByHttp, hour } from '../../support/calcom-by-http.ts'

const version = (text: string) => ({ 'cal-api-version': text })
const list = '/v2/bookings?status=upcoming&sortStart=asc&take=2'

/** Five bookings, earliest first. */
async function five(cal: CalcomByHttp): Promise<string[]> {
  const uids: string[] = []
  for (const at of [0, 2, 4, 6, 8]) {
    uids.push((await cal.done('POST', '/stand-in/bookings', { userId: 1, start: hour(at) })).uid)
  }
  return uids
}

const pages = suite('pages of API v2 in the stand-in of Cal.com')

for (const name of ['2024-08-13', '2026-02-25', 'of nobody']) {
  pages(`go on at skip while there is a next page: version ${name}`, () =>
    calcomByHttp(async (cal) => {
      const uids = await five(cal)
      const seen: string[] = []
      for (let more = true; more; ) {
        const { data, pagination } = await cal.done(
          'GET',
          `${list}&skip=${seen.length}`,
          undefined,
          version(name),
        )
        seen.push(...data.map(({ uid }) => uid))
        more = pagination.hasNextPage
      }
      assert.equal(seen, uids)
    }),
  )
}

pages('begin anew at whatever skip where that is ignored, and say that there is more', () =>
  calcomByHttp(async (cal) => {
    const uids = await five(cal)
    await cal.done('PUT', '/stand-in/settings', { skip: 'ignored' })
    const { data, pagination } = await cal.done('GET', `${list}&skip=4`)
    assert.equal(
      data.map(({ uid }) => uid),
      uids.slice(0, 2),
    )
    assert.ok(pagination.hasNextPage)
  }),
)

pages('follow a cursor in version 2026-05-01, which knows no skip and no hasNextPage', () =>
  calcomByHttp(async (cal) => {
    const uids = await five(cal)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const path: string = `${list}&skip=1${cursor === null ? '' : `&cursor=${cursor}`}`
      const { data, pagination } = await cal.done('GET', path, undefined, version('2026-05-01'))
      seen.push(...data.map(({ uid }) => uid))
      assert.equal([pagination.hasMore, pagination.hasNextPage], [seen.length < 5, undefined])
      cursor = pagination.nextCursor
    } while (cursor !== null)
    assert.equal(seen, uids)
    const wrong = await cal.call('GET', `${list}&cursor=x`, undefined, version('2026-05-01'))
    assert.is(wrong.status, 400)
  }),
)

pages('and all else are 410 in v1, and in versions that are said to be gone', () =>
  calcomByHttp(async (cal) => {
    assert.is((await cal.call('GET', '/v1/bookings?apiKey=x')).status, 410)
    await cal.done('PUT', '/stand-in/settings', { goneVersions: ['2024-08-13'] })
    const gone = await cal.call('GET', list, undefined, version('2024-08-13'))
    assert.equal([gone.status, gone.body.error.code], [410, 'GoneException'])
    assert.is((await cal.call('GET', list, undefined, version('2026-02-25'))).status, 200)
  }),
)

pages('show from 2026-02-25 on who moved a booking', () =>
  calcomByHttp(async (cal) => {
    const [uid] = await five(cal)
    const body = { start: hour(20), rescheduledBy: 'host@example.com' }
    const { data } = await cal.done('POST', `/v2/bookings/${uid}/reschedule`, body, version('2026-02-25'))
    assert.is(data.rescheduledByEmail, 'host@example.com')
    const older = await cal.done('GET', `/v2/bookings/${data.uid}`, undefined, version('2024-08-13'))
    assert.is(older.data.rescheduledByEmail, undefined)
  }),
)

pages.run()
