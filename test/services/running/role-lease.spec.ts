import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger } from '../../../infrastructure/logging/logger.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import type { SignalQueue } from '../../../ports/signal-queue/signal-queue.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { alone, leasedIn } from '../../../services/running/role-lease.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'

const test = suite('the lease of a role')

const LEASE_MS = 15_000
const log = createLogger({ level: 'silent' })

/** What runs a role: which of its runs began and ended, when. */
type Member = { running(): boolean; runs(): number; queue: SignalQueue; stop(): void; stopped: Promise<void> }

/** A process that wants the role; `wrap` comes between it and the queue. */
function member(
  clock: VirtualClock,
  queue: SignalQueue,
  wrap: (queue: SignalQueue) => SignalQueue = (same) => same,
): Member {
  const stopping = new AbortController()
  let [runs, running] = [0, 0]
  const wrapped = wrap(queue)
  const lease = leasedIn({ queue: wrapped, clock, log, leaseMs: LEASE_MS, signal: stopping.signal })
  const stopped = lease('projections', async (signal) => {
    runs += 1
    running += 1
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    running -= 1
  })
  return {
    running: () => running > 0,
    runs: () => runs,
    queue: wrapped,
    stop: () => stopping.abort(),
    stopped,
  }
}

async function withMembers(
  play: (world: {
    clock: VirtualClock
    join: (wrap?: (queue: SignalQueue) => SignalQueue) => Member
  }) => Promise<void>,
): Promise<void> {
  const clock = virtualClock()
  let ids = 0
  const database = openDatabase(':memory:')
  const queue = sqliteSignalQueue(database, { clock, newId: () => `id-${++ids}` })
  const members: Member[] = []
  try {
    await play({
      clock,
      join(wrap) {
        const one = member(clock, queue, wrap)
        members.push(one)
        return one
      },
    })
  } finally {
    for (const one of members) one.stop()
    await clock.advance(10 * LEASE_MS)
    await Promise.all(members.map(({ stopped }) => stopped))
    await queue.close()
    await database.close()
  }
}

test('one of many runs it, for as long as it lives', () =>
  withMembers(async ({ clock, join }) => {
    const members = [join(), join(), join()]
    for (let step = 0; step < 40; step++) {
      await clock.advance(LEASE_MS / 4)
      assert.is(members.filter(({ running }) => running()).length, 1)
    }
    assert.is(
      members.reduce((sum, { runs }) => sum + runs(), 0),
      1,
    )
  }))

test('an orderly end hands it over within a third of the lease', () =>
  withMembers(async ({ clock, join }) => {
    const first = join()
    await clock.advance(1)
    const second = join()
    await clock.advance(3 * LEASE_MS)
    assert.equal([first.running(), second.running()], [true, false])
    first.stop()
    await clock.advance(LEASE_MS / 3)
    assert.equal([first.running(), second.running()], [false, true])
  }))

test('a process that cannot reach the store ends its run before another one gets the role', () =>
  withMembers(async ({ clock, join }) => {
    let cut = false
    const first = join((queue) => ({
      ...queue,
      renew: (...given) => (cut ? Promise.reject(new StoreUnavailable('cut off')) : queue.renew(...given)),
      release: (...given) =>
        cut ? Promise.reject(new StoreUnavailable('cut off')) : queue.release(...given),
      lease: (...given) => (cut ? Promise.reject(new StoreUnavailable('cut off')) : queue.lease(...given)),
    }))
    await clock.advance(1)
    const second = join()
    await clock.advance(LEASE_MS)
    cut = true
    let together = 0
    for (let ms = 0; ms < 2 * LEASE_MS; ms += 100) {
      await clock.advance(100)
      if (first.running() && second.running()) together += 1
    }
    assert.is(together, 0)
    assert.equal([first.running(), second.running()], [false, true])
    cut = false
    second.stop()
    await clock.advance(LEASE_MS)
    assert.equal([first.running(), first.runs()], [true, 2])
  }))

test('a call that hangs holds the role no longer than its lease', () =>
  withMembers(async ({ clock, join }) => {
    const first = join((queue) => ({ ...queue, renew: () => new Promise(() => {}) }))
    await clock.advance(LEASE_MS - 1)
    assert.ok(first.running())
    await clock.advance(1)
    assert.not.ok(first.running())
  }))

test('a lease that another process has taken is noticed at the next renewal', () =>
  withMembers(async ({ clock, join }) => {
    const first = join((queue) => ({ ...queue, renew: async () => false }))
    await clock.advance(LEASE_MS / 3 - 1)
    assert.ok(first.running())
    await clock.advance(1)
    assert.not.ok(first.running())
  }))

test('a role that fails is given back, and taken again', () =>
  withMembers(async ({ clock, join }) => {
    const { queue } = join()
    const stopping = new AbortController()
    const lease = leasedIn({ queue, clock, log, leaseMs: LEASE_MS, signal: stopping.signal })
    let runs = 0
    const stopped = lease('publisher', async () => {
      runs += 1
      throw new Error('broken')
    })
    await clock.advance(LEASE_MS)
    assert.is(runs, 4)
    stopping.abort()
    await stopped
  }))

test('over stores of its own a process has every role at once', async () => {
  const stopping = new AbortController()
  let given: AbortSignal | undefined
  await alone(stopping.signal)('publisher', async (signal) => {
    given = signal
  })
  assert.is(given, stopping.signal)
})

test.run()
