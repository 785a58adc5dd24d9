import { aborted } from '../../ports/aborted.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  type EventPage,
  type EventStore,
  type Filter,
  type Position,
  PositionUnknown,
  START,
} from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { Projection } from '../../projections/projection.ts'
import { type Outage, outageLog } from '../running/outage-log.ts'
import { parkedEvents } from './parked-events.ts'
import { type ParkedOutcome, type Projector, projector } from './projector.ts'
import { whyRewound } from './rewound-store.ts'

export type ProjectionRunner = {
  /**
   * Resolves when the read model of this name (or 'all') has seen `position`; without one, all that was in the store at
   * the call. Rejects with StoreUnavailable after `timeoutMs` (5,000), when the runner stops or the store cannot say.
   */
  caughtUp(name: string, position?: Position, timeoutMs?: number): Promise<void>
  status(): ProjectionsStatus
  /** See Projector. Undefined: no such projection, or no such event is parked. StoreUnavailable before it has begun. */
  retryParked(name: string, position: Position): Promise<ParkedOutcome | undefined>
  skipParked(name: string, position: Position): Promise<ParkedOutcome | undefined>
  /** Resolves once it has stopped, the page in hand finished. */
  readonly stopped: Promise<void>
}

export type ProjectionsStatus = {
  projections: {
    name: string
    version: number
    position: Position
    /**
     * LIVE: fed as events come. CATCHING_UP: it began behind the others and reads alone. STORE_REWOUND: it takes nothing
     * until a person has looked into it.
     */
    state: RunState
    /** Age in milliseconds of the newest event taken while more were there to take; 0: nothing was. */
    lagMs: number
    /** Streams that wait behind an event that could not be taken. */
    parked: number
  }[]
  /** The outages that last, and since when. Each is tried again until it ends. */
  outages: Outage[]
  /** Why the read models stand still: the event store is not the one that they were made from. */
  rewound?: string
}

type RunState = 'STARTING' | 'CATCHING_UP' | 'LIVE' | 'STORE_REWOUND'

export type ProjectionRunnerOptions = {
  events: EventStore
  readStore: ReadStore
  projections: readonly Projection[]
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** Further checkpoints that are kept beside those of the projections, and have to be of the same event store. */
  beside?: readonly string[]
}

/** Events read at once by a projection that catches up. */
const CATCH_UP_PAGE = 500
const DEFAULT_TIMEOUT_MS = 5_000

type Run = { projector: Projector; state: RunState; lagMs: number }
type Waiter = { runs: readonly Run[]; target: Position; done(error?: Error): void }

/**
 * Feeds the projections from one subscription, until `signal` aborts. Each keeps its own checkpoint. One that is behind
 * the furthest reads alone, so that it holds up nobody, and joins when it has caught up. No failure ends it: stores are
 * asked again until they answer, and an event that a projection cannot take is parked (see Projector). Where the event
 * store does not know a checkpoint, at the start or after an outage, all stand still: going on would leave out events
 * in silence.
 */
export function startProjections(options: ProjectionRunnerOptions): ProjectionRunner {
  const { events, readStore, clock, log } = options
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])
  const outages = outageLog({ clock, log, signal })
  let rewound: string | undefined
  const runs: Run[] = options.projections.map((projection) => ({
    projector: projector(projection, {
      events,
      readStore,
      now: clock.now,
      onParked: (parked, err) =>
        log.error({ ...parked, err }, 'event parked, the read model goes on without it'),
    }),
    state: 'STARTING',
    lagMs: 0,
  }))
  let waiters: Waiter[] = []
  /** Up to where the subscription has given events out, the page in hand included. */
  let given: Position = START

  const reached = ({ runs, target }: Waiter) => runs.every(({ projector }) => projector.position() >= target)
  function tellWaiters(): void {
    const ready = waiters.filter(reached)
    if (ready.length === 0) return
    waiters = waiters.filter((waiter) => !ready.includes(waiter))
    for (const waiter of ready) waiter.done()
  }

  const live = () => runs.filter(({ state }) => state === 'LIVE')

  async function take(run: Run, page: EventPage): Promise<void> {
    await outages.untilItAnswers(`read model ${run.projector.projection.name}`, () =>
      run.projector.take(page.events, page.position),
    )
    const last = page.events.at(-1)
    if (page.caughtUp) run.lagMs = 0
    else if (last) run.lagMs = Math.max(0, clock.now().since(last.recordedAt).total('milliseconds'))
    tellWaiters()
  }

  function standStill(why: string): void {
    if (rewound !== undefined) return
    rewound = why
    for (const run of runs) run.state = 'STORE_REWOUND'
    log.error(
      { code: 'STORE_REWOUND', why },
      'read models stopped, event store and checkpoints differ; see calendar-sync resume-read-models',
    )
    over.abort()
    for (const waiter of waiters) waiter.done(new StoreUnavailable(why))
    waiters = []
  }

  /** The same work; where it finds that a position is unknown everything stands still, and it gives undefined. */
  const orStandStill =
    <Result>(work: () => Promise<Result>) =>
    async (): Promise<Result | undefined> => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof PositionUnknown)) throw error
        standStill(error.message)
        return undefined
      }
    }

  async function feed(): Promise<void> {
    const filter = filterOf(runs)
    await outages.untilItAnswers(
      'event subscription',
      orStandStill(async () => {
        const after = live().reduce((least, { projector }) => earlier(least, projector.position()), given)
        for await (const page of events.subscribe({ after, filter, signal })) {
          outages.answered('event subscription')
          given = later(given, page.position)
          await Promise.all(live().map((run) => take(run, page)))
        }
        if (!signal.aborted) throw new StoreUnavailable('the subscription ended')
      }),
    )
  }

  async function catchUp(run: Run): Promise<void> {
    const filter = filterOf([run])
    while (!signal.aborted) {
      const givenBefore = given
      const page = await outages.untilItAnswers(
        'event store',
        orStandStill(() => events.readAll({ after: run.projector.position(), filter, limit: CATCH_UP_PAGE })),
      )
      if (page === undefined) return
      await take(run, page)
      // This one will get all that the subscription gives out after `given`, so nothing is left out in between.
      if (run.projector.position() >= given || (page.caughtUp && givenBefore === given)) {
        run.state = 'LIVE'
        return
      }
    }
  }

  const checkpoints = async (): Promise<Position[]> => [
    ...runs.map(({ projector }) => projector.position()),
    ...(await Promise.all((options.beside ?? []).map((name) => readStore.checkpoint(name)))),
  ]

  /** Waiting ends only with the process: a person has to look into it. */
  async function run(): Promise<void> {
    await work()
    if (rewound !== undefined) await aborted(options.signal)
  }

  async function work(): Promise<void> {
    await outages.untilItAnswers('read store', async () => {
      await readStore.prepare([parkedEvents, ...options.projections.map(({ collection }) => collection)])
      for (const { projector } of runs) await projector.begin()
    })
    if (signal.aborted) return
    for (const { projector } of runs)
      if (projector.parkedCount() > 0)
        log.warn(
          { projection: projector.projection.name, parked: projector.parkedCount() },
          'read model incomplete, events are parked',
        )
    const why = await outages.untilItAnswers('event store', async () =>
      whyRewound(events, await checkpoints()),
    )
    if (why !== undefined) standStill(why)
    if (signal.aborted) return
    given = runs.reduce((most, { projector }) => later(most, projector.position()), START)
    for (const one of runs) one.state = one.projector.position() === given ? 'LIVE' : 'CATCHING_UP'
    tellWaiters()
    await Promise.all([feed(), ...runs.filter(({ state }) => state === 'CATCHING_UP').map(catchUp)])
  }

  const stopped = run().finally(() => {
    for (const waiter of waiters) waiter.done(new StoreUnavailable('the projections have stopped'))
    waiters = []
  })

  return {
    async caughtUp(name, position, timeoutMs = DEFAULT_TIMEOUT_MS) {
      const named = name === 'all' ? runs : runs.filter(({ projector }) => projector.projection.name === name)
      if (named.length === 0) throw new RangeError(`there is no projection ${name}`)
      const target = position ?? (await events.head())
      // A checkpoint beyond the end of another store has seen nothing of it.
      if (rewound !== undefined) throw new StoreUnavailable(rewound)
      const answered = new AbortController()
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error) => (error ? reject(error) : resolve())
        const waiter: Waiter = { runs: named, target, done }
        if (reached(waiter)) return done()
        if (signal.aborted) return done(new StoreUnavailable(rewound ?? 'the projections have stopped'))
        waiters.push(waiter)
        void clock.delay(timeoutMs, answered.signal).then(() => {
          waiters = waiters.filter((other) => other !== waiter)
          done(new StoreUnavailable(`read model ${name} has not caught up within ${timeoutMs} ms`))
        })
      }).finally(() => answered.abort())
    },
    status: () => ({
      projections: runs.map(({ projector: { projection, position, parkedCount }, state, lagMs }) => ({
        name: projection.name,
        version: projection.version,
        position: position(),
        state,
        lagMs,
        parked: parkedCount(),
      })),
      outages: outages.now(),
      ...(rewound !== undefined && { rewound }),
    }),
    retryParked: async (name, position) => begun(name)?.retry(position),
    skipParked: async (name, position) => begun(name)?.skip(position),
    stopped,
  }

  function begun(name: string): Projector | undefined {
    const run = runs.find(({ projector }) => projector.projection.name === name)
    if (run?.state === 'STARTING') throw new StoreUnavailable(`the read model ${name} has not begun`)
    return run?.projector
  }
}

const filterOf = (runs: readonly Run[]): Filter => ({
  categories: [...new Set(runs.flatMap(({ projector }) => projector.projection.categories))],
})

const later = (a: Position, b: Position): Position => (a > b ? a : b)
const earlier = (a: Position, b: Position): Position => (a < b ? a : b)
