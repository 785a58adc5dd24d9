import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adjustableClock } from '../../../stand-ins/adjustable-clock.ts'
import { runGoogleStandIn } from '../../../stand-ins/google/main.ts'
import {
  ask,
  calendarPath as at,
  failureOf,
  HOST,
  type Json,
  morning,
  withReceiver,
  withStandIn,
} from './stand-in-client.ts'

const test = suite("Google's stand-in: the admin API")

test('an event lives through all that a person does to it', () =>
  withStandIn(async (standIn) => {
    const act = async (line: string, body?: object) => (await ask(standIn, line, body)).body
    await act(`POST ${at}/events`, {
      id: 'meeting1',
      summary: 'A meeting',
      start: '2030-01-07T15:00:00Z',
      end: '2030-01-07T15:30:00Z',
      attendees: [{ email: 'guest@example.com' }],
    })
    const times = (event: Json) => [event.start, event.end].map((time) => (time as Json).dateTime)
    assert.equal(times(await act(`POST ${at}/events/meeting1/move`, { start: '2030-01-08T15:00:00Z' })), [
      '2030-01-08T09:00:00-06:00',
      '2030-01-08T09:30:00-06:00',
    ])
    assert.is(
      times(await act(`POST ${at}/events/meeting1/resize`, { end: '2030-01-08T16:00:00Z' }))[1],
      '2030-01-08T10:00:00-06:00',
    )
    const declined = await act(`POST ${at}/events/meeting1/decline`, {})
    assert.equal(
      (declined.attendees as Json[]).map(({ email, self, responseStatus }) => [email, self, responseStatus]),
      [
        ['guest@example.com', undefined, 'needsAction'],
        [HOST, true, 'declined'],
      ],
    )
    const answer = { email: 'guest@example.com', response: 'accepted' }
    const accepted = await act(`POST ${at}/events/meeting1/respond`, answer)
    assert.is((accepted.attendees as Json[])[0]?.responseStatus, 'accepted')
    const allDay = await act(`POST ${at}/events/meeting1/move`, { start: '2030-01-09' })
    assert.equal([allDay.start, allDay.end], [{ date: '2030-01-09' }, { date: '2030-01-10' }])
    assert.is((await ask(standIn, `DELETE ${at}/events/meeting1`)).status, 204)
    assert.equal((await act(`GET ${at}/events`)).items, [])
    assert.is(((await act(`GET ${at}/events?deleted=true`)).items as Json[]).length, 1)
    assert.is((await act(`POST ${at}/events/meeting1/restore`)).status, 'confirmed')
  }))

test('mistakes are told by field, unknown routes and ids by name', () =>
  withStandIn(async (standIn) => {
    const wrong = await ask(standIn, 'POST /faults', { staus: 500 })
    assert.is(wrong.status, 400)
    assert.match(JSON.stringify(wrong.body), 'staus')
    const empty = await ask(standIn, 'POST /faults', { methods: ['list'] })
    assert.match(JSON.stringify(empty.body), 'a fault needs one of')
    assert.is((await ask(standIn, 'GET /nowhere')).status, 404)
    assert.is((await ask(standIn, `GET ${at}/events/none`)).status, 404)
    assert.is((await ask(standIn, 'POST /calendars', { timeZone: 'Mars/Olympus' })).status, 400)
  }))

test('faults, push settings, access and calendars are set and read back', () =>
  withStandIn(async (standIn, client) => {
    const { body: fault } = await ask(standIn, 'POST /faults', { status: 500, methods: ['list'] })
    assert.is((await failureOf(client.events.list({ calendarId: HOST }, { retry: false }))).status, 500)
    assert.equal((await ask(standIn, `DELETE /faults/${fault.id}`)).body, { cleared: 1 })
    await client.events.list({ calendarId: HOST })
    const { body: push } = await ask(standIn, 'PUT /push', { drop: 1, delayMs: 5 })
    assert.equal([push.drop, push.delayMs, push.double], [1, [5, 5], 0])
    await ask(standIn, `PATCH ${at}`, { settings: { pushSupported: false, gone: true } })
    assert.is((await failureOf(client.events.list({ calendarId: HOST }))).status, 404)
    await ask(standIn, `PATCH ${at}`, { settings: { gone: false } })
    await ask(standIn, 'PUT /access', { refreshTokens: { 'refresh-token': { revoked: true } } })
    assert.is((await fetch(standIn.tokenUrl, { method: 'POST', body: tokenForm() })).status, 400)
    await ask(standIn, 'POST /reset')
    assert.equal((await ask(standIn, 'GET /calendars')).body.items, [])
  }))

const tokenForm = () => new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'refresh-token' })

test('requests are listed with path, query and status, and can be forgotten', () =>
  withStandIn(async (standIn, client) => {
    await client.events.list({ calendarId: HOST, maxResults: 7 })
    const { items } = (await ask(standIn, 'GET /requests')).body as { items: Json[] }
    assert.equal(
      items.map(({ method, query, status }) => [method, query, status]),
      [
        ['POST', '', 200],
        ['GET', 'maxResults=7', 200],
      ],
    )
    await ask(standIn, 'DELETE /requests')
    assert.equal((await ask(standIn, 'GET /requests')).body, { items: [] })
  }))

test('recorded events are a calendar, and recorded pages are answered word for word, in order', () =>
  withStandIn(async (standIn, client) => {
    const events = [
      {
        kind: 'calendar#event',
        etag: '"3485452990504510"',
        id: 'recorded1',
        status: 'confirmed',
        updated: '2025-03-23T10:41:35.252Z',
        ...morning(7, { recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] }),
      },
      { kind: 'calendar#event', etag: '"3485452990504510"', id: 'gone1', status: 'cancelled' },
    ]
    await ask(standIn, `PUT ${at}/raw`, { events })
    assert.equal((await client.events.list({ calendarId: HOST })).data.items, [events[0]])
    assert.is(
      (await client.events.instances({ calendarId: HOST, eventId: 'recorded1' })).data.items?.length,
      3,
    )

    const page = { kind: 'calendar#events', items: [{ id: 'x', status: 'cancelled' }], nextSyncToken: 'T' }
    const error = {
      status: 410,
      body: { error: { code: 410, errors: [{ reason: 'updatedMinTooLongAgo' }] } },
    }
    await ask(standIn, `PUT ${at}/pages`, { pages: [page, error] })
    assert.equal((await client.events.list({ calendarId: HOST })).data, page)
    const refused = await failureOf(client.events.list({ calendarId: HOST, syncToken: 'T' }))
    assert.is(refused.reason, 'updatedMinTooLongAgo')
    assert.is((await client.events.list({ calendarId: HOST })).data.items?.[0]?.id, 'recorded1')
  }))

test('the clock is put forward where it can be, and a channel then expires', () =>
  withStandIn(
    async (standIn) => {
      const before = Date.parse(String((await ask(standIn, 'GET /clock')).body.now))
      const { body } = await ask(standIn, 'POST /clock/advance', { ms: 3_600_000 })
      assert.is(Date.parse(String(body.now)) - before, 3_600_000)
    },
    { clock: adjustableClock(Temporal.Instant.from('2030-01-01T00:00:00Z')) },
  ))

test('a clock that cannot be put forward says so', () =>
  withStandIn(async (standIn) => {
    assert.is((await ask(standIn, 'POST /clock/advance', { ms: 1 })).status, 409)
  }))

test('a saved state goes on in another stand-in: sync tokens, access tokens and channels stay good', () =>
  withReceiver((receiver) =>
    withStandIn(async (first, client) => {
      const { id } = first.core.insert(HOST, morning(7, { recurrence: ['RRULE:FREQ=DAILY;COUNT=9'] }))
      first.core.delete(HOST, `${id}_20300108T150000Z`)
      const { data } = await client.events.list({ calendarId: HOST })
      const requestBody = { id: 'channel-1', type: 'web_hook', address: receiver.address }
      const { data: channel } = await client.events.watch({ calendarId: HOST, requestBody })
      await receiver.next()
      const snapshot = JSON.parse(JSON.stringify(first.core.snapshot()))
      await withStandIn(
        async (second, again) => {
          second.core.split(HOST, `${id}_20300110T150000Z`)
          assert.is((await receiver.next()).headers['x-goog-channel-id'], 'channel-1')
          const syncToken = data.nextSyncToken ?? ''
          const { items } = (await again.events.list({ calendarId: HOST, syncToken })).data
          assert.equal(
            items?.map((event) => event.id),
            [id, `${id}_20300108T150000Z`, `${id}_R20300110T150000`],
          )
          const resourceId = channel.resourceId ?? ''
          await again.channels.stop({ requestBody: { id: 'channel-1', resourceId } })
        },
        { snapshot },
      )
    }),
  ))

test('the program prints what to set, and its examples work as they stand', async () => {
  const printed: string[] = []
  const write = process.stdout.write
  process.stdout.write = (text: string | Uint8Array) => printed.push(String(text)) > 0
  const standIn = await runGoogleStandIn(['--port', '0']).finally(() => {
    process.stdout.write = write
  })
  if (!standIn) throw new Error('only help was shown')
  try {
    const text = printed.join('')
    assert.match(text, `GOOGLE_API_URL=${standIn.url}`)
    assert.match(text, `GOOGLE_TOKEN_URL=${standIn.url}/token`)
    for (const [, url = '', body = ''] of text.matchAll(/curl -s (\S+) .* -d '(.+)'/g)) {
      const answer = await fetch(url, { method: 'POST', body })
      assert.is(answer.status, 200, url)
    }
    assert.is(standIn.core.get(HOST, 'meeting1').start?.dateTime, '2030-01-07T14:00:00Z')
  } finally {
    await standIn.close()
  }
})

test.run()
