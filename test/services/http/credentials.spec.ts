import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withHttp } from '../../support/http-fixture.ts'
import { assertProblem } from '../../support/problem.ts'

const test = suite('credentials over HTTP')

test(
  'stores and replaces a credential, tells what waits for it, and shreds it as often as asked',
  withHttp(async ({ ask, ports, storedCredentials }) => {
    const oauth = { kind: 'oauth', refreshToken: 'refresh', expiresAt: '2026-03-02T10:00:00+01:00' }
    assert.is((await ask('PUT', '/credentials/host%201', { body: oauth })).status, 204)
    assert.equal(await ports.vault.use('host 1'), {
      kind: 'oauth',
      refreshToken: 'refresh',
      expiresAt: '2026-03-02T09:00:00Z',
    })
    const delegated = { kind: 'service-account', subject: 'host@example.com' }
    assert.is((await ask('PUT', '/credentials/host%201', { body: delegated })).status, 204)
    assert.equal(await ports.vault.use('host 1'), delegated)
    assert.equal(storedCredentials, ['host 1', 'host 1'])
    for (let times = 0; times < 2; times++)
      assert.is((await ask('DELETE', '/credentials/host%201')).status, 204)
    assert.is(await ports.vault.has('host 1'), false)
  }),
)

test(
  'stores nothing with a control character in it, and shreds what has one',
  withHttp(async ({ ask, ports }) => {
    const oauth = { kind: 'oauth', refreshToken: 'r' }
    assertProblem(await ask('PUT', '/credentials/a%00b', { body: oauth }), 400, 'BAD_CREDENTIAL_ID')
    for (const body of [
      { ...oauth, refreshToken: 'r\nx' },
      { ...oauth, accessToken: 'a\u0000' },
      { kind: 'service-account', subject: 'a\u0007@example.com' },
    ])
      assertProblem(await ask('PUT', '/credentials/c1', { body }), 400, 'BODY_INVALID')
    await ports.vault.put('a\u0000b', { kind: 'oauth', refreshToken: 'r' })
    assert.is((await ask('DELETE', '/credentials/a%00b')).status, 204)
    assert.is(await ports.vault.has('a\u0000b'), false)
  }),
)

test(
  'never gives one out, and repeats nothing of one that it refuses',
  withHttp(async ({ ask, storedCredentials, logged }) => {
    await ask('PUT', '/credentials/c1', { body: { kind: 'oauth', refreshToken: 'very-secret' } })
    const read = await ask('GET', '/credentials/c1')
    assertProblem(read, 405, 'METHOD_NOT_ALLOWED')
    const refused = await ask('PUT', '/credentials/c2', {
      body: { kind: 'oauth', refreshToken: '', accessToken: 'very-secret', expiresAt: 'very-secret' },
    })
    const { problems } = assertProblem(refused, 400, 'BODY_INVALID')
    assert.equal(problems?.map(({ path }) => path).toSorted(), ['expiresAt', 'refreshToken'])
    assertProblem(await ask('PUT', '/credentials/c2', { body: { kind: 'other' } }), 400, 'BODY_INVALID')
    const tooFine = { kind: 'oauth', refreshToken: 'r', expiresAt: '2030-01-07T10:00:00.1234567890Z' }
    assertProblem(await ask('PUT', '/credentials/c2', { body: tooFine }), 400, 'BODY_INVALID')
    assertProblem(await ask('PUT', `/credentials/${'c'.repeat(256)}`, { body: {} }), 400, 'BAD_CREDENTIAL_ID')
    assert.not.match(refused.text + JSON.stringify(logged), /very-secret/)
    assert.equal(storedCredentials, ['c1'])
  }),
)

test.run()
