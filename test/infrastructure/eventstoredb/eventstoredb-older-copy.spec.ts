import { cpSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Position, PositionUnknown, START } from '../../../ports/event-store/event-store.ts'
import { withDeadline } from '../../support/deadline.ts'
import { someEvents } from '../../support/events.ts'
import { openEventStoreDb } from '../../support/eventstoredb.ts'
import { startEventStoreDbDouble } from '../../support/eventstoredb-double.ts'
import { eventually, following } from '../../support/following.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const test = suite('EventStoreDB restored from an older copy')
const filter = { categories: ['a'] }

const isUnknown = (call: Promise<unknown>) =>
  call.then(
    () => assert.unreachable('the position should be unknown'),
    (error: unknown) => assert.instance(error, PositionUnknown),
  )

test('a place that is no event is told by every reading at once, whatever its filter, and never tried again', () =>
  withDeadline(20_000, async () => {
    const double = await startEventStoreDbDouble()
    const store = openEventStoreDb(double.url)
    try {
      await store.append('a-1', 'no-stream', someEvents(5))
      const head = await store.head()
      const between = (position: Position, commit: bigint, prepare = commit) =>
        [commit, prepare]
          .map((by, half) => String(BigInt(position.slice(half * 20, half * 20 + 20)) - by).padStart(20, '0'))
          .join('')
      for (const after of [between(head, 1n), between(head, 1000n, 0n)]) {
        const reads = double.calls.get('Read') ?? 0
        await isUnknown(store.readAll({ after, filter, limit: 10 }))
        await isUnknown(store.readAll({ after, limit: 1 }))
        const pages = store.subscribe({ after, filter, signal: new AbortController().signal })
        await isUnknown(pages[Symbol.asyncIterator]().next())
        // Each asks for the end, then reads: none more than once.
        assert.ok((double.calls.get('Read') ?? 0) - reads <= 6)
      }
      assert.is((await store.readAll({ after: between(head, 2000n), filter, limit: 10 })).events.length, 2)
    } finally {
      await store.close()
      await double.close()
    }
  }))

test('a reading that was beyond its end is told so when it comes back, also where it waits for what is new', () =>
  withDeadline(20_000, async () => {
    const folder = temporaryFolder()
    const path = (name: string) => `${folder.path}/${name}.db`
    let double = await startEventStoreDbDouble({ path: path('now') })
    const { port } = double
    const store = openEventStoreDb(double.url)
    try {
      await store.append('a-1', 'no-stream', someEvents(2))
      await double.close()
      cpSync(path('now'), path('older'))
      double = await startEventStoreDbDouble({ path: path('now'), port })
      const follower = following(store, { after: START, filter })
      await eventually(() => store.append('a-1', 1, someEvents(3)))
      await follower.until((events) => events.length === 5)
      const followed = isUnknown(follower.until(() => false))
      await double.close()
      double = await startEventStoreDbDouble({ path: path('older'), port })
      await followed
    } finally {
      await store.close()
      await double.close()
      folder.remove()
    }
  }))

test.run()
