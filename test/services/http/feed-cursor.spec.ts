import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventsOfBooking } from '../../support/booking-events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { withFeed } from '../../support/feed-fixture.ts'
import { assertProblem } from '../../support/problem.ts'
import { append } from '../../support/projected-events.ts'

const test = suite('a cursor of the feed on EventStoreDB')

test('that has the form of one, and is no place in the store, is 400 BAD_CURSOR, as a batch and live', async () => {
  const double = await startEventStoreDbDouble()
  const store = openEventStoreDb(double.url)
  try {
    const position = await append(store, 'booking', 'b1', eventsOfBooking('b1').rescheduled(1))
    const place = (commit: bigint, prepare = commit) =>
      [commit, prepare].map((half) => String(half).padStart(20, '0')).join('')
    const commit = BigInt(position.slice(0, 20))
    await withFeed(async ({ feed, ask }) => {
      const live = (after: string) =>
        ask('GET', '/booking-events', { headers: { Accept: 'text/event-stream', 'Last-Event-ID': after } })
      for (const cursor of [place(commit - 1n), place(commit - 1000n, commit), place(commit + 1000n)]) {
        assertProblem(await feed(`?after=${cursor}`), 400, 'BAD_CURSOR')
        assertProblem(await live(cursor), 400, 'BAD_CURSOR')
      }
      assert.is((await feed(`?after=${place(commit - 1000n)}`)).body.length, 1)
    }, store)()
  } finally {
    await store.close()
    await double.close()
  }
})

test.run()
