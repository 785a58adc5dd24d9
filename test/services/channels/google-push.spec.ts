import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calendarSubscriptionAggregate } from '../../../commands/aggregates.ts'
import { load } from '../../../commands/execute.ts'
import { createGooglePush } from '../../../services/channels/google-push.ts'
import { outageLog } from '../../../services/running/outage-log.ts'
import { openPushEdge, type PushEdge, pushHeaders, tokenUnder } from '../../support/push-edge.ts'

const CALENDAR = '0123456789abcdef0123456789abcdef'
const OTHER = 'fedcba9876543210fedcba9876543210'
const test = suite('Google push')

async function withEdge(
  body: (edge: PushEdge) => Promise<void>,
  options?: { keys: string[] },
): Promise<void> {
  const edge = await openPushEdge(options)
  try {
    await body(edge)
  } finally {
    await edge.close()
  }
}

/** An open channel that the read model knows. */
async function openChannel(edge: PushEdge, calendarKey = CALENDAR): Promise<string> {
  const channelId = await edge.channel(calendarKey, { resourceId: 'resource-1' })
  await edge.project()
  return channelId
}

const stateOf = async ({ events }: PushEdge) => {
  const { state } = await load(events, calendarSubscriptionAggregate, CALENDAR)
  if (state.kind === 'NONE') throw new Error('no subscription')
  return state
}

test('makes the signal of a good push durable, with the push as its cause and after the settle window', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    assert.is(await edge.send(pushHeaders(channelId)), 200)
    assert.is(await edge.send(pushHeaders(channelId, { 'X-Goog-Resource-State': 'not_exists' })), 200)
    assert.is(await edge.signalled(CALENDAR), 2)
    assert.is(await edge.queue.nextDueInMs(), 2000)
    await edge.clock.advance(2000)
    const lease = await edge.queue.lease({ leaseMs: 1000 })
    assert.equal(lease?.cause, { channelId, messageNumber: 100_566, receivedAt: '2026-03-02T08:00:00Z' })
    assert.equal(edge.answered, [200, 200])
  }))

test('counts a push as in hand until it is answered', () =>
  withEdge(async (edge) => {
    const headers = Object.entries(pushHeaders(await openChannel(edge)))
    const answered = edge.googlePush.receive(
      Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    )
    assert.equal(edge.googlePush.inHand(), { backlog: 1, oldestAgeMs: 0 })
    assert.is((await answered).status, 200)
    assert.equal(edge.googlePush.inHand(), { backlog: 0, oldestAgeMs: null })
  }))

test('takes sync without a signal', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    const sync = { 'X-Goog-Resource-State': 'sync', 'X-Goog-Message-Number': '1' }
    assert.is(await edge.send(pushHeaders(channelId, sync)), 200)
    assert.is(await edge.queue.nextDueInMs(), undefined)
  }))

test('answers 400 to each malformed header, before anything else is looked at', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    const malformed: { [name: string]: string | undefined }[] = [
      { 'X-Goog-Channel-ID': undefined },
      { 'X-Goog-Channel-ID': '' },
      { 'X-Goog-Channel-ID': 'a'.repeat(65) },
      { 'X-Goog-Channel-ID': `${channelId}, ${channelId}` },
      { 'X-Goog-Channel-ID': `${channelId}'` },
      { 'X-Goog-Message-Number': undefined },
      { 'X-Goog-Message-Number': '' },
      { 'X-Goog-Message-Number': 'one' },
      { 'X-Goog-Message-Number': '-1' },
      { 'X-Goog-Message-Number': '1.5' },
      { 'X-Goog-Message-Number': '1, 1' },
      { 'X-Goog-Message-Number': '9007199254740993' },
      { 'X-Goog-Resource-State': undefined },
      { 'X-Goog-Resource-State': 'EXISTS' },
      { 'X-Goog-Resource-State': 'deleted' },
      { 'X-Goog-Resource-State': 'sync, exists' },
      { 'X-Goog-Resource-ID': 'resource-1, resource-1' },
      { 'X-Goog-Resource-ID': 'r'.repeat(513) },
    ]
    for (const changes of malformed)
      assert.is(await edge.send(pushHeaders(channelId, changes)), 400, JSON.stringify(changes))
    // In the order of the checks: an unknown channel, and a wrong token, come after.
    const number = { 'X-Goog-Message-Number': 'many' }
    assert.is(await edge.send(pushHeaders('unknown', number)), 400)
    assert.is(await edge.send(pushHeaders(channelId, { ...number, 'X-Goog-Channel-Token': 'x' })), 400)
    assert.is(await edge.queue.nextDueInMs(), undefined)
  }))

test('answers 404 to a channel that nobody opened, whatever its token', () =>
  withEdge(async (edge) => {
    await openChannel(edge)
    const unknown = `${OTHER}-a1b2c3d4e5f60718`
    assert.is(await edge.send(pushHeaders('unknown')), 404)
    assert.is(await edge.send(pushHeaders('unknown', { 'X-Goog-Channel-Token': undefined })), 404)
    assert.is(await edge.send(pushHeaders(unknown, { 'X-Goog-Channel-Token': 'wrong' })), 404)
    // A token of ours for a channel that no record knows.
    for (let time = 0; time < 3; time++) assert.is(await edge.send(pushHeaders(unknown)), 404)
    assert.is(await edge.send(pushHeaders(unknown, { 'X-Goog-Resource-ID': undefined })), 404)
    assert.is(await edge.queue.nextDueInMs(), undefined)
  }))

test('answers 401 to a missing or wrong token, and to forged ones of every length', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    const good = tokenUnder('key', channelId)
    const forged = [
      undefined,
      '',
      tokenUnder('another key', channelId),
      tokenUnder('key', `${CALENDAR}-other`),
      `${good}=`,
      `${good}, ${good}`,
      good.toLowerCase(),
      'ÿ'.repeat(good.length),
      ...Array.from({ length: good.length }, (_, length) => good.slice(0, length)),
      ...Array.from({ length: 300 }, (_, length) => 'A'.repeat(length)),
    ]
    for (const token of forged)
      assert.is(await edge.send(pushHeaders(channelId, { 'X-Goog-Channel-Token': token })), 401, token)
    assert.is(await edge.queue.nextDueInMs(), undefined)
    assert.is(await edge.send(pushHeaders(channelId)), 200)
  }))

test('answers 401 to a missing or wrong resource id', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    for (const resourceId of [undefined, '', 'resource-2', 'RESOURCE-1']) {
      const headers = pushHeaders(channelId, { 'X-Goog-Resource-ID': resourceId })
      assert.is(await edge.send(headers), 401)
    }
    assert.is(await edge.queue.nextDueInMs(), undefined)
  }))

test('accepts the tokens of every key, so that keys can be replaced while channels live', () =>
  withEdge(
    async (edge) => {
      const channelId = await openChannel(edge)
      const under = (key: string) =>
        pushHeaders(channelId, { 'X-Goog-Channel-Token': tokenUnder(key, channelId) })
      assert.is(await edge.send(under('newest')), 200)
      assert.is(await edge.send(under('key')), 200)
      assert.is(await edge.send(under('oldest')), 200)
      assert.is(await edge.send(under('dropped')), 401)
      assert.is(await edge.signalled(CALENDAR), 3)
    },
    { keys: ['newest', 'key', 'oldest'] },
  ))

test('takes a push with a valid token before the read model knows the channel', () =>
  withEdge(async (edge) => {
    const channelId = await edge.channel(CALENDAR, { resourceId: 'resource-1' })
    assert.is(await edge.send(pushHeaders(channelId, { 'X-Goog-Resource-ID': 'resource-2' })), 401)
    assert.is(await edge.send(pushHeaders(channelId)), 200)
    assert.is(await edge.signalled(CALENDAR), 1)
  }))

test('learns the resource id from an authenticated sync that is faster than the answer of the watch call', () =>
  withEdge(async (edge) => {
    const channelId = await edge.channel(CALENDAR)
    await edge.project()
    const sync = {
      'X-Goog-Resource-State': 'sync',
      'X-Goog-Message-Number': '1',
      'X-Goog-Channel-Expiration': 'Sun, 08 Mar 2026 12:00:00 GMT',
    }
    assert.is(await edge.send(pushHeaders(channelId, { ...sync, 'X-Goog-Channel-Token': 'forged' })), 401)
    assert.is(await edge.send(pushHeaders(channelId, { ...sync, 'X-Goog-Resource-ID': undefined })), 401)
    assert.is((await stateOf(edge)).openings.length, 1)

    assert.is(await edge.send(pushHeaders(channelId, sync)), 200)
    const { status, channels, openings } = await stateOf(edge)
    assert.is(status, 'ACTIVE')
    assert.is(openings.length, 0)
    const [{ resourceId, expiresAt } = { resourceId: '', expiresAt: '' }] = channels
    assert.equal([resourceId, String(expiresAt)], ['resource-1', '2026-03-08T12:00:00Z'])
    assert.is(await edge.queue.nextDueInMs(), undefined)
    assert.is(await edge.send(pushHeaders(channelId, { 'X-Goog-Resource-ID': 'resource-2' })), 401)
    const [activated] = (await edge.events.readStream(`calendarSubscription-${CALENDAR}`)).slice(-1)
    assert.is(activated?.metadata.actor, 'webhook:google')
    assert.equal(activated?.metadata.cause, {
      channelId,
      messageNumber: 1,
      receivedAt: '2026-03-02T08:00:00Z',
    })
  }))

test('learns it from a push that overtakes the sync too, and takes the life asked for where none is readable', () =>
  withEdge(async (edge) => {
    const channelId = await edge.channel(CALENDAR)
    const unreadable = { 'X-Goog-Channel-Expiration': 'soon' }
    const all = await Promise.all(
      Array.from({ length: 8 }, () => edge.send(pushHeaders(channelId, unreadable))),
    )
    assert.equal(new Set(all), new Set([200]))
    assert.is(await edge.signalled(CALENDAR), 8)
    const { channels } = await stateOf(edge)
    assert.equal(
      channels.map(({ resourceId, expiresAt }) => [resourceId, String(expiresAt)]),
      [['resource-1', '2026-03-09T08:00:00Z']],
    )
  }))

test('knows no stopped channel: at once where stops are followed, else half a minute later', () =>
  withEdge(async (edge) => {
    const ended = new AbortController()
    const channelId = await openChannel(edge)
    const other = await openChannel(edge, OTHER)
    assert.is(await edge.send(pushHeaders(channelId)), 200)
    assert.is(await edge.send(pushHeaders(other)), 200)

    await edge.stop(CALENDAR, channelId)
    await edge.project()
    assert.is(await edge.send(pushHeaders(channelId)), 200)
    await edge.clock.advance(30_000)
    assert.is(await edge.send(pushHeaders(channelId)), 404)

    assert.is(await edge.send(pushHeaders(other)), 200)
    const following = edge.googlePush.followStops(
      outageLog({ clock: edge.clock, log: edge.log, signal: ended.signal }),
      ended.signal,
    )
    await edge.clock.advance(0)
    await edge.stop(OTHER, other)
    await edge.clock.advance(0)
    // Before the read model knows it.
    assert.is(await edge.send(pushHeaders(other)), 404)
    ended.abort()
    await following
  }))

test('answers 503 while the store is full, keeps nothing of it, and goes on once there is room', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    const { sql } = edge.database
    const limitPages = (pages: unknown) => sql.exec(`PRAGMA max_page_count=${pages}`)
    limitPages(sql.prepare('PRAGMA page_count').get()?.page_count)

    let taken = 0
    let status = 200
    while (status === 200) {
      status = await edge.send(pushHeaders(channelId))
      if (status === 200) taken += 1
    }
    assert.is(status, 503)
    assert.is(await edge.send(pushHeaders(channelId)), 503)
    const told = () => edge.logged.filter(({ level }) => level !== 'debug').map(({ msg }) => msg)
    assert.equal(told(), ['stores of the HTTP edge unavailable, retrying'])
    limitPages(1_000_000)
    await edge.clock.advance(60_000)
    await edge.database.writable()
    assert.is(told().length, 2)
    assert.is(told()[1], 'stores of the HTTP edge available again')
    assert.is(await edge.signalled(CALENDAR), taken)
    assert.is(await edge.send(pushHeaders(channelId)), 200)
    assert.is(await edge.signalled(CALENDAR), taken + 1)
  }))

test('answers 503 where the stores are closed, and 404 where no channel was ever opened from here', () =>
  withEdge(async (edge) => {
    const channelId = await openChannel(edge)
    const { push: _, ...without } = edge
    const unreachable = createGooglePush({ ...without, push: undefined })
    const lower = Object.fromEntries(
      Object.entries(pushHeaders(channelId)).map(([name, value]) => [name.toLowerCase(), value]),
    )
    assert.equal(await unreachable.receive(lower), { status: 404, outcome: 'CHANNEL_UNKNOWN' })
    await edge.database.close()
    assert.is(await edge.send(pushHeaders(channelId)), 503)
  }))

test.run()
