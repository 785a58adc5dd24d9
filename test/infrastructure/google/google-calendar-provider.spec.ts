import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addresses } from '../../../infrastructure/google/google-addresses.ts'
import { HOST, NOON, withProvider } from './provider-under-test.ts'
import { refusal, type Scripted } from './scripted-google.ts'

const test = suite('the Google calendar provider over HTTP')

const timed = (id: string) => ({
  kind: 'calendar#event',
  id,
  status: 'confirmed',
  start: { dateTime: '2026-03-03T10:00:00Z' },
  end: { dateTime: '2026-03-03T11:00:00Z' },
})
const page = (items: unknown[], rest: object): Scripted => ({
  body: { kind: 'calendar#events', timeZone: 'Europe/Berlin', items, ...rest },
})

test('a full list is read page by page, over an empty page, to the sync token on the last one', async () => {
  const pages = [
    page([timed('a')], { nextPageToken: 'p2' }),
    page([], { nextPageToken: 'p3' }),
    page([timed('b'), { id: 'c', status: 'cancelled' }], { nextSyncToken: 's1' }),
  ]
  await withProvider(
    (_, number) => pages[number - 1] ?? 'reset',
    async ({ provider, apiCalls }) => {
      const ids: string[] = []
      const timeMin = NOON.subtract({ hours: 24 })
      let pageToken: string | undefined
      let syncToken: string | undefined
      while (syncToken === undefined) {
        const answer = await provider.changes({ ...HOST, timeMin, ...(pageToken ? { pageToken } : {}) })
        if (!answer.ok) throw new Error(answer.code)
        ids.push(...answer.value.events.map((event) => event.id))
        pageToken = answer.value.nextPageToken
        syncToken = answer.value.nextSyncToken
      }
      assert.equal(ids, ['a', 'b', 'c'])
      assert.is(syncToken, 's1')

      const sent = apiCalls().map((call) => Object.fromEntries(call.query))
      assert.equal(
        sent.map(({ pageToken: token, ...rest }) => rest),
        Array(3).fill(sent.map(({ pageToken: token, ...rest }) => rest)[0]),
      )
      assert.equal(
        sent.map((one) => one.pageToken),
        [undefined, 'p2', 'p3'],
      )
      assert.is(sent[0]?.singleEvents, 'false')
      assert.is(sent[0]?.maxResults, '2500')
      assert.is(sent[0]?.timeMin, '2026-03-01T12:00:00Z')
      assert.is(apiCalls()[0]?.path, '/calendar/v3/calendars/host%40example.com/events')
    },
  )
})

test('a call with a sync token sends nothing that Google refuses beside one, and the same mask as the full list', async () => {
  await withProvider(
    () => page([], { nextSyncToken: 's2' }),
    async ({ provider, apiCalls }) => {
      await provider.changes({ ...HOST, timeMin: NOON })
      await provider.changes({ ...HOST, timeMin: NOON, syncToken: 's1', pageToken: 'p' })
      const [full, since] = apiCalls().map((call) => Object.fromEntries(call.query))
      assert.equal(Object.keys(since ?? {}).sort(), [
        'fields',
        'maxResults',
        'pageToken',
        'singleEvents',
        'syncToken',
      ])
      assert.is(since?.fields, full?.fields)
      for (const personal of ['summary', 'description', 'location', 'email', 'displayName', 'creator'])
        assert.not.match(since?.fields ?? '', personal)
    },
  )
})

test('an expired and a malformed sync token both ask for a full sync', async () => {
  const answers = [refusal(410, 'fullSyncRequired'), refusal(400, 'invalid')]
  await withProvider(
    (_, number) => answers[number - 1] ?? 'reset',
    async ({ provider }) => {
      for (const reason of ['fullSyncRequired', 'invalid']) {
        const answer = await provider.changes({ ...HOST, syncToken: 'old' })
        assert.is(!answer.ok && answer.code, 'SYNC_TOKEN_EXPIRED')
        assert.is(!answer.ok && answer.reason, reason)
      }
    },
  )
})

test('a page with malformed entries is given, and the fault is logged without naming anyone', async () => {
  const logged: unknown[] = []
  await withProvider(
    () => page([timed('a'), { id: 'b', start: {}, end: {} }, 7], { nextSyncToken: 's' }),
    async ({ provider }) => {
      const answer = await provider.changes(HOST)
      assert.equal(answer.ok && answer.value.events.map((event) => [event.id, event.status]), [
        ['a', 'confirmed'],
        ['b', 'confirmed'],
      ])
      assert.equal(logged, [{ credentialId: 'cred-1', count: 2, codes: ['MALFORMED_TIME', 'NOT_AN_EVENT'] }])
    },
    { log: { warn: (fields) => logged.push(fields) } },
  )
})

test('what is not an answer of Google is never an empty calendar nor a missing event', async () => {
  const bodies: Scripted[] = [
    { body: '<html>welcome to the network</html>' },
    { body: {} },
    { status: 404, body: '<html>no route</html>' },
    { status: 200, body: '' },
  ]
  await withProvider(
    (_, number) => bodies[(number - 1) % bodies.length] ?? 'reset',
    async ({ provider }) => {
      for (const _ of bodies) {
        const answer = await provider.changes({ ...HOST, syncToken: 's' })
        assert.is(!answer.ok && answer.code, 'UNAVAILABLE')
      }
      for (const _ of bodies) {
        const answer = await provider.event({ ...HOST, eventId: 'e' })
        assert.is(!answer.ok && answer.code, 'UNAVAILABLE')
      }
    },
  )
})

test('an event is answered when cancelled too, and a missing one is told from an unreadable one', async () => {
  const answers: Record<string, Scripted> = {
    gone: { body: { kind: 'calendar#event', id: 'gone', status: 'cancelled' } },
    missing: refusal(404, 'notFound'),
    odd: { body: { kind: 'calendar#event', id: 'odd', start: { dateTime: 'noon' }, end: {} } },
  }
  await withProvider(
    (asked) => answers[asked.path.split('/').at(-1) ?? ''] ?? 'reset',
    async ({ provider }) => {
      assert.equal(await provider.event({ ...HOST, eventId: 'gone' }), {
        ok: true,
        value: { id: 'gone', status: 'cancelled', idOnly: true },
      })
      const missing = await provider.event({ ...HOST, eventId: 'missing' })
      assert.is(!missing.ok && missing.code, 'NOT_FOUND')
      const odd = await provider.event({ ...HOST, eventId: 'odd' })
      assert.equal(odd, { ok: false, code: 'UNAVAILABLE', reason: 'MALFORMED_TIME' })
    },
  )
})

test('an event whose time has no zone at all is read with the calendar zone, which is asked for', async () => {
  await withProvider(
    (asked) =>
      asked.path.endsWith('/events')
        ? { body: { timeZone: 'Asia/Tokyo' } }
        : {
            body: {
              id: 'z',
              start: { dateTime: '2026-03-03T10:00:00' },
              end: { dateTime: '2026-03-03T11:00:00' },
            },
          },
    async ({ provider, apiCalls }) => {
      const answer = await provider.event({ ...HOST, eventId: 'z' })
      const times = answer.ok ? answer.value.times : undefined
      assert.is(times?.allDay === false && String(times.start), '2026-03-03T01:00:00Z')
      assert.is(apiCalls().at(-1)?.query.get('maxResults'), '1')
    },
  )
})

test('an id that would climb in the path is refused before anything is asked', async () => {
  await withProvider(
    () => 'reset',
    async ({ provider, apiCalls }) => {
      for (const eventId of ['', '.', '..']) {
        const answer = await provider.event({ ...HOST, eventId })
        assert.is(!answer.ok && answer.code, 'BAD_REQUEST')
      }
      assert.is(apiCalls().length, 0)
    },
  )
})

test('the instances of a series come from all pages, cancelled ones too, or not at all', async () => {
  const series = 'm_R20260302T100000'
  const instance = (id: string, rest: object) => ({ ...timed(id), recurringEventId: series, ...rest })
  let second: unknown[] = [instance('m_2', { status: 'cancelled' })]
  await withProvider(
    (asked) =>
      asked.query.get('pageToken') === 'p2'
        ? page(second, {})
        : page([instance('m_1', {})], { nextPageToken: 'p2' }),
    async ({ provider, apiCalls }) => {
      const request = { ...HOST, eventId: series, from: NOON, to: NOON.add({ hours: 48 }) }
      const answer = await provider.instances(request)
      assert.equal(answer.ok && answer.value.map((event) => `${event.id} ${event.status}`), [
        'm_1 confirmed',
        'm_2 cancelled',
      ])
      const query = apiCalls()[0]?.query
      assert.is(apiCalls()[0]?.path, `/calendar/v3/calendars/host%40example.com/events/${series}/instances`)
      assert.is(query?.get('timeMin'), '2026-03-02T12:00:00Z')
      assert.is(query?.get('timeMax'), '2026-03-04T12:00:00Z')
      assert.is(query?.get('showDeleted'), 'true')
      second = [{ id: 'm_2', start: 'tomorrow' }]
      const unreadable = await provider.instances(request)
      assert.equal(
        unreadable.ok && unreadable.value.map(({ id, times }) => [id, times !== undefined]),
        [
          ['m_1', true],
          ['m_2', false],
        ],
        'one without times keeps its place',
      )
      second = ['tomorrow']
      const partial = await provider.instances(request)
      assert.is(!partial.ok && partial.code, 'UNAVAILABLE')
    },
  )
})

test('a search sends the word and the time, asks for no title and no description, and reads every page', async () => {
  await withProvider(
    (asked) =>
      asked.query.get('pageToken') === 'p2' ? page([timed('b')], {}) : page([], { nextPageToken: 'p2' }),
    async ({ provider, apiCalls }) => {
      const request = { ...HOST, text: 'uid', from: NOON, to: NOON.add({ hours: 48 }) }
      const answer = await provider.search(request)
      assert.equal(answer.ok && answer.value.map(({ id }) => id), ['b'])
      const [first] = apiCalls()
      const { fields = '', ...query } = Object.fromEntries(first?.query ?? [])
      assert.is(first?.path, '/calendar/v3/calendars/host%40example.com/events')
      assert.equal(query, {
        q: 'uid',
        timeMin: '2026-03-02T12:00:00Z',
        timeMax: '2026-03-04T12:00:00Z',
        singleEvents: 'true',
        maxResults: '2500',
      })
      for (const personal of ['summary', 'description', 'location', 'email', 'displayName', 'creator'])
        assert.not.match(fields, personal)
    },
  )
})

test('watching sends the life in seconds and keeps the life that Google gives', async () => {
  await withProvider(
    () => ({ body: { kind: 'api#channel', id: 'ch', resourceId: 'res', expiration: '1774958400000' } }),
    async ({ provider, apiCalls }) => {
      const answer = await provider.watch({
        ...HOST,
        channelId: 'ch',
        token: 'tok',
        address: 'https://example.com/webhooks/google',
        ttlMs: 5_184_000_000,
      })
      assert.equal(answer, {
        ok: true,
        value: { resourceId: 'res', expiresAt: Temporal.Instant.from('2026-03-31T12:00:00Z') },
      })
      assert.equal(JSON.parse(apiCalls()[0]?.body ?? ''), {
        id: 'ch',
        type: 'web_hook',
        address: 'https://example.com/webhooks/google',
        token: 'tok',
        params: { ttl: '5184000' },
      })
      assert.is(apiCalls()[0]?.path, '/calendar/v3/calendars/host%40example.com/events/watch')
      assert.equal([...(apiCalls()[0]?.query.keys() ?? [])], [])
    },
  )
})

test('the refusals of a channel are told apart, and a refused address is no reason to refresh a token', async () => {
  const answers: [Scripted, string][] = [
    [refusal(400, 'pushNotSupportedForRequestedResource'), 'PUSH_NOT_SUPPORTED'],
    [refusal(400, 'channelIdNotUnique'), 'CHANNEL_ID_NOT_UNIQUE'],
    [refusal(401, 'push.webhookUrlUnauthorized'), 'PUSH_ADDRESS_REFUSED'],
    [refusal(403, 'notACalendarUser'), 'FORBIDDEN'],
  ]
  await withProvider(
    (_, number) => answers[number - 1]?.[0] ?? 'reset',
    async ({ provider, tokenCalls }) => {
      for (const [, code] of answers) {
        const request = { ...HOST, channelId: 'c', token: 't', address: 'https://a.example', ttlMs: 1 }
        const answer = await provider.watch(request)
        assert.is(!answer.ok && answer.code, code)
      }
      assert.is(tokenCalls().length, 0)
    },
  )
})

test('stopping a channel that Google no longer knows is a success that says so', async () => {
  const answers: Scripted[] = [{ status: 204 }, refusal(404, 'notFound'), { status: 503 }]
  await withProvider(
    (_, number) => answers[number - 1] ?? 'reset',
    async ({ provider, apiCalls }) => {
      const request = { credentialId: 'cred-1', channelId: 'ch', resourceId: 'res' }
      assert.equal(await provider.stop(request), { ok: true, value: { known: true } })
      assert.equal(await provider.stop(request), { ok: true, value: { known: false } })
      assert.is((await provider.stop(request)).ok, false)
      assert.is(apiCalls()[0]?.path, '/calendar/v3/channels/stop')
      assert.equal(JSON.parse(apiCalls()[0]?.body ?? ''), { id: 'ch', resourceId: 'res' })
    },
  )
})

test('a call is made once, whatever fails: waiting and retrying are for the worker, who is told how long', async () => {
  const answers: Scripted[] = [
    refusal(429, 'rateLimitExceeded', { 'retry-after': '17' }),
    refusal(503, 'backendError', { 'retry-after': 'Mon, 02 Mar 2026 12:01:00 GMT' }),
    'reset',
  ]
  await withProvider(
    (_, number) => answers[number - 1] ?? { status: 500 },
    async ({ provider, apiCalls }) => {
      const limited = await provider.changes(HOST)
      assert.equal(limited, {
        ok: false,
        code: 'RATE_LIMITED',
        reason: 'rateLimitExceeded',
        status: 429,
        retryAfterMs: 17_000,
      })
      const broken = await provider.changes(HOST)
      assert.equal(broken.ok || [broken.code, broken.retryAfterMs], ['UNAVAILABLE', 60_000])
      const cut = await provider.changes(HOST)
      assert.is(!cut.ok && cut.code, 'UNAVAILABLE')
      assert.is(apiCalls().length, 3)
    },
  )
})

test('an answer that does not come in time is UNAVAILABLE, by the given clock', async () => {
  await withProvider(
    () => 'hang',
    async ({ provider, google, clock }) => {
      const arrived = google.nextRequest()
      const asking = provider.event({ ...HOST, eventId: 'e' })
      await arrived
      await clock.advance(5000)
      assert.equal(await asking, { ok: false, code: 'UNAVAILABLE', reason: 'timeout' })
    },
    { timeoutMs: 5000 },
  )
})

test('the caller can end a call, before it is made or while it hangs', async () => {
  await withProvider(
    () => 'hang',
    async ({ provider, google, apiCalls }) => {
      const aborted = { ok: false, code: 'UNAVAILABLE', reason: 'aborted' }
      assert.equal(await provider.changes(HOST, AbortSignal.abort()), aborted)
      assert.is(apiCalls().length, 0)
      const stop = new AbortController()
      const arrived = google.nextRequest()
      const asking = provider.changes(HOST, stop.signal)
      await arrived
      stop.abort()
      assert.equal(await asking, aborted)
    },
  )
})

test('hundreds of calls in a row share a handful of connections', async () => {
  await withProvider(
    (asked) => ({ body: timed(asked.path.split('/').at(-1) ?? '') }),
    async ({ provider, google }) => {
      for (let n = 0; n < 300; n++) assert.ok((await provider.event({ ...HOST, eventId: `e${n}` })).ok)
      assert.ok(google.connections() <= 5, `${google.connections()} connections`)
    },
  )
})

test('a root with a path of its own keeps it', async () => {
  await withProvider(
    () => page([], { nextSyncToken: 's' }),
    async ({ provider, apiCalls, tokenCalls, vault }) => {
      await vault.put('cred-1', { kind: 'oauth', refreshToken: 'R' })
      assert.ok((await provider.changes(HOST)).ok)
      assert.is(apiCalls()[0]?.path, '/proxy/calendar/v3/calendars/host%40example.com/events')
      assert.is(tokenCalls()[0]?.path, '/proxy/token')
    },
    { path: '/proxy' },
  )
})

test('the token endpoint is beneath another root, Google has its own, and a given one wins', () => {
  const google = 'https://oauth2.googleapis.com/token'
  const tokenUrlOf = (apiUrl?: string, tokenUrl?: string) =>
    addresses({ ...(apiUrl ? { apiUrl } : {}), ...(tokenUrl ? { tokenUrl } : {}) }).tokenUrl
  assert.is(tokenUrlOf(), google)
  assert.is(tokenUrlOf('https://www.googleapis.com/'), google)
  assert.is(tokenUrlOf('https://calendar.googleapis.com'), google)
  assert.is(tokenUrlOf('http://127.0.0.1:3190/'), 'http://127.0.0.1:3190/token')
  assert.is(tokenUrlOf('https://googleapis.com.example'), 'https://googleapis.com.example/token')
  assert.is(tokenUrlOf('http://127.0.0.1:3190', google), google)
})

test.run()
