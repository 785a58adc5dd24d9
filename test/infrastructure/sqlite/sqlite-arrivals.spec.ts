import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Cause } from '../../../domain/event-metadata.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import type { Subject } from '../../../ports/signal-queue/signal-queue.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('arrivals of the SQLite signal queue')
const calendar = (key: string): Subject => ({ kind: 'calendar', key })
const push = (messageNumber: number): Cause => ({
  channelId: 'channel-1',
  messageNumber,
  receivedAt: '2026-03-02T08:00:00Z',
})

function open(path = ':memory:') {
  const database = openDatabase(path)
  const clock = virtualClock()
  const waiting = () => Number(database.sql.prepare('SELECT count(*) AS n FROM signal_arrival').get()?.n)
  const counted = (key: string) =>
    database.sql.prepare('SELECT signalled FROM signal WHERE key = ?').get(key)?.signalled
  return {
    database,
    clock,
    waiting,
    counted,
    queue: sqliteSignalQueue(database, { clock, newId: randomUUID }),
  }
}

test('count each signal of a burst once, with the earliest time and the newest push', async () => {
  const { queue, clock, database, waiting, counted } = open()
  await queue.signal(calendar('a'), { cause: push(1), dueInMs: 2000 })
  await queue.signal(calendar('a'), { cause: push(2), dueInMs: 500 })
  await queue.signal(calendar('b'), { cause: { poll: true }, dueInMs: 0 })
  await queue.signal(calendar('a'), { cause: { poll: true }, dueInMs: 9000 })
  assert.is(waiting(), 4)
  const other = await queue.lease({ leaseMs: 1000 })
  assert.equal([other?.key, counted('b'), other?.cause], ['b', 1, { poll: true }])
  assert.is(waiting(), 0)
  await clock.advance(500)
  const lease = await queue.lease({ leaseMs: 1000 })
  assert.equal([lease?.key, counted('a'), lease?.cause], ['a', 3, push(2)])
  await database.close()
})

test('wait while nothing is due, so that a lease in vain writes nothing', async () => {
  const { queue, clock, database, waiting, counted } = open()
  await queue.signal(calendar('a'), { cause: push(1), dueInMs: 2000 })
  assert.is(await queue.lease({ leaseMs: 1000 }), undefined)
  assert.is(waiting(), 1)
  assert.is(await queue.nextDueInMs(), 2000)
  await queue.signal(calendar('a'), { cause: push(2), dueInMs: 2000 })
  assert.is(await queue.nextDueInMs(), 2000)
  assert.is(waiting(), 1)
  await clock.advance(2000)
  assert.ok(await queue.lease({ leaseMs: 1000 }))
  assert.is(counted('a'), 2)
  await database.close()
})

test('are counted before long, whoever looks', async () => {
  const { queue, database, waiting } = open()
  const options = { cause: push(1), dueInMs: 2000 }
  await queue.signalMany(
    Array.from({ length: 15_999 }, (_, n) => ({ subject: calendar(`${n % 7}`), ...options })),
  )
  assert.is(waiting(), 15_999)
  await queue.signal(calendar('0'), options)
  assert.is(waiting(), 0, 'nobody has looked, and so many do not wait')
  await queue.signal(calendar('0'), options)
  assert.is(waiting(), 1)
  const [status] = await queue.status()
  assert.is(status?.waiting, 7)
  assert.is(Number(database.sql.prepare('SELECT sum(signalled) AS n FROM signal').get()?.n), 16_001)
  await database.close()
})

test('outlive the process that took them', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'store.sqlite')
  const before = open(path)
  await before.queue.signal(calendar('a'), { cause: push(1) })
  await before.queue.signal(calendar('a'), { cause: push(2) })
  await before.database.close()
  const after = open(path)
  assert.is(after.waiting(), 2)
  const lease = await after.queue.lease({ leaseMs: 1000 })
  assert.equal([after.counted('a'), lease?.cause], [2, push(2)])
  await after.database.close()
  folder.remove()
})

test('are all there after a group of writes that was lost, and no others', async () => {
  const { queue, database, waiting } = open()
  await queue.signal(calendar('a'), { cause: push(1) })
  // Counting and the writes beside it are one transaction, which the last of them ends.
  const lost = await Promise.allSettled([
    queue.lease({ leaseMs: 1000 }),
    queue.signal(calendar('b'), { cause: push(2) }),
    database.write(() => database.sql.exec('ROLLBACK; SELECT * FROM nowhere')),
  ])
  assert.equal(
    lost.slice(0, 2).map((one) => one.status === 'rejected' && one.reason instanceof StoreUnavailable),
    [true, true],
  )
  assert.is(waiting(), 1)
  assert.is((await queue.lease({ leaseMs: 1000 }))?.key, 'a')
  assert.is(await queue.lease({ leaseMs: 1000 }), undefined)
  await database.close()
})

test.run()
