import { generateKeyPairSync, randomBytes, randomUUID, verify } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseServiceAccount } from '../../../infrastructure/google/google-service-account.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { HOST, NOON, withProvider } from './provider-under-test.ts'
import { type Asked, refusal, type Scripted } from './scripted-google.ts'

const test = suite('acting for a calendar owner at Google')

const list: Scripted = { body: { kind: 'calendar#events', items: [], nextSyncToken: 's' } }
const sound = (token: string) => (asked: Asked) => (asked.token === token ? list : refusal(401, 'authError'))

test('a stored access token is used until it is about to expire, then the refresh token brings another', async () => {
  await withProvider(
    () => list,
    async ({ provider, clock, vault, apiCalls, tokenCalls }) => {
      await provider.changes(HOST)
      assert.is(tokenCalls().length, 0)
      await clock.advance(3_541_000)
      await provider.changes(HOST)
      await provider.changes(HOST)
      assert.equal(
        apiCalls().map((call) => call.token),
        ['T0', 'T1', 'T1'],
      )
      assert.equal(
        tokenCalls().map((call) => Object.fromEntries(new URLSearchParams(call.body))),
        [
          {
            grant_type: 'refresh_token',
            refresh_token: 'R',
            client_id: 'the-client',
            client_secret: 'the-secret',
          },
        ],
      )
      assert.equal(await vault.use('cred-1'), {
        kind: 'oauth',
        refreshToken: 'R',
        accessToken: 'T1',
        expiresAt: NOON.add({ milliseconds: 3_541_000 + 3_600_000 }).toString(),
      })
    },
    { oauth: { clientId: 'the-client', clientSecret: 'the-secret' } },
  )
})

test('a 401 on a token that has not expired brings another one and repeats the call once', async () => {
  await withProvider(sound('T1'), async ({ provider, apiCalls, tokenCalls }) => {
    assert.ok((await provider.changes(HOST)).ok)
    assert.ok((await provider.changes(HOST)).ok)
    assert.equal(
      apiCalls().map((call) => call.token),
      ['T0', 'T1', 'T1'],
    )
    assert.is(tokenCalls().length, 1)
  })
})

test('a 401 on a fresh token too means that the credential is refused', async () => {
  await withProvider(sound('none'), async ({ provider, apiCalls }) => {
    const answer = await provider.changes(HOST)
    assert.equal(answer, { ok: false, code: 'CREDENTIAL_REFUSED', reason: 'authError', status: 401 })
    assert.is(apiCalls().length, 2)
  })
})

test('calls at the same time share one refresh', async () => {
  await withProvider(sound('T1'), async ({ provider, tokenCalls }) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => provider.changes(HOST)))
    assert.ok(answers.every((answer) => answer.ok))
    assert.is(tokenCalls().length, 1)
  })
})

test('a forbidden or limited call is no reason to refresh', async () => {
  await withProvider(
    (_, number) => (number === 1 ? refusal(403, 'rateLimitExceeded') : refusal(403, 'forbidden')),
    async ({ provider, tokenCalls }) => {
      await provider.changes(HOST)
      await provider.changes(HOST)
      assert.is(tokenCalls().length, 0)
    },
  )
})

const tokenAnswers: [string, Scripted, string, string][] = [
  [
    'invalid_grant',
    { status: 400, body: { error: 'invalid_grant', error_description: 'Bad Request' } },
    'CREDENTIAL_REFUSED',
    'invalid_grant',
  ],
  [
    'an unknown client',
    { status: 401, body: { error: 'invalid_client' } },
    'CREDENTIAL_REFUSED',
    'invalid_client',
  ],
  ['a failing token endpoint', { status: 503, body: '<html>' }, 'UNAVAILABLE', ''],
  [
    'a proxy in front of the token endpoint',
    { status: 200, body: '<html>' },
    'UNAVAILABLE',
    'unreadableToken',
  ],
  ['a cut connection', 'reset', 'UNAVAILABLE', 'ECONNRESET'],
]
for (const [what, answered, code, reason] of tokenAnswers)
  test(`${what} is ${code}`, async () => {
    await withProvider(
      () => list,
      async ({ provider, vault, apiCalls, tokenCalls }) => {
        await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R' })
        const answer = await provider.changes(HOST)
        assert.equal(answer.ok || [answer.code, answer.reason ?? ''], [code, reason])
        assert.is(tokenCalls().length, 1)
        assert.is(apiCalls().length, 0)
      },
      { tokens: () => answered },
    )
  })

test('a token endpoint that does not answer is UNAVAILABLE after a third of the time of a call', async () => {
  await withProvider(
    () => list,
    async ({ provider, vault, clock, google }) => {
      await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R' })
      const arrived = google.nextRequest()
      const asking = provider.changes(HOST)
      await arrived
      await clock.advance(10_000)
      assert.equal(await asking, { ok: false, code: 'UNAVAILABLE', reason: 'timeout' })
    },
    { tokens: () => 'hang' },
  )
})

test('a credential that was replaced or shredded counts at once', async () => {
  await withProvider(
    () => list,
    async ({ provider, vault, apiCalls }) => {
      await provider.changes(HOST)
      await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R2' })
      await provider.changes(HOST)
      await vault.shred('cred-1')
      const answer = await provider.changes(HOST)
      assert.equal(answer, { ok: false, code: 'CREDENTIAL_MISSING', reason: 'noCredential' })
      assert.equal(
        apiCalls().map((call) => call.token),
        ['T0', 'T1'],
      )
    },
  )
})

test('a credential shredded or replaced while Google is asked is not overwritten by the answer', async () => {
  let meanwhile = async () => {}
  await withProvider(
    () => list,
    async ({ provider, vault }) => {
      await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R' })
      meanwhile = async () => void (await vault.shred('cred-1'))
      await provider.changes(HOST)
      assert.is(await vault.use('cred-1'), undefined)

      await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R2' })
      meanwhile = () => vault.put('cred-1', { kind: 'oauth', refreshToken: 'R3' })
      await provider.changes(HOST)
      assert.equal(await vault.use('cred-1'), { kind: 'oauth', refreshToken: 'R3' })
    },
    {
      tokens: async () => {
        await meanwhile()
        return { body: { access_token: 'T', expires_in: 3600 } }
      },
    },
  )
})

test('a vault that cannot be opened or read is an error value too, and no call is made', async () => {
  const { path, remove } = temporaryFolder()
  const file = join(path, 'vault.sqlite')
  const first = openDatabase(file)
  const newId = () => randomUUID()
  await sqliteVault(first, { keys: [randomBytes(32)], newId }).put('cred-1', {
    kind: 'oauth',
    refreshToken: 'R',
  })
  await first.close()
  const again = openDatabase(file)
  const vault = sqliteVault(again, { keys: [randomBytes(32)], newId })
  await withProvider(
    () => list,
    async ({ provider, google }) => {
      assert.equal(await provider.changes({ ...HOST, credentialId: 'cred-1' }), {
        ok: false,
        code: 'CREDENTIAL_MISSING',
        reason: 'VAULT_KEY_UNKNOWN',
      })
      await again.close()
      const closed = await provider.changes(HOST)
      assert.equal(closed, { ok: false, code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' })
      assert.is(google.asked.length, 0)
    },
    { vault },
  )
  remove()
})

/** A service account's key file of the test's own. */
function accountKey() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const account = parseServiceAccount(
    JSON.stringify({
      type: 'service_account',
      client_email: 'robot@project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      private_key_id: 'kid-1',
    }),
  )
  if (account === undefined) throw new Error('is one')
  const claimsOf = (call: Asked | undefined) => {
    const form = new URLSearchParams(call?.body)
    assert.is(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const signed = Buffer.from(`${header}.${claims}`)
    assert.ok(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')))
    assert.is(JSON.parse(Buffer.from(header, 'base64url').toString()).kid, 'kid-1')
    return JSON.parse(Buffer.from(claims, 'base64url').toString())
  }
  return { account, claimsOf }
}

test('in a delegated domain the service account acts as the owner, without a stored credential', async () => {
  const key = accountKey()
  await withProvider(
    () => list,
    async ({ provider, apiCalls, tokenCalls }) => {
      const access = { credentialId: 'none', externalCalendarId: 'Ada@Corp.example' }
      assert.ok((await provider.changes(access)).ok)
      assert.ok((await provider.changes(access)).ok)
      assert.is(tokenCalls().length, 1)
      assert.equal(key.claimsOf(tokenCalls()[0]), {
        iss: 'robot@project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/calendar.events.readonly',
        aud: 'https://oauth2.googleapis.com/token',
        iat: NOON.epochMilliseconds / 1000,
        exp: NOON.epochMilliseconds / 1000 + 3600,
        sub: 'Ada@Corp.example',
      })
      const [first, second] = apiCalls().map((call) => call.query.get('quotaUser'))
      assert.is(first, second)
      assert.match(first ?? '', /^[\w-]{40}$/)

      const elsewhere = await provider.changes({ ...access, externalCalendarId: 'eve@notcorp.example' })
      assert.is(!elsewhere.ok && elsewhere.code, 'CREDENTIAL_MISSING')
    },
    { serviceAccount: key.account, delegatedDomains: ['corp.example'] },
  )
})

test('a stored credential can name whom the service account acts as', async () => {
  const key = accountKey()
  await withProvider(
    sound('T2'),
    async ({ provider, vault, tokenCalls, apiCalls }) => {
      await vault.put('cred-2', { kind: 'service-account', subject: 'ada@corp.example' })
      const access = { credentialId: 'cred-2', externalCalendarId: 'team@group.calendar.google.com' }
      assert.ok((await provider.changes(access)).ok)
      assert.equal(
        tokenCalls().map((call) => key.claimsOf(call).sub),
        ['ada@corp.example', 'ada@corp.example'],
      )
      assert.equal(
        apiCalls().map((call) => call.token),
        ['T1', 'T2'],
      )
    },
    { serviceAccount: key.account },
  )
})

test('a channel of a delegated calendar is stopped as its owner where that is known, else as the service account', async () => {
  const key = accountKey()
  await withProvider(
    () => ({ status: 204 }),
    async ({ provider, tokenCalls }) => {
      const channel = { credentialId: 'none', channelId: 'ch', resourceId: 'res' }
      assert.ok((await provider.stop({ ...channel, externalCalendarId: 'ada@corp.example' })).ok)
      assert.ok((await provider.stop(channel)).ok)
      assert.equal(
        tokenCalls().map((call) => key.claimsOf(call).sub),
        ['ada@corp.example', undefined],
      )
    },
    { serviceAccount: key.account, delegatedDomains: ['corp.example'] },
  )
})

test.run()
