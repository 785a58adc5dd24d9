import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { bookingReconciler } from '../../../services/calcom/reconciler.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { callsPerTurn } from '../../support/calls-per-turn.ts'
import { inSync } from '../../support/sync-fixture.ts'

const test = suite("Reading Cal.com's future bookings again")

const MINUTE = 60_000
const asked: number[] = []
let failing = 0

const counts = (ports: ServicePorts): ServicePorts => ({
  ...ports,
  calcom: ports.calcom && {
    ...ports.calcom,
    async futureBookings(...request) {
      asked.push(ports.now().epochMilliseconds)
      if (failing-- > 0) return { ok: false, code: 'UNAVAILABLE' }
      return ports.calcom?.futureBookings(...request) ?? { ok: false, code: 'UNAVAILABLE' }
    },
  },
})

test(
  'a reading that failed is tried again at the next run, then ever later, and one that succeeded a period later',
  inSync({ wrap: counts, bookingReconcileMs: 60 * MINUTE }, async (sync) => {
    asked.length = 0
    await sync.pass(61 * MINUTE)
    failing = 3
    await sync.pass(130 * MINUTE)
    const gaps = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? 0)) / MINUTE))
    assert.equal(gaps.slice(-4), [1, 2, 4, 60], `${gaps}`)
  }),
)

const reads = callsPerTurn()
const listsMany = (ports: ServicePorts): ServicePorts => ({
  ...counts(ports),
  events: {
    ...ports.events,
    readStream(...read) {
      reads.called()
      return ports.events.readStream(...read)
    },
  },
  calcom: ports.calcom && {
    ...ports.calcom,
    async futureBookings({ from }) {
      asked.push(ports.now().epochMilliseconds)
      const start = Temporal.Instant.from('2027-06-01T10:00:00Z')
      assert.ok(Temporal.Instant.compare(from, start) < 0)
      const end = start.add({ minutes: 30 })
      const bookings = Array.from({ length: 200 }, (_, n) => ({
        bookingUid: `listed${n}`,
        userId: '1',
        status: 'ACCEPTED' as const,
        start,
        end,
      }))
      return { ok: true, value: { bookings } }
    },
  },
})

test(
  'a long page that brings no news leaves others their turn',
  inSync({ wrap: listsMany, bookingReconcileMs: 420 * MINUTE }, async (sync) => {
    const readAgain = async () => {
      asked.length = 0
      for (let passed = 0; asked.length === 0 && passed < 50; passed++) await sync.pass(10 * MINUTE)
      await sync.settle()
      assert.is(asked.length, 1)
    }
    await readAgain()
    assert.is((await sync.booking('listed199')).kind, 'OPEN')
    reads.reset()
    await readAgain()
    assert.ok(reads.most() <= 20, `${reads.most()} bookings read in one turn`)
  }),
)

test(
  'an end in the middle of a long page ends the reading',
  inSync({ roles: ['projections'], wrap: listsMany }, async (sync) => {
    const ended = new AbortController()
    let received = 0
    const intake = {
      async receive() {
        received += 1
        ended.abort()
      },
    }
    await bookingReconciler(sync.ports, intake, 60 * MINUTE).run(ended.signal)
    assert.is(received, 1)
  }),
)

let isDown = false
const failingStore = (ports: ServicePorts): ServicePorts => ({
  ...counts(ports),
  events: {
    ...ports.events,
    async head() {
      if (isDown) throw new StoreUnavailable('the server is gone')
      return ports.events.head()
    },
  },
})

test(
  'after an outage of the stores, in which deliveries were missed, they are read at the first turn',
  inSync({ wrap: failingStore, bookingReconcileMs: 60 * MINUTE }, async (sync) => {
    await sync.pass(61 * MINUTE)
    asked.length = 0
    isDown = true
    await sync.pass(5 * MINUTE)
    assert.equal(asked, [])
    isDown = false
    const back = sync.ports.now().epochMilliseconds
    await sync.pass(10 * MINUTE)
    assert.is(asked.length, 1)
    assert.ok((asked[0] ?? 0) - back <= MINUTE, `${(asked[0] ?? 0) - back} ms`)
  }),
)

test.run()
