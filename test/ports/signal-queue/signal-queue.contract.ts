import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Cause } from '../../../domain/event-metadata.ts'
import type { Kind, Lease, SignalQueue, Subject } from '../../../ports/signal-queue/signal-queue.ts'

/** A queue of a test's own, with the hands of its clock. */
export type SignalQueueUnderTest = {
  queue: SignalQueue
  /** The queue's own time. */
  now(): Promise<Temporal.Instant>
  /** Lets that time pass, for this queue only. */
  advance(ms: number): Promise<void>
  /** How far a duration that the queue tells may be off because real time passes too; 0 on a virtual clock. */
  toleranceMs: number
  close(): Promise<void>
}

const calendar: Subject = { kind: 'calendar', key: 'c1' }
const other: Subject = { kind: 'calendar', key: 'c2' }
const booking: Subject = { kind: 'booking', key: 'b1' }
const references: Subject = { kind: 'references', key: 'b1' }
const role: Subject = { kind: 'role-projections', key: 'projections' }

const push = (messageNumber: number): Cause => ({
  channelId: 'channel',
  messageNumber,
  receivedAt: '2026-03-02T08:00:00Z',
})
const poll = { poll: true, reason: 'RECONCILE' } satisfies Cause
const webhook = { webhook: 'BOOKING_CREATED', receivedAt: '2026-03-02T08:00:00Z' } satisfies Cause

const SETTLE = 2000
const LEASE = 60_000

/** What every SignalQueue does. */
export function signalQueueContract(name: string, open: () => Promise<SignalQueueUnderTest>): void {
  const test = suite(`signal queue: ${name}`)

  function queue(sentence: string, body: (opened: SignalQueueUnderTest) => Promise<void>): void {
    test(sentence, async () => {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    })
  }

  queue('gives nothing while nothing was signalled', async ({ queue }) => {
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    assert.is(await queue.nextDueInMs(), undefined)
  })

  queue('gives a signalled subject when its settle window is over, not before', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: push(1), dueInMs: SETTLE })
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    about(opened, await queue.nextDueInMs(), SETTLE)
    await advance(SETTLE)
    assert.is(await queue.nextDueInMs(), 0)
    const lease = await leased(queue)
    assert.equal({ ...lease, leaseToken: '' }, { ...calendar, leaseToken: '', failures: 0, cause: push(1) })
  })

  queue('is due at once where no window is given', async ({ queue }) => {
    await queue.signal(calendar, { cause: push(1) })
    assert.is((await leased(queue)).key, 'c1')
  })

  queue('makes one lease of a burst of 1,270 signals', async ({ queue, advance }) => {
    const burst = Array.from({ length: 1270 }, (_, n) => n + 1)
    await Promise.all(burst.map((n) => queue.signal(calendar, { cause: push(n), dueInMs: SETTLE })))
    await advance(SETTLE)
    const lease = await leased(queue)
    assert.ok(await queue.complete(lease, { syncToken: 't' }))
    await advance(10 * LEASE)
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    assert.is(await queue.nextDueInMs(), undefined)
  })

  queue('lifts what a failure held back where a signal is to be taken at once', async ({ queue }) => {
    await queue.signal(calendar, { cause: poll })
    await queue.fail(await leased(queue), { retryInMs: 10 * LEASE })
    await queue.signal(calendar, { cause: poll })
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    await queue.signal(calendar, { cause: poll, atOnce: true })
    assert.is((await leased(queue)).failures, 1)
  })

  queue('takes out a subject that is completed to be forgotten', async ({ queue }) => {
    await queue.signal(booking, { cause: poll, memo: { seen: 'x' } })
    assert.ok(await queue.complete(await leased(queue), { forget: true }))
    await queue.signal(booking, { cause: poll })
    const again = await leased(queue)
    assert.is(again.memo, undefined)
  })

  queue('forgets no subject that was signalled during the lease', async ({ queue }) => {
    await queue.signal(booking, { cause: poll })
    const lease = await leased(queue)
    await queue.signal(booking, { cause: webhook })
    assert.ok(await queue.complete(lease, { forget: true }))
    assert.equal((await leased(queue)).cause, webhook)
  })

  queue('is not starved by a steady stream of signals', async ({ queue, advance }) => {
    for (let n = 1; n <= 3; n++) {
      assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
      await queue.signal(calendar, { cause: push(n), dueInMs: SETTLE })
      await advance(700)
    }
    assert.equal((await leased(queue)).cause, push(3))
  })

  queue('lets an earlier time count, and no later one', async (opened) => {
    const { queue } = opened
    await queue.signal(calendar, { cause: poll, dueInMs: 50_000 })
    await queue.signal(calendar, { cause: poll, dueInMs: 20_000 })
    about(opened, await queue.nextDueInMs(), 20_000)
    await queue.signal(calendar, { cause: poll, dueInMs: 90_000 })
    about(opened, await queue.nextDueInMs(), 20_000)
    await queue.signal(calendar, { cause: poll })
    assert.ok(await queue.lease({ leaseMs: LEASE }))
  })

  queue('does not lose a signal that comes during a fetch', async ({ queue, advance }) => {
    await queue.signal(calendar, { cause: push(1) })
    const first = await leased(queue)
    await queue.signal(calendar, { cause: push(2), dueInMs: SETTLE })
    await advance(SETTLE)
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined, 'leased once at a time')
    assert.ok(await queue.complete(first, { syncToken: 'after-1' }))
    const second = await leased(queue)
    assert.is(second.syncToken, 'after-1')
    assert.equal(second.cause, push(2))
    assert.ok(await queue.complete(second, {}))
    assert.is(await queue.nextDueInMs(), undefined)
  })

  queue('lets the settle window of a signal during a fetch pass too', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: push(1) })
    const first = await leased(queue)
    await queue.signal(calendar, { cause: push(2), dueInMs: SETTLE })
    assert.ok(await queue.complete(first, {}))
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    about(opened, await queue.nextDueInMs(), SETTLE)
    await advance(SETTLE)
    assert.equal((await leased(queue)).cause, push(2))
  })

  queue('gives a subject whose lease has expired to another worker', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: push(1) })
    const dead = await leased(queue)
    about(opened, await queue.nextDueInMs(), LEASE)
    await advance(LEASE)
    const taken = await leased(queue)
    assert.is.not(taken.leaseToken, dead.leaseToken)
    assert.equal(taken.cause, push(1))
    assert.is(taken.failures, 0)
  })

  queue('lets an expired worker neither renew, complete, fail nor free', async ({ queue, advance }) => {
    await queue.signal(calendar, { cause: push(1) })
    const dead = await leased(queue)
    await advance(LEASE)
    await refusesAll(queue, dead)
    const taken = await leased(queue)
    await refusesAll(queue, dead)
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined, 'still leased')
    assert.ok(await queue.complete(taken, {}))
    await refusesAll(queue, taken)
    assert.is(await queue.nextDueInMs(), undefined)
  })

  queue('keeps a renewed lease', async ({ queue, advance }) => {
    await queue.signal(calendar, { cause: push(1) })
    const lease = await leased(queue)
    await advance(LEASE - 5000)
    assert.ok(await queue.renew(lease, LEASE))
    await advance(LEASE - 5000)
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    assert.ok(await queue.complete(lease, {}))
  })

  queue('counts a failure and holds the subject back, whatever is signalled', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: push(1) })
    assert.ok(await queue.fail(await leased(queue), { retryInMs: 30_000 }))
    await queue.signal(calendar, { cause: poll })
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    about(opened, await queue.nextDueInMs(), 30_000)
    await advance(30_000)
    const second = await leased(queue)
    assert.is(second.failures, 1)
    assert.equal(second.cause, push(1))
    assert.ok(await queue.fail(second, { retryInMs: 60_000 }))
    await advance(60_000)
    const third = await leased(queue)
    assert.is(third.failures, 2)
    assert.ok(await queue.complete(third, {}))
    await queue.signal(calendar, { cause: push(2) })
    assert.is((await leased(queue)).failures, 0)
  })

  queue('gives a released subject at once, without counting a failure', async ({ queue }) => {
    await queue.signal(calendar, { cause: push(1), memo: { a: 1 } })
    const lease = await leased(queue)
    assert.ok(await queue.release(lease))
    const again = await leased(queue)
    assert.equal({ ...again, leaseToken: '' }, { ...lease, leaseToken: '' })
  })

  queue('is due again by itself after the time asked for, with the same cause', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(booking, { cause: push(7) })
    assert.ok(await queue.complete(await leased(queue), { memo: { round: 1 }, againInMs: 60_000 }))
    about(opened, await queue.nextDueInMs(), 60_000)
    await advance(60_000)
    const again = await leased(queue)
    assert.equal(again.cause, push(7))
    assert.equal(again.memo, { round: 1 })
    assert.ok(await queue.complete(again, {}))
    assert.is(await queue.nextDueInMs(), undefined)
  })

  queue('takes the earlier of a signal during the fetch and the time asked for', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: push(1) })
    const first = await leased(queue)
    await queue.signal(calendar, { cause: poll, dueInMs: SETTLE })
    assert.ok(await queue.complete(first, { againInMs: 60_000 }))
    about(opened, await queue.nextDueInMs(), SETTLE)
    await advance(SETTLE)
    const second = await leased(queue)
    assert.equal(second.cause, push(1))
    await queue.signal(calendar, { cause: poll, dueInMs: 90_000 })
    assert.ok(await queue.complete(second, { againInMs: 60_000 }))
    about(opened, await queue.nextDueInMs(), 60_000)
  })

  queue('merges memos key by key and replaces them on completion', async ({ queue }) => {
    await queue.signal(references, { cause: webhook, memo: { a: 1, b: { x: 1 }, c: null } })
    await queue.signal(references, { cause: webhook, memo: { b: { y: 2 } } })
    await queue.signal(references, { cause: webhook })
    const first = await leased(queue)
    assert.equal(first.memo, { a: 1, b: { y: 2 }, c: null })
    assert.ok(await queue.complete(first, { memo: { d: 4 }, againInMs: 0 }))
    const second = await leased(queue)
    assert.equal(second.memo, { d: 4 })
    assert.ok(await queue.complete(second, {}))
    await queue.signal(references, { cause: webhook })
    assert.is((await leased(queue)).memo, undefined)
  })

  queue('keeps a memo that arrived during the fetch through the completion', async ({ queue }) => {
    await queue.signal(calendar, { cause: poll, memo: { a: 1 } })
    const first = await leased(queue)
    await queue.signal(calendar, { cause: poll, memo: { released: true } })
    assert.ok(await queue.complete(first, { memo: { kept: 1, released: false } }))
    assert.equal((await leased(queue)).memo, { kept: 1, released: true })
  })

  queue('keeps the memo through a failure, or takes the one given', async ({ queue }) => {
    await queue.signal(calendar, { cause: poll, memo: { a: 1 } })
    assert.ok(await queue.fail(await leased(queue), { retryInMs: 0 }))
    const second = await leased(queue)
    assert.equal(second.memo, { a: 1 })
    assert.ok(await queue.fail(second, { retryInMs: 0, memo: { b: 2 } }))
    assert.equal((await leased(queue)).memo, { b: 2 })
  })

  queue('keeps the newest push as the cause until completed, else the newest other', async ({ queue }) => {
    for (const cause of [poll, webhook, push(1), push(2), poll]) await queue.signal(calendar, { cause })
    const first = await leased(queue)
    assert.equal(first.cause, push(2))
    await queue.signal(calendar, { cause: poll })
    assert.ok(await queue.release(first))
    const second = await leased(queue)
    assert.equal(second.cause, push(2))
    assert.ok(await queue.complete(second, {}))
    await queue.signal(calendar, { cause: webhook })
    await queue.signal(calendar, { cause: poll })
    const third = await leased(queue)
    assert.equal(third.cause, poll)
    await queue.signal(calendar, { cause: webhook })
    assert.ok(await queue.complete(third, {}))
    assert.equal((await leased(queue)).cause, webhook)
  })

  queue('stores, keeps and drops the sync token as told', async ({ queue }) => {
    const next = async (syncToken?: string | null) => {
      await queue.signal(calendar, { cause: poll })
      const lease = await leased(queue)
      assert.ok(await queue.complete(lease, syncToken === undefined ? {} : { syncToken }))
      return lease.syncToken
    }
    assert.is(await next('one'), undefined)
    assert.is(await next(), 'one')
    assert.is(await next(null), 'one')
    assert.is(await next('two'), undefined)
    assert.is(await next(), 'two')
  })

  queue('gives the subject first that has been due longest', async ({ queue, advance }) => {
    const order = ['c', 'a', 'b']
    for (const key of order) {
      await queue.signal({ kind: 'calendar', key }, { cause: push(1) })
      await advance(100)
    }
    const given: string[] = []
    for (const _ of order) given.push((await leased(queue)).key)
    assert.equal(given, order)
  })

  queue('gives the longest due across kinds, and only of the kinds asked for', async ({ queue, advance }) => {
    const inOrder = [references, calendar, booking]
    for (const subject of inOrder) {
      await queue.signal(subject, { cause: poll })
      await advance(100)
    }
    const only = await leased(queue, ['booking'])
    assert.is(only.kind, 'booking')
    assert.ok(await queue.release(only))
    assert.is(await queue.lease({ leaseMs: LEASE, kinds: [] }), undefined)
    assert.is((await leased(queue, ['booking', 'calendar'])).kind, 'calendar')
    assert.is((await leased(queue)).kind, 'references')
    assert.is((await leased(queue)).kind, 'booking')
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
  })

  queue('tells when the next of the kinds asked for is due', async (opened) => {
    const { queue, advance } = opened
    await queue.signal(calendar, { cause: poll, dueInMs: 50_000 })
    await queue.signal(booking, { cause: poll, dueInMs: 20_000 })
    about(opened, await queue.nextDueInMs(), 20_000)
    about(opened, await queue.nextDueInMs(['calendar']), 50_000)
    assert.is(await queue.nextDueInMs(['references']), undefined)
    await advance(30_000)
    assert.is(await queue.nextDueInMs(), 0)
    await leased(queue)
    about(opened, await queue.nextDueInMs(), 20_000)
  })

  queue('never gives one subject twice to 20 workers at once', async ({ queue }) => {
    const keys = Array.from({ length: 100 }, (_, n) => `c${n}`)
    await queue.signalMany(keys.map((key) => ({ subject: { kind: 'calendar', key }, cause: poll })))
    const given: string[] = []
    const worker = async () => {
      for (;;) {
        const lease = await queue.lease({ leaseMs: LEASE })
        if (lease === undefined) return
        given.push(lease.key)
      }
    }
    await Promise.all(Array.from({ length: 20 }, worker))
    assert.equal(given.sort(), keys.sort())
  })

  queue('signals many at once', async (opened) => {
    const { queue, advance } = opened
    await queue.signalMany([])
    await queue.signalMany([
      { subject: calendar, cause: poll, dueInMs: SETTLE },
      { subject: calendar, cause: push(1), dueInMs: SETTLE, memo: { a: 1 } },
      { subject: booking, cause: poll, dueInMs: SETTLE, memo: { b: 1 } },
    ])
    await advance(SETTLE)
    const lease = await leased(queue, ['calendar'])
    assert.equal(lease.cause, push(1))
    assert.equal(lease.memo, { a: 1 })
    assert.equal((await leased(queue)).memo, { b: 1 })
  })

  queue('takes a subject out, whatever its state', async ({ queue, advance }) => {
    await queue.signalMany([calendar, other].map((subject) => ({ subject, cause: poll })))
    const lease = await leased(queue)
    await queue.remove(lease)
    assert.not(await queue.complete(lease, { againInMs: 0 }))
    await queue.remove(lease.key === 'c1' ? other : calendar)
    await queue.remove(booking)
    await advance(10 * LEASE)
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    await queue.signal(calendar, { cause: poll })
    assert.ok(await leased(queue))
  })

  queue('names the idle calendars not completed lately, least recently first', async (opened) => {
    const { queue, now, advance } = opened
    const finish = async (key: string) => {
      await queue.signal({ kind: 'calendar', key }, { cause: poll })
      await queue.complete(await leased(queue), {})
      await advance(10_000)
    }
    const begin = async (key: string) => {
      await queue.signal({ kind: 'calendar', key }, { cause: poll })
      return leased(queue)
    }
    for (const key of ['failing', 'leased', 'waiting', 'older', 'old', 'recent']) await finish(key)
    await queue.fail(await begin('failing'), { retryInMs: LEASE })
    await begin('leased')
    await queue.signalMany([
      { subject: { kind: 'calendar', key: 'waiting' }, cause: poll, dueInMs: LEASE },
      { subject: { kind: 'calendar', key: 'never' }, cause: poll, dueInMs: LEASE },
      { subject: booking, cause: poll, dueInMs: LEASE },
    ])
    const recent = (await now()).subtract({ milliseconds: 15_000 })
    const listed = async (limit: number) =>
      (await queue.completedBefore(recent, limit)).map((subject) => subject.key)
    assert.equal(await listed(10), ['older', 'old'])
    assert.equal(await listed(1), ['older'])
    assert.is((await queue.completedBefore(await now(), 10)).length, 3)
  })

  queue('tells which subjects of a kind it has, whatever their state', async ({ queue }) => {
    assert.equal([...(await queue.known('calendar', ['c1']))], [])
    await queue.signalMany([calendar, booking].map((subject) => ({ subject, cause: poll })))
    assert.equal([...(await queue.known('calendar', ['c1', 'c2', 'b1']))], ['c1'])
    await queue.complete(await leased(queue, ['calendar']), {})
    assert.equal([...(await queue.known('calendar', ['c2', 'c1']))], ['c1'])
    assert.equal([...(await queue.known('calendar', []))], [])
    await queue.remove(calendar)
    assert.equal([...(await queue.known('calendar', ['c1']))], [])
  })

  queue('tells how much is due, leased and waiting, by kind', async (opened) => {
    const { queue, now, advance } = opened
    await queue.signal({ kind: 'calendar', key: 'dead' }, { cause: poll })
    await queue.lease({ leaseMs: 1000 })
    await advance(5000)
    await queue.signalMany([
      { subject: calendar, cause: poll },
      { subject: other, cause: poll, dueInMs: LEASE },
      { subject: booking, cause: poll },
    ])
    await leased(queue, ['booking'])
    const status = await queue.status()
    const of = (kind: Kind) => {
      const { due, leased, waiting } = status.find((one) => one.kind === kind) ?? {}
      return { due, leased, waiting }
    }
    assert.equal(of('calendar'), { due: 2, leased: 0, waiting: 1 })
    assert.equal(of('booking'), { due: 0, leased: 1, waiting: 0 })
    assert.equal(of('references'), { due: 0, leased: 0, waiting: 0 })
    const oldest = status.find((one) => one.kind === 'calendar')?.oldestDueAt
    about(opened, oldest?.until(await now()).total('milliseconds'), 4000)
    assert.is(status.find((one) => one.kind === 'booking')?.oldestDueAt, undefined)
  })

  queue('tells its listeners of each signal once it is stored, until they stop', async ({ queue }) => {
    let heard = 0
    const stop = queue.onSignal(() => {
      heard += 1
    })
    await queue.signal(calendar, { cause: poll })
    assert.is(heard, 1)
    await queue.signalMany([
      { subject: calendar, cause: poll },
      { subject: other, cause: poll },
    ])
    assert.is(heard, 2)
    stop()
    stop()
    await queue.signal(calendar, { cause: poll })
    assert.is(heard, 2)
  })

  queue('gives a role to those only who ask for it by name, and to one of them', async ({ queue }) => {
    await queue.signal(role, { cause: poll })
    assert.is(await queue.lease({ leaseMs: LEASE }), undefined)
    assert.is(await queue.lease({ leaseMs: LEASE, kinds: ['calendar', 'role-publisher'] }), undefined)
    assert.is(await queue.nextDueInMs(), undefined)
    const lease = await leased(queue, ['role-projections'])
    assert.equal([lease.kind, lease.key], [role.kind, role.key])
    await queue.signal(role, { cause: poll })
    assert.is(await queue.lease({ leaseMs: LEASE, kinds: ['role-projections'] }), undefined)
  })

  queue('tells of no role in its status', async ({ queue }) => {
    await queue.signal(role, { cause: poll })
    const before = await queue.status()
    await leased(queue, ['role-projections'])
    for (const { kind, due, leased, waiting } of [...before, ...(await queue.status())]) {
      assert.not.ok(kind.startsWith('role-'), kind)
      assert.is(due + leased + waiting, 0)
    }
  })

  queue('hands a role over when its lease was not renewed, or was given back', async (opened) => {
    const { queue, advance } = opened
    const kinds = ['role-projections'] as const
    await queue.signal(role, { cause: poll })
    const first = await leased(queue, kinds)
    await advance(LEASE / 2)
    assert.ok(await queue.renew(first, LEASE))
    await advance(LEASE / 2 + opened.toleranceMs)
    assert.is(await queue.lease({ leaseMs: LEASE, kinds }), undefined)
    await advance(LEASE / 2)
    await queue.signal(role, { cause: poll })
    const second = await leased(queue, kinds)
    assert.not.ok(await queue.renew(first, LEASE))
    assert.not.ok(await queue.release(first))
    assert.ok(await queue.release(second))
    assert.ok(await leased(queue, kinds))
  })

  test.run()
}

async function leased(queue: SignalQueue, kinds?: readonly Kind[]): Promise<Lease> {
  const lease = await queue.lease({ leaseMs: LEASE, ...(kinds === undefined ? {} : { kinds }) })
  if (lease === undefined) throw new Error('nothing to lease')
  return lease
}

async function refusesAll(queue: SignalQueue, lease: Lease): Promise<void> {
  assert.not(await queue.renew(lease, LEASE), 'renew')
  assert.not(await queue.complete(lease, { syncToken: 'x', memo: { x: 1 }, againInMs: 0 }), 'complete')
  assert.not(await queue.fail(lease, { retryInMs: 0 }), 'fail')
  assert.not(await queue.release(lease), 'release')
}

function about({ toleranceMs }: SignalQueueUnderTest, actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= toleranceMs,
    `${actual} ms instead of ${expected} ms`,
  )
}
