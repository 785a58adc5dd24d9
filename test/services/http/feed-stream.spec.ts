import { once } from 'node:events'
import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BookingCloudEvent } from '../../../services/publishing/booking-event-schema.ts'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { withDeadline } from '../../support/deadline.ts'
import { type FeedFixture, withFeed } from '../../support/feed-fixture.ts'
import { API_TOKEN } from '../../support/http-fixture.ts'
import type { LiveFeed } from '../../support/live-feed.ts'
import { append } from '../../support/projected-events.ts'

const test = suite('GET /booking-events, live')

const within = (body: (feed: FeedFixture) => Promise<void>) =>
  withFeed((feed) => withDeadline(20_000, () => body(feed)))
const has = (count: number) => (feed: LiveFeed) => feed.events.length >= count
const idsOf = (feed: LiveFeed) => feed.events.map(({ id }) => id)

test(
  'gives what there is, then what comes, each with its position, its type and the same event as a batch has',
  within(async ({ decide, live, feed }) => {
    const before = await decide('booking-1', 3)
    const stream = await live()
    assert.is(stream.headers.get('Content-Type')?.split(';')[0], 'text/event-stream')
    assert.is(stream.headers.get('X-Accel-Buffering'), 'no')
    assert.match(stream.headers.get('Cache-Control') ?? '', 'no-store')
    await stream.until(has(3))
    const after = await decide('booking-2', 2)
    await stream.until(has(5))
    assert.equal(idsOf(stream), [...before, ...after])
    const { body } = await feed()
    for (const [index, { id, type, data }] of stream.events.entries()) {
      const event = BookingCloudEvent.parse(JSON.parse(data))
      assert.equal([event.position, event.type], [id, type])
      assert.equal(JSON.parse(data), body[index])
    }
  }),
)

test(
  'goes on after Last-Event-ID, which says more than the address does',
  within(async ({ decide, live }) => {
    const positions = await decide('booking-1', 5)
    const [first = '', , third = ''] = positions
    const byHeader = await live(`?after=${first}`, { 'Last-Event-ID': third })
    const byQuery = await live(`?after=${first}`)
    await byHeader.until(has(2))
    await byQuery.until(has(4))
    assert.equal(idsOf(byHeader), positions.slice(3))
    assert.equal(idsOf(byQuery), positions.slice(1))
  }),
)

test(
  'gives each event once and in order to everybody who comes while events are being appended',
  within(async ({ decide, live }) => {
    const writing = Promise.all(['a', 'b', 'c', 'd'].map((uid) => decide(uid, 50)))
    const streams: LiveFeed[] = []
    for (let n = 0; n < 6; n++) {
      const stream = await live()
      streams.push(stream)
      await stream.until(has(1 + 10 * n))
    }
    const positions = (await writing).flat().toSorted()
    for (const stream of streams) {
      await stream.until(has(200))
      assert.equal(idsOf(stream), positions)
    }
    // One that hangs up and comes back, again and again.
    const read: string[] = []
    while (read.length < 200) {
      const stream = await live('', read.length > 0 ? { 'Last-Event-ID': read.at(-1) ?? '' } : {})
      await stream.until(has(1))
      read.push(...idsOf(stream))
      stream.close()
    }
    assert.equal(read, positions)
  }),
)

test(
  'says every fifteen seconds that it is still there',
  within(async ({ clock, live }) => {
    const streams = [await live(), await live()]
    for (const stream of streams) await stream.until(({ comments }) => comments === 1)
    for (let beats = 1; beats <= 3; beats++) {
      await clock.advance(15_000)
      for (const stream of streams) await stream.until(({ comments }) => comments === 1 + beats)
    }
  }),
)

test(
  'is silent but for its signs of life while everything is stopped, and then gives what was decided meanwhile',
  within(async ({ clock, command, decide, live }) => {
    const [first] = await decide('booking-1')
    const stream = await live()
    await stream.until(has(1))
    await command('SetSyncPolicy', { mode: 'off' })
    const late = await live()
    const [second] = await decide('booking-2')
    for (let beats = 0; beats < 2; beats++) await clock.advance(15_000)
    for (const one of [stream, late]) await one.until(({ comments }) => comments === 3)
    assert.equal([idsOf(stream), idsOf(late)], [[first], []])
    await command('SetSyncPolicy', { mode: 'default' })
    await stream.until(has(2))
    await late.until(has(2))
    assert.equal(
      [idsOf(stream), idsOf(late)],
      [
        [first, second],
        [first, second],
      ],
    )
  }),
)

test(
  'ends when the server shuts down, and lets go of those who hang up',
  within(async ({ shutDown, live }) => {
    const gone = await live()
    gone.close()
    await gone.ended
    const streams = await Promise.all(Array.from({ length: 5 }, () => live()))
    shutDown()
    await Promise.all(streams.map(({ ended }) => ended))
    const after = await live()
    await after.ended
  }),
)

test(
  'reads nothing for those who wait, whatever else is appended',
  within(async ({ ports, live, decide, reads }) => {
    await decide('booking-1')
    const streams = await Promise.all(Array.from({ length: 100 }, () => live()))
    for (const stream of streams) await stream.until(has(1))
    const before = reads()
    const { tracked } = eventsOfBooking('booking-2')
    for (let n = 0; n < 20; n++) await append(ports.events, 'booking', `other-${n}`, tracked())
    assert.is(reads(), before)
    await decide('booking-2')
    for (const stream of streams) await stream.until(has(2))
    assert.ok(reads() - before <= 2 * streams.length, `${reads() - before} reads`)
  }),
)

test(
  'reads no further than a slow client takes',
  within(async ({ url, ports, reads }) => {
    const { rescheduled } = eventsOfBooking('booking-1')
    // Each page is some two megabytes: more than the connection holds after a few of them.
    const long = { externalEventId: 'e'.repeat(8192) }
    for (let n = 0; n < 20; n++)
      await append(
        ports.events,
        'booking',
        'booking-1',
        ...Array.from({ length: 256 }, (_, i) => rescheduled(n * 256 + i + 1, long)),
      )
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${API_TOKEN}` }
    const asking = request(`${url}/booking-events`, { headers }).end()
    const [answer] = await once(asking, 'response')
    answer.pause()
    let settled = -1
    while (settled !== reads()) {
      settled = reads()
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(settled < 10, `${settled} of 20 pages were read`)
    let text = 0
    for await (const chunk of answer) {
      text += chunk.length
      if (text > 20 * 256 * 8192) break
    }
    assert.ok(reads() >= 20)
    asking.destroy()
  }),
)

test.run()
