import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BookingCloudEvent } from '../../../services/publishing/booking-event-schema.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { withFeed } from '../../support/feed-fixture.ts'
import { assertProblem } from '../../support/problem.ts'
import { append } from '../../support/projected-events.ts'

const test = suite('GET /booking-events')

const positionsOf = (body: unknown): string[] =>
  Array.isArray(body) ? body.map((event) => BookingCloudEvent.parse(event).position) : []

/** The `next` of the Link header, as path and query. */
function nextOf(headers: Headers): string {
  const [, next] = /^<([^>]+)>; rel="next"$/.exec(headers.get('Link') ?? '') ?? []
  if (next === undefined) throw new Error(`no next in ${headers.get('Link')}`)
  return next
}

test(
  'gives the published events and no others, oldest first, as a bare batch of CloudEvents',
  withFeed(async ({ ports, feed }) => {
    const { tracked, rescheduled, ignored, cancelled } = eventsOfBooking('booking-1')
    await append(
      ports.events,
      'booking',
      'booking-1',
      tracked(),
      rescheduled(1),
      ignored('STALE'),
      cancelled(2),
    )
    const answer = await feed()
    assert.is(answer.status, 200)
    assert.is(answer.headers.get('Content-Type'), 'application/cloudevents-batch+json')
    assert.equal(
      answer.body.map(({ type, subject }: { type: string; subject: string }) => [type, subject]),
      [
        ['BookingRescheduled', 'booking-1'],
        ['BookingCancelled', 'booking-1'],
      ],
    )
    const [first, second] = positionsOf(answer.body)
    assert.ok(first && second && first < second)
    assert.equal(positionsOf((await feed(`?after=${first}`)).body), [second])
  }),
)

test(
  'is empty before anything was decided, and begins with what comes',
  withFeed(async ({ decide, feed, ask }) => {
    const empty = await feed()
    assert.equal([empty.status, empty.body], [200, []])
    const [position] = await decide('booking-1')
    assert.equal(positionsOf((await ask('GET', nextOf(empty.headers))).body), [position])
  }),
)

test(
  'leads on page by page without a gap or a double while events are being appended',
  withFeed(async ({ decide, feed, ask }) => {
    const writing = Promise.all(['a', 'b', 'c'].map((uid) => decide(uid, 60)))
    let written: string[] | undefined
    void writing.then((positions) => {
      written = positions.flat().toSorted()
    })
    const read: string[] = []
    let page = await feed('?limit=7')
    while (written === undefined || page.body.length > 0) {
      assert.ok(page.body.length <= 7)
      read.push(...positionsOf(page.body))
      page = await ask('GET', nextOf(page.headers))
    }
    assert.is(read.length, 180)
    assert.equal(read, written)
  }),
)

test(
  'has a hundred events a page unless asked otherwise, a thousand at most',
  withFeed(async ({ decide, feed }) => {
    await decide('booking-1', 101)
    assert.is((await feed()).body.length, 100)
    assert.is((await feed('?limit=1000')).body.length, 101)
    assert.is((await feed('?limit=1')).body.length, 1)
    for (const limit of ['0', '1001', '-1', '1.5', 'many', '', '5&limit=6'])
      assertProblem(await feed(`?limit=${limit}`), 400, 'BAD_QUERY')
  }),
)

test(
  'refuses a cursor that is no position of its own, or lies beyond its last event',
  withFeed(async ({ decide, feed, live }) => {
    assertProblem(await feed(`?after=${'0'.repeat(20)}`), 400, 'BAD_CURSOR')
    const [position = ''] = await decide('booking-1')
    const beyond = String(Number(position) + 1).padStart(20, '0')
    for (const after of ['x', '1', position.slice(1), `${position}0`, beyond, '9'.repeat(20), '%00', "'"]) {
      assertProblem(await feed(`?after=${after}`), 400, 'BAD_CURSOR')
      assert.is((await live(`?after=${after}`)).status, 400)
    }
    assert.is((await live('', { 'Last-Event-ID': beyond })).status, 400)
    assert.is((await feed('?after=')).status, 200)
  }),
)

test(
  'gives a batch to whoever does not ask for a stream',
  withFeed(async ({ ask }) => {
    for (const Accept of ['*/*', 'application/json', 'application/cloudevents-batch+json', 'text/html'])
      assert.equal((await ask('GET', '/booking-events', { headers: { Accept } })).body, [], Accept)
    assertProblem(await ask('GET', '/booking-events', { token: null }), 401, 'TOKEN_MISSING')
  }),
)

test(
  'gives nothing and leads nowhere from the moment in which everything is stopped, and all of it afterwards',
  withFeed(async ({ decide, feed, ask, command }) => {
    const [first] = await decide('booking-1')
    assert.is((await command('SetSyncPolicy', { mode: 'off' })).status, 200)
    const [second] = await decide('booking-2')
    const stopped = await feed(`?after=${first}&limit=5`)
    assert.equal([stopped.status, stopped.body], [200, []])
    assert.is(new URL(nextOf(stopped.headers), 'http://x').searchParams.get('after'), first)
    assert.equal((await feed()).body, [])

    await command('SetSyncPolicy', { mode: 'observe' })
    assert.equal(positionsOf((await ask('GET', nextOf(stopped.headers))).body), [second])
    await command('SetSyncPolicy', { mode: 'off', userId: 'user-1' })
    assert.equal(positionsOf((await feed()).body), [first, second])
  }),
)

test.run()
