import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { API_TOKEN, type HttpFixture, tokenOf, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('authentication')
const registration = { userId: 'u1', provider: 'google', externalCalendarId: 'host@example.com' }
const COMMAND = '/commands/RegisterCalendarSync'

test(
  'answers 401 and asks for a bearer token where none, a wrong one or another scheme is sent',
  withHttp(async ({ ask }) => {
    const none = await ask('GET', '/bookings', { token: null })
    assertProblem(none, 401, 'TOKEN_MISSING')
    assert.is(none.headers.get('WWW-Authenticate'), 'Bearer')
    const wrong = await ask('GET', '/bookings', { token: `${API_TOKEN}x` })
    assertProblem(wrong, 401, 'TOKEN_REFUSED')
    assert.match(wrong.headers.get('WWW-Authenticate') ?? '', 'invalid_token')
    const basic = { token: null, headers: { Authorization: `Basic ${btoa(API_TOKEN)}` } }
    assertProblem(await ask('GET', '/bookings', basic), 401, 'TOKEN_REFUSED')
    assertProblem(await ask('POST', COMMAND, { token: null, body: registration }), 401, 'TOKEN_MISSING')
    for (const path of ['/status', '/metrics', '/openapi.json', '/calendar-syncs', '/bookings/x/timeline'])
      assert.is((await ask('GET', path, { token: null })).status, 401, path)
  }),
)

test(
  'answers 429 to an address that goes on with wrong tokens, and lets it in again by the second',
  withHttp(async ({ ask, clock }) => {
    const guess = (from = '192.0.2.1') =>
      ask('GET', '/status', { token: 'wrong', headers: { 'X-Forwarded-For': `8.8.8.8, ${from}` } })
    const right = (from: string) => ask('GET', '/status', { headers: { 'X-Forwarded-For': from } })
    for (let n = 0; n < 100; n++) await ask('GET', '/status', { token: null })
    for (let n = 0; n < 60; n++) assertProblem(await guess(), 401, 'TOKEN_REFUSED')
    const refused = assertProblem(await guess(), 429, 'TOO_MANY_FAILURES')
    assert.is(refused.status, 429)
    const session = { token: null, body: { token: 'wrong' }, headers: { 'X-Forwarded-For': '192.0.2.1' } }
    assertProblem(await ask('POST', '/session', session), 429, 'TOO_MANY_FAILURES')
    assertProblem(await right('192.0.2.1'), 429, 'TOO_MANY_FAILURES')
    assert.is((await right('192.0.2.2')).status, 200)
    assert.is((await ask('GET', '/health/live', { token: null })).status, 200)
    await clock.advance(1000)
    assert.is((await right('192.0.2.1')).status, 200)
    assertProblem(await guess(), 401, 'TOKEN_REFUSED')
    assertProblem(await guess(), 429, 'TOO_MANY_FAILURES')
  }),
)

test(
  'counts the addresses of one network of IPv6 as one',
  withHttp(async ({ ask }) => {
    const guess = (n: number) =>
      ask('GET', '/status', { token: 'wrong', headers: { 'X-Forwarded-For': `2001:db8:0:1::${n}` } })
    for (let n = 0; n < 60; n++) await guess(n)
    assertProblem(await guess(61), 429, 'TOO_MANY_FAILURES')
  }),
)

test(
  'needs no token for health and for the page of the console',
  withHttp(async ({ ask }) => {
    for (const path of ['/health/live', '/health/ready', '/', '/console/status.js', '/console/status.css'])
      assert.is((await ask('GET', path, { token: null })).status, 200, path)
  }),
)

test(
  'lets every scope look, and only operators command and store credentials',
  withHttp(async ({ ask }) => {
    for (const name of ['reader', 'operator', 'auditor'])
      for (const path of ['/bookings', '/status', '/metrics', '/openapi.json'])
        assert.is((await ask('GET', path, { token: tokenOf(name) })).status, 200, `${name} ${path}`)
    for (const name of ['reader', 'auditor']) {
      const refused = await ask('POST', COMMAND, { token: tokenOf(name), body: registration })
      assertProblem(refused, 403, 'SCOPE_MISSING')
      assert.match(refused.headers.get('WWW-Authenticate') ?? '', 'scope="operate"')
      assertProblem(await ask('DELETE', '/credentials/c1', { token: tokenOf(name) }), 403, 'SCOPE_MISSING')
    }
    assert.is((await ask('POST', COMMAND, { token: tokenOf('operator'), body: registration })).status, 200)
  }),
)

test(
  'notes the actor, the correlation, a causation of its own and the trace with what a command appended',
  withHttp(async ({ ask, ports }) => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const headers = { 'X-Correlation-Id': 'call-1', traceparent }
    const named = await ask('POST', COMMAND, { token: tokenOf('operator'), body: registration, headers })
    const [event] = await ports.events.readStream(named.body.stream)
    assert.is(event?.metadata.actor, 'operator:operator')
    assert.is(event?.metadata.correlationId, 'call-1')
    assert.match(event?.metadata.causationId ?? '', /^[0-9a-f-]{36}$/)
    assert.match(event?.metadata.traceparent ?? '', /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)

    const other = await ask('POST', COMMAND, { body: { ...registration, userId: 'u2' } })
    const [second] = await ports.events.readStream(other.body.stream)
    assert.is(second?.metadata.actor, 'api:default')
  }),
)

const cookieOf = (headers: Headers) => headers.get('Set-Cookie')?.split(';')[0] ?? ''
const signIn = async ({ ask }: HttpFixture, token = API_TOKEN) =>
  ask('POST', '/session', { token: null, body: { token } })

test(
  'gives an HttpOnly cookie of this site for a token, and takes it in the place of one',
  withHttp(async (http) => {
    const begun = await signIn(http)
    assert.is(begun.status, 204)
    const cookie = begun.headers.get('Set-Cookie') ?? ''
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      assert.match(cookie, attribute)
    assert.not.match(cookie, API_TOKEN)
    assert.not.match(cookie, 'Secure')
    const headers = { Cookie: cookieOf(begun.headers) }
    assert.is((await http.ask('GET', '/bookings', { token: null, headers })).status, 200)
    assertProblem(await signIn(http, 'nonsense'), 401, 'TOKEN_REFUSED')
    assertProblem(await http.ask('POST', '/session', { token: null, body: {} }), 400, 'BODY_INVALID')
    const proxied = { token: null, body: { token: API_TOKEN }, headers: { 'X-Forwarded-Proto': 'https' } }
    assert.match((await http.ask('POST', '/session', proxied)).headers.get('Set-Cookie') ?? '', 'Secure')
  }),
)

test(
  'gives a session no more than its token has',
  withHttp(async (http) => {
    const headers = {
      Cookie: cookieOf((await signIn(http, tokenOf('reader'))).headers),
      'Sec-Fetch-Site': 'same-origin',
    }
    assert.is((await http.ask('GET', '/bookings', { token: null, headers })).status, 200)
    assertProblem(
      await http.ask('POST', COMMAND, { token: null, body: registration, headers }),
      403,
      'SCOPE_MISSING',
    )
  }),
)

test(
  'ends a session when it is signed out, when its 12 hours are over, and never takes an altered one',
  withHttp(async (http) => {
    const look = (cookie: string) =>
      http.ask('GET', '/bookings', { token: null, headers: { Cookie: cookie } })
    const first = cookieOf((await signIn(http)).headers)
    const second = cookieOf((await signIn(http)).headers)
    const ended = await http.ask('DELETE', '/session', { token: null, headers: { Cookie: first } })
    assert.is(ended.status, 204)
    assert.match(ended.headers.get('Set-Cookie') ?? '', 'Max-Age=0')
    assertProblem(await look(first), 401, 'TOKEN_MISSING')
    assert.is((await look(second)).status, 200)

    const [name, value = ''] = second.split('=')
    const [content = '', signature] = value.split('.')
    const forged = Buffer.from(content, 'base64url')
      .toString()
      .replace(/\d{13}/, '9999999999999')
    assertProblem(
      await look(`${name}=${Buffer.from(forged).toString('base64url')}.${signature}`),
      401,
      'TOKEN_MISSING',
    )
    await http.clock.advance(12 * 3_600_000)
    assertProblem(await look(second), 401, 'TOKEN_MISSING')
  }),
)

test(
  'lets a session change things from our own pages only',
  withHttp(async (http) => {
    const Cookie = cookieOf((await signIn(http)).headers)
    const send = (headers: Record<string, string>) =>
      http.ask('POST', COMMAND, { token: null, body: registration, headers: { Cookie, ...headers } })
    assertProblem(await send({}), 403, 'CROSS_SITE')
    assertProblem(await send({ Origin: 'https://evil.example' }), 403, 'CROSS_SITE')
    assertProblem(await send({ Origin: 'null' }), 403, 'CROSS_SITE')
    const other = await rawPost(http.url, Cookie, 'cross-site')
    assert.is(other, 403)
    assert.is(await rawPost(http.url, Cookie, 'same-site'), 403)
    assert.is(await rawPost(http.url, Cookie, 'same-origin'), 200)
    assert.is((await send({ Origin: http.url })).status, 200)
    const elsewhere = await http.ask('POST', '/session', {
      token: null,
      body: { token: API_TOKEN },
      headers: { Origin: 'https://evil.example' },
    })
    assertProblem(elsewhere, 403, 'CROSS_SITE')
  }),
)

/** fetch sets `Sec-Fetch-*` by itself. */
function rawPost(url: string, cookie: string, site: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { Cookie: cookie, 'Content-Type': 'application/json', 'Sec-Fetch-Site': site }
    const sent = request(url + COMMAND, { method: 'POST', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(registration))
  })
}

function pageAsked(url: string, headers: Record<string, string>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (answer) => {
      answer.resume()
      resolve(answer.headers['set-cookie']?.[0])
    })
      .on('error', reject)
      .end()
  })
}

test(
  'signs a browser on this machine in with the page while the stand-ins run, but no program',
  withHttp(
    async ({ ask, url }) => {
      const page = await ask('GET', '/', { token: null })
      const headers = { Cookie: cookieOf(page.headers) }
      assert.is((await ask('GET', '/status', { token: null, headers })).status, 200)
      assertProblem(await ask('GET', '/status', { token: null }), 401, 'TOKEN_MISSING')
      const { port } = new URL(url)
      assert.ok(await pageAsked(url, { Host: `localhost:${port}` }))
      assert.is(await pageAsked(url, { Host: `rebound.example:${port}` }), undefined)
      assert.is(await pageAsked(url, { Host: `127.0.0.1.evil.example:${port}` }), undefined)
      for (const name of [
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Forwarded-Proto',
        'X-Real-IP',
        'Via',
        'Forwarded',
      ])
        assert.is(await pageAsked(url, { Host: `localhost:${port}`, [name]: '192.0.2.1' }), undefined, name)
    },
    (deps) => ({ ...deps, standIns: true }),
  ),
)

test(
  'gives no session with the page where the stand-ins do not run',
  withHttp(async ({ ask }) => {
    assert.is((await ask('GET', '/', { token: null })).headers.get('Set-Cookie'), null)
  }),
)

test.run()
