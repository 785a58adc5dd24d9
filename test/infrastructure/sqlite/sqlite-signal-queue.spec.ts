import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import * as statements from '../../../infrastructure/sqlite/sqlite-signal-table.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { signalQueueContract } from '../../ports/signal-queue/signal-queue.contract.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

async function openQueue(path: string, afterClose: () => void = () => {}) {
  const clock = virtualClock()
  const database = openDatabase(path)
  return {
    queue: sqliteSignalQueue(database, { clock, newId: randomUUID }),
    now: async () => clock.now(),
    advance: clock.advance,
    toleranceMs: 0,
    async close() {
      await database.close()
      afterClose()
    },
  }
}

signalQueueContract('SQLite in memory', () => openQueue(':memory:'))

signalQueueContract('SQLite on a file', () => {
  const folder = temporaryFolder()
  return openQueue(join(folder.path, 'store.sqlite'), folder.remove)
})

const test = suite('SQLite signal queue')

test('has after a restart what was signalled before, the leases included', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'store.sqlite')
  const clock = virtualClock()
  const first = openDatabase(path)
  const before = sqliteSignalQueue(first, { clock, newId: randomUUID })
  await before.signal({ kind: 'calendar', key: 'leased' }, { cause: { poll: true } })
  await before.lease({ leaseMs: 60_000 })
  await before.signal({ kind: 'calendar', key: 'due' }, { cause: { poll: true }, memo: { a: 1 } })
  await first.close()

  const second = openDatabase(path)
  const after = sqliteSignalQueue(second, { clock, newId: randomUUID })
  const lease = await after.lease({ leaseMs: 60_000 })
  assert.is(lease?.key, 'due')
  assert.equal(lease?.memo, { a: 1 })
  assert.is(await after.lease({ leaseMs: 60_000 }), undefined)
  await clock.advance(60_000)
  assert.is((await after.lease({ leaseMs: 60_000 }))?.key, 'due')
  assert.is((await after.lease({ leaseMs: 60_000 }))?.key, 'leased')
  await second.close()
  folder.remove()
})

test('stores all of many signals or none', async () => {
  const database = openDatabase(':memory:')
  const queue = sqliteSignalQueue(database, { clock: virtualClock(), newId: randomUUID })
  const cycle: { [key: string]: null } = {}
  Object.defineProperty(cycle, 'self', { enumerable: true, get: () => cycle })
  const outcome = await queue
    .signalMany([
      { subject: { kind: 'calendar', key: 'a' }, cause: { poll: true } },
      { subject: { kind: 'calendar', key: 'b' }, cause: { poll: true }, memo: cycle },
    ])
    .catch((error: unknown) => error)
  assert.instance(outcome, TypeError)
  assert.is(await queue.nextDueInMs(), undefined)
  await database.close()
})

test('answers StoreUnavailable when the file is closed, and tells no listener', async () => {
  const database = openDatabase(':memory:')
  const queue = sqliteSignalQueue(database, { clock: virtualClock(), newId: randomUUID })
  queue.onSignal(() => assert.unreachable('nothing was stored'))
  await database.close()
  const calls = [
    queue.signal({ kind: 'calendar', key: 'a' }, { cause: { poll: true } }),
    queue.lease({ leaseMs: 1 }),
    queue.nextDueInMs(),
    queue.status(),
  ]
  for (const call of calls) assert.instance(await call.catch((error: unknown) => error), StoreUnavailable)
})

test('finds what is due, what comes next and what was not looked at lately by index', () => {
  const database = openDatabase(':memory:')
  database.sql.exec(statements.SIGNAL_TABLE)
  const plan = (text: string) =>
    database.sql
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map((row) => String(row.detail))
      .join('; ')
  const { FIND, FIRST_READY, NEXT_READY, COMPLETED_BEFORE, STATUS } = statements
  assert.match(plan(FIRST_READY), /SEARCH signal USING INDEX signal_ready \(kind=\? AND ready_at<\?\)/)
  assert.match(plan(NEXT_READY), 'SEARCH signal USING INDEX signal_ready (kind=?')
  assert.match(plan(COMPLETED_BEFORE), 'signal_completed (kind=? AND completed_at<?)')
  assert.match(plan(STATUS), 'signal_ready (kind=?')
  for (const text of [FIRST_READY, NEXT_READY, COMPLETED_BEFORE]) assert.not.match(plan(text), /TEMP B-TREE/)
  assert.match(plan(FIND), 'SEARCH signal USING PRIMARY KEY (kind=? AND key=?)')
  return database.close()
})

test.run()
