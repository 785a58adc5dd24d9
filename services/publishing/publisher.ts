import { defined } from '../../domain/optional-fields.ts'
import { aborted } from '../../ports/aborted.ts'
import type { BookingEventPublisher, PublishedMark } from '../../ports/booking-event-publisher.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventStore } from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import type { ParkedRequest } from '../read-models/parked-requests.ts'
import { oneAfterAnother } from '../running/one-after-another.ts'
import { outageLog } from '../running/outage-log.ts'
import { publicationBacklog } from './backlog.ts'
import type { EventOrigin } from './booking-event.ts'
import { untilNotStopped } from './emergency-stop.ts'
import { type PublishFailure, type PublishItemsDeps, publishItems } from './items.ts'
import { NOTHING_PUBLISHED, rewound } from './mark.ts'
import type { PublicationParking, Unpublishable } from './parking.ts'
import { parkAgain, releaseBlocked } from './release.ts'
import { publicationSource } from './source.ts'
import { type PublisherState, type PublisherStatus, whyNotReady } from './status.ts'

/** A publisher that was started; it ends by its signal alone. */
export type RunningPublisher = {
  /** Rejects with StoreUnavailable. */
  status(): Promise<PublisherStatus>
  /** Rejects where the oldest event has waited for too long, or nothing is published until a person acts. */
  ready(): Promise<void>
  /**
   * Tries an event that could not be published again, or gives it up, and publishes what waited behind it. Rejects where
   * that cannot be done now; to be repeated then.
   */
  carryOut(request: Pick<ParkedRequest, 'position' | 'want'>): Promise<void>
  /** Takes over now, where it waits before it does. */
  lookAgain(): void
  /** Resolves once it has stopped. The publisher that was given is closed then. */
  readonly stopped: Promise<void>
}

/** Numbers in parentheses hold where none is given. */
export type PublisherOptions = {
  events: EventStore
  publisher: BookingEventPublisher
  origin: EventOrigin
  parking: PublicationParking
  clock: Clock
  log: Logger
  /** Ends it: what is under way is finished, if it can be within some seconds. */
  signal: AbortSignal
  /** Told after each transaction how many events were in it, and how many seconds before each had been decided. */
  onPublished?(count: number, secondsAgo: readonly number[]): void
  /** Most events in one transaction (2,500): more make a backlog go out little faster. */
  batch?: number
  /** Before it takes over from whoever took over from it, in milliseconds (30,000). */
  fencedPauseMs?: number
  /** Between two looks whether a store that was rewound may be published from, in milliseconds (15,000). */
  rewoundPauseMs?: number
  /** For how long an event may wait before this is not ready, in milliseconds (30,000). */
  unreadyAfterMs?: number
}

const STOPPING_MS = 5_000

/** While this process publishes: work that moves the mark, one after another. False: it was not, or not all, done. */
type Term = {
  moveMark(
    work: (mark: PublishedMark) => Promise<{ ok: true; mark: PublishedMark } | PublishFailure>,
  ): Promise<boolean>
  blocked(): number
}
/** The name of the broker's outage. */
const PUBLISHING = 'publishing of booking events'

/**
 * Publishes the booking events in their order, each one once, from where the last publisher ended, until `signal`
 * aborts. No failure ends it. A transaction takes as many events as waited when the one before it ended: a single event
 * goes out at once, a backlog in large steps. At most two batches of events are held.
 */
export function runPublisher(options: PublisherOptions): RunningPublisher {
  const { events, publisher, clock, log, signal } = options
  const { batch = 2_500, fencedPauseMs = 30_000, unreadyAfterMs = 30_000 } = options
  const { rewoundPauseMs = 15_000 } = options
  const outages = outageLog({ clock, log, signal })
  const backlog = publicationBacklog(events)
  let state: PublisherState = 'STARTING'
  let reason: string | undefined
  let rewoundTold: string | undefined
  let current: Term | undefined
  let woken = new AbortController()

  function enter(next: PublisherState, why?: string): void {
    state = next
    reason = why
  }

  const park = async (unpublishable: Unpublishable) => {
    const { event, code, error } = unpublishable
    await options.parking.keep(unpublishable)
    const { id, type, position } = event
    log.error(
      { eventId: id, type, position, code, err: error },
      'event parked, it cannot be published; later events of its booking wait',
    )
  }

  /** One term: from taking over to the first failure, which it throws. Returns how long to wait before the next. */
  async function serveTerm(): Promise<number> {
    const begun = await publisher.begin()
    if (!begun.ok) return lost(begun)
    const why = await rewound(events, begun)
    if (why !== undefined) {
      outages.answered(PUBLISHING)
      if (rewoundTold !== why)
        log.error(
          { code: 'STORE_REWOUND', why },
          'publishing stopped, event store and topic differ; run calendar-sync resume-publishing',
        )
      rewoundTold = why
      enter('STORE_REWOUND', why)
      return rewoundPauseMs
    }
    rewoundTold = undefined
    const mark = begun.last ?? NOTHING_PUBLISHED
    await parkAgain({ events, parking: options.parking }, mark)
    backlog.beginsAt(mark.position)
    log.info({ position: mark.position }, 'publishing begins in this process')
    enter('PUBLISHING')
    const failure = await publishFrom(mark)
    return failure ? lost(failure) : 0
  }

  /** Publishes from `from` on until the signal aborts or something fails. */
  async function publishFrom(from: PublishedMark): Promise<PublishFailure | undefined> {
    const over = new AbortController()
    const until = AbortSignal.any([signal, over.signal])
    const source = publicationSource({ ...options, after: from.position, ahead: batch, signal: until })
    const inTurn = oneAfterAnother()
    let mark = from
    let failure: PublishFailure | undefined
    const moveMark: Term['moveMark'] = (work) =>
      inTurn(async () => {
        await untilNotStopped(events, { signal: until, onStopped: () => enter('STOPPED') })
        if (until.aborted) return false
        enter('PUBLISHING')
        const outcome = await work(mark)
        if (outcome.ok) mark = outcome.mark
        else {
          failure = outcome
          over.abort()
        }
        return outcome.ok
      })
    const reached: PublishItemsDeps['reached'] = (next, items, sent) => {
      mark = next
      outages.answered(PUBLISHING)
      backlog.movedTo(next.position, items)
      tellPublished(sent.map(({ attributes }) => secondsSince(attributes.time)))
    }
    current = { moveMark, blocked: () => mark.blocked?.length ?? 0 }
    try {
      while (!until.aborted) {
        const items = await source.take(batch)
        if (items.length === 0) outages.answered(PUBLISHING)
        else await moveMark((from) => publishItems({ publisher, park, reached }, items, from))
      }
      return failure
    } finally {
      current = undefined
      over.abort()
      await source.ended
    }
  }

  const tellPublished = (secondsAgo: readonly number[]) =>
    options.onPublished?.(secondsAgo.length, secondsAgo)

  /** Not below 0, where the clocks of two processes differ. */
  const secondsSince = (time = '') => Math.max(0, clock.now().epochMilliseconds - Date.parse(time)) / 1_000

  function lost(failure: PublishFailure): number {
    if (failure.error !== 'FENCED') {
      enter('UNAVAILABLE')
      throw new StoreUnavailable(failure.message, { cause: failure.cause })
    }
    log.warn(
      { reason: failure.message, pauseMs: fencedPauseMs },
      'publishing fenced, another publisher took over',
    )
    enter('FENCED', failure.message)
    return fencedPauseMs
  }

  async function run(): Promise<void> {
    await outages.untilItAnswers('event store', async () => backlog.atLeastFrom(await events.head()))
    while (!signal.aborted) {
      const waitMs = await outages.untilItAnswers(PUBLISHING, serveTerm)
      woken = new AbortController()
      if (waitMs !== undefined && waitMs > 0)
        await clock.delay(waitMs, AbortSignal.any([signal, woken.signal]))
    }
  }

  async function runAndClose(): Promise<void> {
    const ran = run()
    await Promise.race([ran, aborted(signal)])
    const done = new AbortController()
    await Promise.race([ran, clock.delay(STOPPING_MS, done.signal)])
    done.abort()
    // A call that hangs now is left: whatever becomes of it, the next publisher will know.
    ran.catch((err: unknown) => log.debug({ err }, 'publishing ended midway'))
    enter('ENDED')
    await publisher.close()
  }

  async function status(): Promise<PublisherStatus> {
    const { backlog: waiting, oldestAt } = await backlog.count()
    const oldestAgeMs =
      oldestAt === null ? null : Math.max(0, clock.now().epochMilliseconds - Date.parse(oldestAt))
    const [outage] = outages.now()
    return {
      state,
      backlog: waiting,
      oldestAgeMs,
      ...defined({ outage, reason }),
      parked: current?.blocked() ?? 0,
    }
  }

  return {
    status,
    async ready() {
      const why = whyNotReady(await status(), clock.now(), unreadyAfterMs)
      if (why !== undefined) throw new Error(why)
    },
    async carryOut(request) {
      const released = await current?.moveMark((from) => releaseBlocked(options, request, from))
      if (!released) throw new Error('nothing is published now')
    },
    lookAgain: () => woken.abort(),
    stopped: runAndClose(),
  }
}
