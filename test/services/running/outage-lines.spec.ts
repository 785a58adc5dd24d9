import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteSignalQueue } from '../../../infrastructure/sqlite/sqlite-signal-queue.ts'
import type { Logger } from '../../../ports/logger.ts'
import { StoreUnavailable } from '../../../ports/store-unavailable.ts'
import { carryOutRequests } from '../../../services/read-models/parked-requests.ts'
import { startCrons } from '../../../services/running/crons.ts'
import { leasedIn } from '../../../services/running/role-lease.ts'
import type { ServicePorts } from '../../../services/running/service-ports.ts'
import { runChangeSyncWorker } from '../../../services/sync/change-sync-worker.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const test = suite('what the log says of a store that goes away')

/** A queue that can be taken away, and what was logged. */
function world() {
  const clock = virtualClock()
  const database = openDatabase(':memory:')
  let ids = 0
  const real = sqliteSignalQueue(database, { clock, newId: () => `id-${++ids}` })
  const state = { away: false }
  const unlessAway = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    if (state.away) throw new StoreUnavailable('connection refused')
    return ask()
  }
  const queue: typeof real = {
    ...real,
    signal: (...given) => unlessAway(() => real.signal(...given)),
    lease: (...given) => unlessAway(() => real.lease(...given)),
    nextDueInMs: (...given) => unlessAway(() => real.nextDueInMs(...given)),
  }
  const lines: { level: string; facts: object; message: string }[] = []
  const at =
    (level: string) =>
    (facts: object | string, message = '') => {
      const line = typeof facts === 'string' ? { facts: {}, message: facts } : { facts, message }
      lines.push({ level, ...line })
    }
  const log: Logger = {
    warn: at('warn'),
    error: at('error'),
    info: at('info'),
    debug: at('debug'),
    child: () => log,
  }
  const stopping = new AbortController()
  const end = async (running: Promise<unknown>) => {
    stopping.abort()
    await clock.advance(60_000)
    await running
    await real.close()
    await database.close()
  }
  return { clock, queue, state, lines, log, signal: stopping.signal, end }
}

/** Both lines begin with what is away, which is what an operator looks for. */
async function toldOnceAndBack(
  what: string,
  start: (given: ReturnType<typeof world>) => Promise<unknown>,
): Promise<void> {
  const given = world()
  const { clock, state, lines } = given
  state.away = true
  const running = start(given)
  await clock.advance(60_000)
  assert.equal(
    lines.map(({ level, message }) => [level, message]),
    [['error', `${what} unavailable, retrying`]],
  )
  assert.not.ok('err' in (lines[0]?.facts ?? {}), 'without a stack')
  state.away = false
  await clock.advance(10_000)
  assert.equal(
    lines.flatMap(({ facts, message }) => ('failures' in facts ? [message] : [])),
    [`${what} available again`],
  )
  await given.end(running)
}

test('a lease that cannot be asked for is told once, and once when it can', () =>
  toldOnceAndBack('lease of the role publisher', ({ queue, clock, log, signal }) =>
    leasedIn({ queue, clock, log, signal, leaseMs: 15_000 })(
      'publisher',
      (lost) => new Promise((resolve) => lost.addEventListener('abort', () => resolve(), { once: true })),
    ),
  ))

test('requests that cannot be asked for are told once, and once when they can', () =>
  toldOnceAndBack('signal queue for parked-projections', (ports) =>
    carryOutRequests({ ...ports, random: () => 1, kind: 'parked-projections', carryOut: async () => {} }),
  ))

test('work that cannot be asked for is told once, and once when it can', () =>
  toldOnceAndBack('signal queue', ({ signal, ...ports }) =>
    // All that a worker without work uses of the ports.
    runChangeSyncWorker(ports as unknown as ServicePorts, { width: 4, leaseMs: 60_000, signal }),
  ))

test('a cron that waits for a store is one warning, without a stack', async () => {
  const given = world()
  // All that the crons use of the ports.
  const ports = { clock: given.clock, log: given.log, settings: { cronMs: 1_000 } } as unknown as ServicePorts
  const run = () => Promise.reject(new StoreUnavailable('read model all has not caught up within 5000 ms'))
  const { stopped } = startCrons(ports, [{ name: 'one', run }], given.signal)
  await given.clock.advance(30_000)
  assert.equal(given.lines, [
    {
      level: 'warn',
      facts: { reason: 'read model all has not caught up within 5000 ms', cron: 'one' },
      message: 'cron waits for a store, retrying at its next run',
    },
  ])
  await given.end(stopped)
})

test.run()
