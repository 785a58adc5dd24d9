import { connect } from 'node:net'
import Router from '@koa/router'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UnknownEventType } from '../../../ports/event-store/event-codec.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { VaultKeyUnknown } from '../../../ports/vault/credential-vault.ts'
import { API_TOKEN, withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('HTTP edge')

const valid = { userId: 'u1', provider: 'google', externalCalendarId: 'host@example.com' }

test(
  'answers an unknown path with 404, and a known path with another method with 405 and what is allowed',
  withHttp(async ({ ask }) => {
    assertProblem(await ask('GET', '/nothing/here'), 404, 'ROUTE_UNKNOWN')
    assertProblem(await ask('GET', '/nothing/here', { token: null }), 404, 'ROUTE_UNKNOWN')
    const wrong = await ask('DELETE', '/bookings')
    assertProblem(wrong, 405, 'METHOD_NOT_ALLOWED')
    assert.is(wrong.headers.get('Allow'), 'HEAD, GET')
    const options = await ask('OPTIONS', '/commands/TrackBooking')
    assert.is(options.status, 204)
    assert.is(options.headers.get('Allow'), 'POST')
  }),
)

test(
  'refuses a body that is not JSON, not JSON in UTF-8, or of another type',
  withHttp(async ({ ask, url }) => {
    const path = '/commands/RegisterCalendarSync'
    assertProblem(await ask('POST', path, { body: '{"userId":' }), 400, 'BODY_MALFORMED')
    assertProblem(await ask('POST', path), 400, 'BODY_MALFORMED')
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    assertProblem(await ask('POST', path, { body: 'a=b', headers: form }), 415, 'CONTENT_TYPE_UNSUPPORTED')
    const gzip = { 'Content-Encoding': 'gzip' }
    assertProblem(await ask('POST', path, { body: valid, headers: gzip }), 415, 'CONTENT_TYPE_UNSUPPORTED')
    const latin = { 'Content-Type': 'application/json; charset=iso-8859-1' }
    assertProblem(await ask('POST', path, { body: valid, headers: latin }), 415, 'CONTENT_TYPE_UNSUPPORTED')
    const broken = await fetch(url + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${API_TOKEN}`, 'Content-Type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    })
    assert.is(broken.status, 400)
  }),
)

test(
  'refuses a body past 1 MiB, told beforehand or only found out, and takes one of just that size',
  withHttp(async ({ ask, url }) => {
    const path = '/commands/RegisterCalendarSync'
    const fill = (size: number) =>
      `${JSON.stringify(valid).slice(0, -1)}${' '.repeat(size - JSON.stringify(valid).length)}}`
    assert.is((await ask('POST', path, { body: fill(1_048_576) })).status, 200)
    const told = await post(url, path, fill(1_048_577), true)
    assert.match(told, /^HTTP\/1.1 413 /)
    assert.match(told, /"code":"BODY_TOO_LARGE"/)
    assert.match(await post(url, path, fill(1_200_000), false), /^HTTP\/1.1 413 /)
  }),
)

/** Sends as much as is taken, and gives the answer as it came; fetch would stumble over a connection closed early. */
function post(url: string, path: string, body: string, withLength: boolean): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('close', () => resolve(answer))
    const length = withLength ? `Content-Length: ${body.length}` : 'Transfer-Encoding: chunked'
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${API_TOKEN}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`,
    )
    socket.write(withLength ? body.slice(0, 100_000) : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  })
}

const throwing = (error: unknown) => ({
  router: new Router().get('/throws', () => {
    throw error
  }),
  scope: 'read' as const,
})

const thrown: [string, unknown, number, string][] = [
  ['a store that is unavailable', new StoreUnavailable('disk full'), 503, 'STORE_UNAVAILABLE'],
  ['an event of a newer version', new UnknownEventType('booking-1', 'Newer'), 503, 'UNKNOWN_EVENT_TYPE'],
  ['a vault without its key', new VaultKeyUnknown(), 503, 'VAULT_KEY_UNKNOWN'],
]
for (const [what, error, status, code] of thrown)
  test(
    `answers ${what} with ${status} ${code} and when to ask again`,
    withHttp(
      async ({ ask }) => {
        const asked = await ask('GET', '/throws')
        assertProblem(asked, status, code)
        assert.ok(Number(asked.headers.get('Retry-After')) > 0)
      },
      (deps) => ({ ...deps, guarded: [throwing(error)] }),
    ),
  )

test(
  'tells of an outage in one line, however many requests are refused for it, and in one that it is over',
  withHttp(
    async ({ ask, logged, clock }) => {
      const told = () => logged.filter(({ level }) => level !== 'debug')
      for (let request = 0; request < 20; request++) await ask('GET', '/throws')
      const [line, ...more] = told()
      assert.equal(more, [])
      assert.is(line?.msg, 'stores of the HTTP edge unavailable, retrying')
      assert.is(line?.reason, 'disk full')
      assert.not.ok('err' in (line ?? {}))
      await clock.advance(60_000)
      assert.equal(
        told().map(({ msg }) => msg),
        [line?.msg, 'stores of the HTTP edge available again'],
      )
    },
    (deps) => ({ ...deps, guarded: [throwing(new StoreUnavailable('disk full'))] }),
  ),
)

test(
  'answers an unexpected error with 500 and no word of it, and logs it once under the correlation id answered',
  withHttp(
    async ({ ask, logged }) => {
      const asked = await ask('GET', '/throws')
      assertProblem(asked, 500, 'INTERNAL')
      assert.not.match(asked.text, /inner workings|\.ts/)
      const errors = logged.filter(({ level }) => level === 'error')
      assert.is(errors.length, 1)
      assert.is(errors[0]?.correlationId, asked.body.correlationId)
      assert.match(JSON.stringify(errors[0]), /inner workings/)
    },
    (deps) => ({ ...deps, guarded: [throwing(new Error('inner workings'))] }),
  ),
)

test(
  'mounts open routers without a token and guarded ones with the scope that each needs',
  withHttp(
    async ({ ask }) => {
      assert.is((await ask('GET', '/open', { token: null })).body.by, 'open')
      assertProblem(await ask('GET', '/exports', { token: null }), 401, 'TOKEN_MISSING')
      assertProblem(await ask('GET', '/exports', { token: 'token-of-operator' }), 403, 'SCOPE_MISSING')
      assert.is((await ask('GET', '/exports', { token: 'token-of-auditor' })).body.by, 'guarded')
      assertProblem(await ask('GET', '/open-throws', { token: null }), 500, 'INTERNAL')
    },
    (deps) => ({
      ...deps,
      open: [
        new Router()
          .get('/open', (ctx) => {
            ctx.body = { by: 'open' }
          })
          .get('/open-throws', () => {
            throw new Error('inner workings')
          }),
      ],
      guarded: [
        {
          scope: 'audit',
          router: new Router().get('/exports', (ctx) => {
            ctx.body = { by: 'guarded' }
          }),
        },
      ],
    }),
  ),
)

test(
  'keeps a correlation id that is given, makes one that is not, and logs requests at debug without their query',
  withHttp(async ({ ask, logged }) => {
    const given = await ask('GET', '/bookings?userId=u1', { headers: { 'X-Correlation-Id': 'call-7' } })
    assert.is(given.headers.get('X-Correlation-Id'), 'call-7')
    const odd = await ask('GET', '/bookings', { headers: { 'X-Correlation-Id': 'a b <script>' } })
    assert.match(odd.headers.get('X-Correlation-Id') ?? '', /^[0-9a-f-]{36}$/)
    const line = logged.find(({ correlationId }) => correlationId === 'call-7')
    assert.is(line?.level, 'debug')
    assert.is(line?.route, '/bookings')
    assert.is(line?.status, 200)
    assert.is(line?.actor, 'api:default')
    assert.not.match(JSON.stringify(line), /u1/)
  }),
)

test(
  'survives a path that cannot be decoded',
  withHttp(async ({ ask }) => {
    const asked = await ask('GET', '/bookings/%zz')
    assert.ok([400, 404].includes(asked.status), asked.text)
    assert.match(asked.headers.get('Content-Type') ?? '', /problem\+json/)
  }),
)

test.run()
