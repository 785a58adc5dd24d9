import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { errorOfAnswer, noAnswer, providerError } from '../../../infrastructure/google/google-errors.ts'

const test = suite('what an error of Google means')

const now = Temporal.Instant.from('2026-03-02T09:00:00Z')

const cases = z
  .array(
    z.object({
      code: z.string(),
      reason: z.string().optional(),
      status: z.number(),
      asked: z
        .object({ syncToken: z.literal(true).optional(), pageToken: z.literal(true).optional() })
        .default({}),
      body: z.unknown(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('../../fixtures/google/errors.json', import.meta.url), 'utf8')))

for (const { code, reason, status, asked, body } of cases) {
  const how = asked.syncToken ? ' asked with a sync token' : asked.pageToken ? ' asked with a page token' : ''
  test(`${status} ${reason ?? 'without a reason'} (${typeof body})${how} is ${code}`, () => {
    const question = {
      now,
      syncToken: asked.syncToken === true,
      pageToken: asked.pageToken === true,
    }
    const error = errorOfAnswer({ status, body }, question)
    assert.is(error.code, code)
    assert.is(error.reason, reason)
    assert.is(error.status, status)
  })
}

const waitOf = (retryAfter: string) =>
  errorOfAnswer({ status: 429, body: '', retryAfter }, { now }).retryAfterMs

test('Retry-After is understood in seconds and as a date, and never silences a calendar for more than a day', () => {
  assert.is(waitOf('7'), 7000)
  assert.is(waitOf(' 0 '), 0)
  assert.is(waitOf('Mon, 02 Mar 2026 09:01:30 GMT'), 90_000)
  assert.is(waitOf('Mon, 02 Mar 2026 08:00:00 GMT'), 0)
  assert.is(waitOf('99999999999'), 86_400_000)
  assert.is(waitOf('soon'), undefined)
  assert.is(waitOf('Mon Mar  2 09:01:30 2026'), undefined)
  assert.is(waitOf(''), undefined)
})

test('a call without an answer says why in one code', () => {
  const cut = Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  })
  assert.equal(noAnswer(cut), { ok: false, code: 'UNAVAILABLE', reason: 'ECONNRESET' })
  assert.is(noAnswer(new DOMException('late', 'TimeoutError')).reason, 'timeout')
  assert.is(noAnswer(new DOMException('stop', 'AbortError')).reason, 'aborted')
  assert.is(noAnswer(undefined).reason, 'noAnswer')
})

test('no message goes out, for it may name a person', () => {
  const body = {
    error: {
      code: 403,
      message: 'jane@example.com may not',
      errors: [{ reason: 'jane@example.com may not', message: 'jane@example.com may not' }],
    },
  }
  const error = providerError({ response: { status: 403, data: body, headers: new Headers() } }, { now })
  assert.equal(error, { ok: false, code: 'FORBIDDEN', status: 403 })
})

test('no failure whatever makes the classification throw, and only the two telling statuses say that a thing is gone', () => {
  const failure = fc.oneof(
    fc.anything(),
    fc.record({
      response: fc.record({
        status: fc.integer({ min: 100, max: 599 }),
        data: fc.oneof(fc.anything(), fc.record({ error: fc.anything() })),
        headers: fc.anything(),
      }),
    }),
  )
  fc.assert(
    fc.property(failure, fc.boolean(), (thrown, syncToken) => {
      const error = providerError(thrown, { now, syncToken })
      assert.is(error.ok, false)
      if (error.code === 'NOT_FOUND') assert.is(error.status, 404)
      if (error.code === 'GONE') assert.is(error.status, 410)
    }),
  )
})

test.run()
