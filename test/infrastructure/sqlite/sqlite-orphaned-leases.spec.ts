import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { freeOrphanedLeases } from '../../../infrastructure/sqlite/sqlite-orphaned-leases.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('leases of a process that was killed')

test('a process that has the store for itself goes on at once with what was under way, as it was leased', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'store.sqlite')
  const clock = virtualClock()
  const first = openDatabase(path)
  const before = sqliteSignalQueue(first, { clock, newId: randomUUID })
  const push = { channelId: 'channel', messageNumber: 7, receivedAt: clock.now().toString() }
  await before.signal({ kind: 'booking', key: 'a' }, { cause: push, memo: { seen: 'v1' } })
  const lost = await before.lease({ leaseMs: 60_000 })
  await before.signal({ kind: 'booking', key: 'a' }, { cause: { poll: true }, memo: { firstLook: true } })
  await first.close()

  const second = openDatabase(path)
  const after = sqliteSignalQueue(second, { clock, newId: randomUUID })
  freeOrphanedLeases(second, clock)
  assert.is(await after.nextDueInMs(), 0)
  const lease = await after.lease({ leaseMs: 60_000 })
  assert.is(lease?.key, 'a')
  assert.equal(lease?.cause, push)
  assert.equal(lease?.memo, { seen: 'v1', firstLook: true })
  assert.is(lease?.failures, 0)
  assert.ok(lost)
  assert.is(await after.complete(lost, {}), false, 'the old lease is worth nothing')
  await second.close()
  folder.remove()
})

test.run()
