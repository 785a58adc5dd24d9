import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { runChangeSyncWorker } from '../../../services/sync/change-sync-worker.ts'
import { type Host, inSync, type SyncFixture } from '../../support/sync-fixture.ts'

const test = suite('The change sync worker')

const published = async (sync: SyncFixture) => (await sync.published()).map(({ type }) => type)
const errors = (sync: SyncFixture) => sync.logged.filter(({ level }) => level === 'error')
const gaps = (times: number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0))

test(
  'what failed is tried again after waits that double, of which a random part is taken off',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.faults.set({ methods: ['list'], times: 8, reason: 'backendError' })
    const before = sync.asked('list').length
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(600_000)
    const waits = gaps(
      sync
        .asked('list')
        .slice(before, before + 9)
        .map(({ at }) => at.epochMilliseconds),
    )
    waits.forEach((wait, failures) => {
      const most = 1_000 * 2 ** failures
      assert.ok(wait >= most / 2 && wait <= most + 1_100, `${waits}`)
    })
    assert.is(waits.length, 8)
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

const broken = { times: 0, error: new Error('unforeseen') as Error }
const breaks = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  provider: {
    ...ports.provider,
    async event(...asked) {
      if (broken.times-- > 0) throw broken.error
      return ports.provider.event(...asked)
    },
  },
})

test(
  'an unforeseen exception is told of, tried again, and nothing is lost',
  inSync({ wrap: breaks }, async (sync) => {
    const booking = await sync.book(await sync.host())
    broken.times = 2
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(20_000)
    assert.equal(
      errors(sync).map(({ code, kind, key }) => [code, kind, key]),
      [
        ['UNEXPECTED', 'booking', booking.uid],
        ['UNEXPECTED', 'booking', booking.uid],
      ],
    )
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a store that is away is told of by its own code, and waited for',
  inSync({ wrap: breaks }, async (sync) => {
    const booking = await sync.book(await sync.host())
    Object.assign(broken, { times: 1, error: new StoreUnavailable('away') })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(20_000)
    assert.equal(
      errors(sync).map(({ code }) => code),
      [new StoreUnavailable('').code],
    )
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'a stop in the middle of a fetch gives it back, and the next start takes it up at once',
  inSync({}, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.faults.set({ methods: ['list'], times: 1, delayMs: 20_000 })
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(5_000)
    await sync.restart()
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
    assert.equal(errors(sync), [])
    assert.equal(
      (await sync.eventsOf('calendarFeed')).map(({ type }) => type),
      ['FullSyncCompleted'],
      'a stop is no failure of the calendar',
    )
  }),
)

test(
  'a stop during the grace of a cancellation forgets nothing',
  inSync({ settings: { cancelGraceMs: 60_000 } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    sync.google.delete(booking.host.calendarId, booking.eventId)
    await sync.pass(30_000)
    await sync.restart()
    await sync.pass(35_000)
    assert.equal(await published(sync), ['BookingCancelled'])
  }),
)

test(
  'several workers on one queue share the calendars and decide each change once',
  inSync({}, async (sync) => {
    const host = await sync.host()
    const bookings = [
      await sync.book(host),
      await sync.book(host, { inHours: 50 }),
      await sync.book(host, { inHours: 52 }),
    ]
    const stop = new AbortController()
    const others = [1, 2, 3].map(() =>
      runChangeSyncWorker(sync.ports, { width: 2, leaseMs: 60_000, signal: stop.signal }),
    )
    for (let move = 1; move <= 5; move++) {
      for (const booking of bookings) sync.drag(booking, booking.start.add({ minutes: 5 * move }))
      await sync.settle()
    }
    stop.abort()
    await sync.during(Promise.all(others))
    const names = (await sync.published()).map(({ data }) => `${data.bookingUid} ${data.sequence}`)
    assert.is(names.length, 15)
    assert.is(new Set(names).size, 15)
  }),
)

test(
  'calendars that do not answer in time hold up no other, at first and at every later try',
  inSync({ push: false, settings: { reconcileMs: 60_000, settleMs: 0 } }, async (sync) => {
    const booking = await sync.book(await sync.host())
    const lookAt = (calendarKey: string) =>
      sync.ports.queue.signal(
        { kind: 'calendar', key: calendarKey },
        { cause: { poll: true, reason: 'RECONCILE' } },
      )
    const others: Host[] = []
    for (let id = 2; id <= 41; id++) others.push(await sync.host(id))
    for (const { calendarId, calendarKey } of others) {
      sync.google.faults.set({ calendarId, delayMs: 30_000, status: 503 })
      await lookAt(calendarKey)
    }
    const waits: number[] = []
    for (let minute = 1; minute <= 8; minute++) {
      const from = sync.clock.now()
      sync.drag(booking, booking.start.add({ minutes: minute }))
      await lookAt(booking.host.calendarKey)
      for (let step = 0; step < 600 && (await sync.published()).length < minute; step++) await sync.pass(100)
      waits.push(sync.clock.now().since(from).total('seconds'))
      await sync.pass(47_000)
    }
    assert.is((await sync.published()).length, 8)
    assert.ok(Math.max(...waits) < 4, `seconds waited: ${waits}`)
  }),
)

const leases = { now: 0, most: 0, all: 0 }
const countsClaims = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  queue: {
    ...ports.queue,
    async lease(options) {
      // By name: not the worker's.
      if (!options.kinds?.includes('booking')) return ports.queue.lease(options)
      leases.all += 1
      leases.most = Math.max(leases.most, ++leases.now)
      return ports.queue.lease(options).finally(() => {
        leases.now -= 1
      })
    },
  },
})

test(
  'leases ever more at once while enough is due, so that they share commits, and one at a time while nothing is',
  inSync({ wrap: countsClaims }, async (sync) => {
    const cause = { poll: true, reason: 'OPERATOR' } as const
    const subjects = Array.from({ length: 200 }, (_, n) => ({ kind: 'booking', key: `b${n}` }) as const)
    await sync.ports.queue.signalMany(subjects.map((subject) => ({ subject, cause })))
    await sync.settle()
    assert.ok(leases.most >= 8, `${leases.most} at once`)
    Object.assign(leases, { most: 0, all: 0 })
    await sync.pass(60_000)
    assert.is(leases.most, 1)
    assert.ok(leases.all <= 70, `${leases.all} in a minute`)
  }),
)

const standstill = { ms: 0 }
/** The process stands still while a lease is on its way back to it. */
const standsStill = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  queue: {
    ...ports.queue,
    async lease(options) {
      const lease = await ports.queue.lease(options)
      if (lease !== undefined && standstill.ms > 0) await ports.clock.delay(standstill.ms)
      return lease
    },
  },
})

test(
  'a calendar leased longer ago than its lease lasts is not read: it may be that of another process by now',
  inSync({ wrap: standsStill }, async (sync) => {
    const booking = await sync.book(await sync.host())
    const asked = sync.asked('list').length
    standstill.ms = 60_000
    sync.drag(booking, booking.start.add({ hours: 1 }))
    await sync.pass(300_000)
    assert.is(sync.asked('list').length, asked)
    standstill.ms = 0
    await sync.pass(120_000)
    await sync.settle()
    assert.equal(await published(sync), ['BookingRescheduled'])
  }),
)

test(
  'reactions that break off begin again from their checkpoint',
  inSync(
    {
      wrap(ports) {
        let times = 2
        const signal: typeof ports.queue.signal = async (subject, options) => {
          if (subject.kind === 'booking' && times-- > 0) throw new StoreUnavailable('away')
          return ports.queue.signal(subject, options)
        }
        return { ...ports, queue: { ...ports.queue, signal } }
      },
    },
    async (sync) => {
      const booking = await sync.book(await sync.host())
      await sync.pass(10_000)
      assert.equal(await sync.decisions(booking.uid), ['NO_TIME_CHANGE'], 'the look after the link')
      assert.is(errors(sync).length, 2)
    },
  ),
)

test.run()
