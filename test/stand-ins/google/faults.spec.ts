import { auth, calendar } from 'googleapis/build/src/apis/calendar/index.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../../support/virtual-clock.ts'
import { act, clientOf, failureOf, HOST, morning, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: access and faults")

const once = { retry: false }

test('a request without a token is 401 in the newer envelope; an expired token is refreshed by the client', async () => {
  const clock = virtualClock('2030-01-01T00:00:00Z')
  await withStandIn(
    async (standIn) => {
      const bare = await fetch(`${standIn.url}/calendar/v3/calendars/${HOST}/events`)
      assert.is(bare.status, 401)
      assert.match(bare.headers.get('www-authenticate') ?? '', /^Bearer realm=.*invalid_token/)
      const body = (await bare.json()) as { error: { status: string; errors: { reason: string }[] } }
      assert.equal([body.error.status, body.error.errors[0]?.reason], ['UNAUTHENTICATED', 'authError'])

      const client = clientOf(standIn, 'refresh-token', true)
      await client.events.list({ calendarId: HOST })
      await clock.advance(3600_000)
      await client.events.list({ calendarId: HOST })
      assert.equal(
        standIn.requests.map(({ path, status }) => `${path.split('/').at(-1)} ${status}`),
        ['events 401', 'token 200', 'events 200', 'events 401', 'token 200', 'events 200'],
      )
    },
    { clock },
  )
})

test('a revoked refresh token is invalid_grant, and its access tokens are worthless', () =>
  withStandIn(async (standIn) => {
    const client = clientOf(standIn, 'refresh-token', true)
    await client.events.list({ calendarId: HOST })
    standIn.core.access.settings.refreshTokens['refresh-token'] = { revoked: true }
    const failure = await failureOf(client.events.list({ calendarId: HOST }))
    assert.equal(failure.body, { error: 'invalid_grant', error_description: 'Bad Request' })
  }))

test("a user sees the calendars that are the user's own or shared, others are 404", () =>
  withStandIn(async (standIn) => {
    standIn.core.createCalendar({ id: 'team', owner: 'lead@example.com', sharedWith: [HOST] })
    standIn.core.createCalendar({ id: 'private', owner: 'lead@example.com' })
    standIn.core.access.settings.refreshTokens.mine = { user: HOST }
    const client = clientOf(standIn, 'mine')
    const { data } = await client.calendarList.list()
    assert.equal(
      data.items?.map(({ id, accessRole, primary }) => [id, accessRole, primary]),
      [
        [HOST, 'owner', true],
        ['team', 'writer', undefined],
      ],
    )
    assert.is((await failureOf(client.events.list({ calendarId: 'private' }))).status, 404)
    assert.is((await client.events.list({ calendarId: 'primary' })).data.summary, HOST)
  }))

test('a service account acts for the subject of its assertion', () =>
  withStandIn(async (standIn) => {
    const claims = Buffer.from(JSON.stringify({ iss: 'robot', sub: HOST })).toString('base64url')
    const grant = async () =>
      fetch(standIn.tokenUrl, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: `h.${claims}.s`,
        }),
      })
    const { access_token } = (await (await grant()).json()) as { access_token: string }
    const oauth = new auth.OAuth2()
    oauth.setCredentials({ access_token })
    const client = calendar({ version: 'v3', auth: oauth, rootUrl: `${standIn.url}/` })
    assert.is((await client.calendars.get({ calendarId: 'primary' })).data.id, HOST)
    standIn.core.access.settings.refusedSubjects = [HOST]
    assert.is((await grant()).status, 401)
  }))

test('faults strike by method and calendar, so many times, with the reason and envelope of Google', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: 'other@example.com' })
    const { set } = standIn.core.faults
    const list = () => client.events.list({ calendarId: HOST }, once)
    set({ calendarId: HOST, methods: ['list'], times: 2, reason: 'rateLimitExceeded' })
    await client.events.list({ calendarId: 'other@example.com' })
    for (let at = 0; at < 2; at++) {
      const { status, reason } = await failureOf(list())
      assert.equal([status, reason], [403, 'rateLimitExceeded'])
    }
    await list()
    set({ times: 1, reason: 'userRateLimitExceeded', status: 429, retryAfterSeconds: 7 })
    const many = await failureOf(list())
    assert.equal([many.status, many.headers.get('retry-after')], [429, '7'])
    set({ times: 1, reason: 'quotaExceeded', envelope: 'newer' })
    assert.match(JSON.stringify((await failureOf(list())).body), '"status":"PERMISSION_DENIED"')
    for (const [fault, status, reason] of [
      [{ status: 500 }, 500, 'backendError'],
      [{ status: 503 }, 503, 'backendError'],
      [{ status: 410 }, 410, 'fullSyncRequired'],
      [{ reason: 'updatedMinTooLongAgo' }, 410, 'updatedMinTooLongAgo'],
      [{ status: 404 }, 404, 'notFound'],
      [{ reason: 'notACalendarUser' }, 403, 'notACalendarUser'],
    ] as const) {
      set({ times: 1, ...fault })
      const failure = await failureOf(list())
      assert.equal([failure.status, failure.reason], [status, reason])
    }
  }))

test("the client's own retry gets over three 503s", () =>
  withStandIn(async (standIn, client) => {
    standIn.core.faults.set({ methods: ['get'], status: 503, times: 1 })
    const { id } = standIn.core.insert(HOST, morning(7))
    assert.is((await client.events.get({ calendarId: HOST, eventId: id })).data.id, id)
  }))

test('an answer can be lost after its effect, a connection cut, an answer slow', () =>
  withStandIn(async (standIn, client) => {
    const insert = () => client.events.insert({ calendarId: HOST, requestBody: morning(7) }, once)
    await client.events.list({ calendarId: HOST })
    standIn.core.faults.set({ methods: ['insert'], status: 503, afterEffect: true, times: 1 })
    assert.is((await failureOf(insert())).status, 503)
    assert.is(standIn.core.list(HOST).items.length, 1)
    standIn.core.faults.set({ methods: ['insert'], drop: true, times: 1 })
    let cut = false
    await insert().catch(() => {
      cut = true
    })
    assert.ok(cut)
    assert.is(standIn.core.list(HOST).items.length, 1)

    standIn.core.faults.set({ methods: ['list'], delayMs: 20, times: 1 })
    const before = performance.now()
    await client.events.list({ calendarId: HOST })
    assert.ok(performance.now() - before > 15)
  }))

test('200 can carry a web page, JSON cut in the middle, or 10 MB', () =>
  withStandIn(async (standIn) => {
    standIn.core.access.settings.open = true
    standIn.core.insert(HOST, morning(7))
    const list = async (hangup: string) => {
      await act(standIn, 'POST /faults', { methods: ['list'], times: 1, hangup })
      const answer = await fetch(`${standIn.url}/calendar/v3/calendars/${HOST}/events`)
      assert.is(answer.status, 200)
      return { type: answer.headers.get('content-type') ?? '', text: await answer.text() }
    }
    const page = await list('html')
    assert.match(page.type, 'text/html')
    assert.match(page.text, /^<!DOCTYPE html>/)
    const cut = await list('truncated')
    assert.match(cut.type, 'application/json')
    assert.throws(() => JSON.parse(cut.text), SyntaxError)
    const huge = await list('huge')
    assert.ok(huge.text.length > 10_000_000)
    assert.is(JSON.parse(huge.text).items.length, 1)
  }))

test('a token request can fail too', () =>
  withStandIn(async (standIn) => {
    standIn.core.faults.set({ methods: ['token'], status: 503, times: 1 })
    const ask = () =>
      fetch(standIn.tokenUrl, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
      })
    assert.equal([(await ask()).status, (await ask()).status], [503, 200])
  }))

test.run()
