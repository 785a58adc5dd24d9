import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../../support/virtual-clock.ts'
import { act, failureOf, HOST, morning, withReceiver, withStandIn } from './stand-in-client.ts'

const test = suite("Google's stand-in: push channels")

const hook = (address: string, more: object = {}) => ({ id: 'channel-1', type: 'web_hook', address, ...more })

test('`sync` arrives before the watch call returns, changes come numbered with gaps and without a body', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      const { data: channel } = await client.events.watch({
        calendarId: HOST,
        requestBody: hook(receiver.address, { token: 'secret' }),
      })
      assert.is(receiver.received.length, 1)
      assert.equal([channel.kind, channel.id, channel.token], ['api#channel', 'channel-1', 'secret'])
      const { id } = standIn.core.insert(HOST, morning(7))
      standIn.core.delete(HOST, id)
      const [sync, created, deleted] = [await receiver.next(), await receiver.next(), await receiver.next()]
      assert.equal(
        [sync, created, deleted].map(({ headers }) => headers['x-goog-resource-state']),
        ['sync', 'exists', 'exists'],
      )
      const numbers = [sync, created, deleted].map(({ headers }) => Number(headers['x-goog-message-number']))
      assert.is(numbers[0], 1)
      assert.ok((numbers[1] ?? 0) > 100_000 && (numbers[2] ?? 0) > (numbers[1] ?? 0))
      assert.equal([created.body, created.headers['content-length']], ['', '0'])
      assert.match(created.headers['user-agent'] ?? '', /^APIs-Google/)
      assert.is(created.headers['x-goog-channel-id'], 'channel-1')
      assert.is(created.headers['x-goog-channel-token'], 'secret')
      assert.is(created.headers['x-goog-resource-id'], channel.resourceId)
      assert.is(created.headers['x-goog-resource-uri'], channel.resourceUri)
      const expires = new Date(Number(channel.expiration)).toUTCString()
      assert.is(created.headers['x-goog-channel-expiration'], expires)
    }),
  ))

test('the life of a channel is a week by default and never more than thirty days', () =>
  withStandIn(
    async (_standIn, client) => {
      const life = async (id: string, more: object) => {
        const { data } = await client.events.watch({
          calendarId: HOST,
          requestBody: { ...hook('http://127.0.0.1:9/'), id, ...more },
        })
        return (Number(data.expiration) - Date.parse('2030-01-01T00:00:00Z')) / 3_600_000
      }
      assert.is(await life('default', {}), 168)
      assert.is(await life('hour', { params: { ttl: '3600' } }), 1)
      assert.is(await life('long', { params: { ttl: '31536000' } }), 720)
      const day = String(Date.parse('2030-01-02T00:00:00Z'))
      assert.is(await life('day', { expiration: day }), 24)
    },
    { clock: virtualClock('2030-01-01T00:00:00Z') },
  ))

test('watch requests that Google refuses are refused', () =>
  withStandIn(async (standIn, client) => {
    standIn.core.createCalendar({ id: 'holidays@example.com', settings: { pushSupported: false } })
    const watch = (requestBody: object, calendarId = HOST, more = {}) =>
      failureOf(client.events.watch({ calendarId, requestBody, ...more }))
    const address = 'http://127.0.0.1:9/'
    await client.events.watch({ calendarId: HOST, requestBody: hook(address) })
    assert.is((await watch(hook(address))).reason, 'channelIdNotUnique')
    assert.is((await watch(hook(address, { id: 'x'.repeat(65) }))).status, 400)
    assert.is((await watch(hook(address, { id: 'a b' }))).status, 400)
    assert.is((await watch(hook(address, { id: 'c', token: 'x'.repeat(257) }))).status, 400)
    const plain = await watch(hook('http://calendar.example.com/', { id: 'd' }))
    assert.is(plain.reason, 'push.webhookUrlNotHttps')
    const polled = await watch(hook(address, { id: 'e' }), 'holidays@example.com')
    assert.equal([polled.status, polled.reason], [400, 'pushNotSupportedForRequestedResource'])
    assert.is((await watch(hook(address, { id: 'f' }), HOST, { syncToken: 'x' })).reason, 'invalid')
  }))

test('a push is tried again after 503 and lost after 404', () =>
  withReceiver(
    (receiver) =>
      withStandIn(async (standIn, client) => {
        await client.events.watch({ calendarId: HOST, requestBody: hook(receiver.address) })
        await receiver.next()
        standIn.core.insert(HOST, morning(7))
        const tries = [await receiver.next(), await receiver.next(), await receiver.next()]
        assert.is(new Set(tries.map(({ headers }) => headers['x-goog-message-number'])).size, 1)
        standIn.core.insert(HOST, morning(8))
        const lost = await receiver.next()
        standIn.core.insert(HOST, morning(9))
        const next = await receiver.next()
        assert.is.not(next.headers['x-goog-message-number'], lost.headers['x-goog-message-number'])
        assert.equal(
          standIn
            .deliveries()
            .slice(0, 3)
            .map(({ statuses }) => statuses),
          [[200], [503, 500, 200], [404]],
        )
      }),
    [200, 503, 500, 200, 404],
  ))

test('two channels on a calendar share the resource id and are both told', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      const watch = async (id: string) =>
        (await client.events.watch({ calendarId: HOST, requestBody: hook(receiver.address, { id }) })).data
      const [one, two] = [await watch('one'), await watch('two')]
      assert.is(one.resourceId, two.resourceId)
      standIn.core.insert(HOST, morning(7))
      for (let at = 0; at < 4; at++) await receiver.next()
      assert.equal(receiver.received.map(({ headers }) => headers['x-goog-channel-id']).sort(), [
        'one',
        'one',
        'two',
        'two',
      ])
    }),
  ))

test('stopping needs both ids, is 404 the second time, and stragglers come where set', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      standIn.core.settings.push.stragglers = 1
      const { data } = await client.events.watch({ calendarId: HOST, requestBody: hook(receiver.address) })
      const stop = (resourceId?: string | null) =>
        client.channels.stop({ requestBody: { id: 'channel-1', resourceId: resourceId ?? '' } })
      assert.is((await failureOf(stop('another'))).status, 404)
      assert.is((await stop(data.resourceId)).status, 204)
      assert.is((await failureOf(stop(data.resourceId))).status, 404)
      await receiver.next()
      standIn.core.insert(HOST, morning(7))
      await receiver.next()
      standIn.core.insert(HOST, morning(8))
      assert.is(standIn.deliveries().length, 2)
    }),
  ))

test('the resource URI writes the calendar with `%40` or with `@`', () =>
  withReceiver((receiver) =>
    withStandIn(async (standIn, client) => {
      for (const uriAt of ['%40', '@']) {
        await act(standIn, 'PUT /push', { uriAt })
        const requestBody = hook(receiver.address, { id: uriAt === '@' ? 'plain' : 'coded' })
        const { data } = await client.events.watch({ calendarId: HOST, requestBody })
        const uri = `https://www.googleapis.com/calendar/v3/calendars/host${uriAt}example.com/events?alt=json`
        const { headers } = await receiver.next()
        assert.equal([data.resourceUri, headers['x-goog-resource-uri']], [uri, uri])
      }
    }),
  ))

test('a watch can answer 404 while the list works', () =>
  withStandIn(async (standIn, client) => {
    await act(standIn, 'POST /faults', { calendarId: HOST, methods: ['watch'], status: 404 })
    const watch = client.events.watch({ calendarId: HOST, requestBody: hook('http://127.0.0.1:9/') })
    const { status, reason } = await failureOf(watch)
    assert.equal([status, reason], [404, 'notFound'])
    assert.ok((await client.events.list({ calendarId: HOST })).data.nextSyncToken)
  }))

test('an expired channel is told nothing', async () => {
  const clock = virtualClock('2030-01-01T00:00:00Z')
  await withReceiver((receiver) =>
    withStandIn(
      async (standIn, client) => {
        await client.events.watch({
          calendarId: HOST,
          requestBody: hook(receiver.address, { params: { ttl: '60' } }),
        })
        await clock.advance(60_000)
        standIn.core.insert(HOST, morning(7))
        assert.is(standIn.deliveries().length, 1)
      },
      { clock },
    ),
  )
})

test('pushes dropped, doubled and reordered are the same for the same seed', () => {
  const plan = async (seed: number) => {
    const planned: string[] = []
    await withStandIn(
      async (standIn) => {
        const { core } = standIn
        Object.assign(core.settings.push, { drop: 0.3, double: 0.3, reorder: 0.5, delayMs: [10, 20] })
        core.watch(HOST, hook('https://calendar.example.com/'))
        core.onPush(({ headers, afterMs }) => planned.push(`${headers['x-goog-message-number']} ${afterMs}`))
        for (let day = 1; day <= 30; day++) core.insert(HOST, morning(day))
      },
      { seed, clock: virtualClock() },
    )
    return planned
  }
  return Promise.all([plan(7), plan(7), plan(8)]).then(([one, same, other]) => {
    assert.equal(one, same)
    assert.not.equal(one, other)
    const numbers = one.map((push) => push.split(' ')[0])
    assert.ok(new Set(numbers).size < 30, 'some are dropped')
    assert.ok(new Set(numbers).size < numbers.length, 'some are doubled')
    assert.ok(
      one.some((push) => Number(push.split(' ')[1]) > 20),
      'some are held back',
    )
  })
})

test.run()
