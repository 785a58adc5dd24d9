import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DeploymentGuard, deploymentGuard } from '../../composition/deployment-guard.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { outageLog } from '../../services/running/outage-log.ts'
import { openStores } from '../support/projected-events.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const test = suite('the guard of a deployment')

const log = createLogger({ level: 'silent' })
const eventStore = { url: 'esdb://127.0.0.1:1', compression: false }
const mongodb = { url: 'mongodb://127.0.0.1:1' }

type Started = {
  servers?: { eventStore?: typeof eventStore; mongodb?: typeof mongodb }
  folder?: string
  topic?: string
  takeOver?: boolean
  stampReadModels?: (deployment: string) => Promise<string>
  whyNoKeyFits?: () => Promise<string | undefined>
}
type Processes = {
  events: EventStore
  start(options?: Started): DeploymentGuard
  pass(ms: number): Promise<void>
  /** Another event store, an empty one, answers from now on. */
  replace(): void
}

/** Processes that share one event store, and end with the test. */
const withProcesses = (play: (processes: Processes) => Promise<void>) => async () => {
  const [clock, end, folder] = [virtualClock(), new AbortController(), temporaryFolder()]
  const [first, empty] = [openStores(), openStores()]
  let { events } = first
  const store: EventStore = {
    readStream: (...asked) => events.readStream(...asked),
    append: (...asked) => events.append(...asked),
    readAll: (asked) => events.readAll(asked),
    subscribe: (asked) => events.subscribe(asked),
    head: () => events.head(),
    close: async () => {},
  }
  try {
    await play({
      events: store,
      start: ({ servers = {}, topic, takeOver = false, ...more } = {}) =>
        deploymentGuard({
          configuration: {
            eventStore: servers.eventStore,
            mongodb: servers.mongodb,
            data: { folder: more.folder ?? folder.path, encryptionKey: undefined },
            kafka: topic === undefined ? undefined : { brokers: [], topic, ssl: false, sasl: undefined },
          },
          stores: {
            events: store,
            guardWrites: servers.eventStore && (() => {}),
            stampReadModels: more.stampReadModels,
            whyNoKeyFits: more.whyNoKeyFits ?? (async () => undefined),
          },
          outages: outageLog({ clock, log, signal: end.signal }),
          clock,
          log,
          takeOver,
          signal: end.signal,
        }),
      pass: clock.advance,
      replace: () => {
        events = empty.events
      },
    })
  } finally {
    end.abort()
    await Promise.all([first.close(), empty.close()])
    folder.remove()
  }
}

test(
  'processes agree on one name, which is unknown until the event store has answered',
  withProcesses(async ({ start }) => {
    const guards = [start(), start()]
    for (const guard of guards)
      assert.throws(
        () => guard.name(),
        (error: unknown) => error instanceof StoreUnavailable,
      )
    assert.equal(await Promise.all(guards.map(({ mayStart }) => mayStart)), [true, true])
    const [one, two] = guards.map((guard) => guard.name())
    assert.match(String(one), /^[0-9a-f-]{36}$/)
    assert.is(two, one)
  }),
)

test(
  'a process whose read models are those of another deployment may not start, and puts nothing on record',
  withProcesses(async ({ start, events }) => {
    const guard = start({ servers: { eventStore }, stampReadModels: async () => 'another' })
    assert.is(await guard.mayStart, false)
    assert.match(await guard.mustStop, /of another event store than that of EVENTSTORE_URL/)
    const recorded = await events.readStream('deployment-this')
    assert.equal(
      recorded.map(({ type }) => type),
      ['DeploymentNamed'],
    )
  }),
)

test(
  'a process whose key opens nothing may not start',
  withProcesses(async ({ start }) => {
    const guard = start({ servers: { mongodb }, whyNoKeyFits: async () => 'No key fits.' })
    assert.is(await guard.mayStart, false)
    assert.is(await guard.mustStop, 'No key fits.')
  }),
)

test(
  'a second data folder beside one event store may not start, until it takes over',
  withProcesses(async ({ start }) => {
    const [one, two] = [temporaryFolder(), temporaryFolder()]
    try {
      const servers = { eventStore }
      assert.is(await start({ servers, folder: one.path }).mayStart, true)
      assert.is(await start({ servers, folder: one.path }).mayStart, true)
      const other = start({ servers, folder: two.path })
      assert.is(await other.mayStart, false)
      assert.match(await other.mustStop, `first as ${one.path}`)
      assert.is(await start({ servers, folder: two.path, takeOver: true }).mayStart, true)
      assert.is(await start({ servers, folder: one.path }).mayStart, false)
    } finally {
      one.remove()
      two.remove()
    }
  }),
)

test(
  'a process must stop once another one has taken over with another topic',
  withProcesses(async ({ start, pass }) => {
    const servers = { eventStore, mongodb }
    const old = start({ servers, topic: 'old' })
    assert.is(await old.mayStart, true)
    const refused = start({ servers, topic: 'new' })
    assert.is(await refused.mayStart, false)
    assert.match(await refused.mustStop, /publish to old\. KAFKA_TOPIC of this one is new/)
    assert.is(await start({ servers, topic: 'new', takeOver: true }).mayStart, true)
    await pass(5_000)
    assert.match(await old.mustStop, /publish to new\. KAFKA_TOPIC of this one is old/)
  }),
)

test(
  'a process that is to take over with another topic waits for its servers, however long, and is not stopped by the topic on record',
  withProcesses(async ({ start, pass }) => {
    const servers = { eventStore, mongodb }
    assert.is(await start({ servers, topic: 'old' }).mayStart, true)
    let isAway = true
    const next = start({
      servers,
      topic: 'new',
      takeOver: true,
      async stampReadModels(deployment) {
        if (isAway) throw new StoreUnavailable('MongoDB is away')
        return deployment
      },
    })
    let why: string | undefined
    void next.mustStop.then((said) => {
      why = said
    })
    await pass(60_000)
    isAway = false
    await pass(60_000)
    assert.is(await next.mayStart, true)
    assert.is(why, undefined)
  }),
)

test(
  'a process must stop once its event store was replaced by another one',
  withProcesses(async ({ start, pass, replace }) => {
    const guard = start({ servers: { eventStore } })
    assert.is(await guard.mayStart, true)
    replace()
    await pass(5_000)
    assert.match(await guard.mustStop, /was replaced/)
  }),
)

test.run()
