import type { EventStoreDBClient } from '@eventstore/db-client'
import { waitAfter } from '../../domain/backoff.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventPage, Filter, Position } from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import { errorText } from '../logging/error-facts.ts'
import { type Failure, failureOf, isNoPlace, NoAnswer, unavailable } from './eventstoredb-errors.ts'
import { readingError, refuseBeyond, subscription } from './eventstoredb-reading.ts'
import { pageInHand } from './page-of-events.ts'

type Following = {
  client: EventStoreDBClient
  clock: Clock
  log: Logger
  lastPosition(): Promise<Position>
  leaveNode(failure: Failure): void
  callTimeoutMs: number
  reconnectWithinMs: number
  /** Shared by all that follow one store: an outage is logged once, and its end. */
  outage: { logged: boolean }
}
type Wanted = { after: Position; filter: Filter | undefined; limit: number; signal: AbortSignal }

/** Waits before a reading that failed begins again. */
const FOLLOW_AGAIN = { firstMs: 50, longestMs: 2_000 }
/** How often a reading that is live and hears nothing makes sure that there is nothing. */
const LOOK_EVERY_MS = 1_000
/** So many checkpoints without a page, of 512 events each, are a page without events: a reader may stop there and go on. */
const CHECKPOINTS_A_PAGE = 32
/** So often in a row the end of the log has to be beyond a reading that hears nothing. */
const STUCK = 2

/**
 * Everything after a position, then live, until `signal` aborts. If the server goes away it is asked again; the reading
 * goes on after the last page that was taken, without gaps or doubles. Rejects with StoreUnavailable if it could not be
 * read for `reconnectWithinMs`.
 */
export async function* follow(deps: Following, wanted: Wanted): AsyncGenerator<EventPage, void> {
  const { clock, log, leaveNode, reconnectWithinMs } = deps
  const { signal } = wanted
  let position = wanted.after
  let wasCaughtUp = false
  let lostAt: number | undefined
  let failures = 0
  const connected = () => {
    if (deps.outage.logged) log.info({ position }, 'event store subscription available again')
    deps.outage.logged = false
    lostAt = undefined
    failures = 0
  }
  while (!signal.aborted) {
    try {
      for await (const page of readOnce(deps, { ...wanted, after: position, wasCaughtUp, connected })) {
        wasCaughtUp = page.caughtUp
        position = page.position
        yield page
      }
    } catch (error) {
      const failure = isNoPlace(error) ? undefined : failureOf(error)
      if (!failure) throw readingError(error, position)
      const now = clock.now().epochMilliseconds
      if (!deps.outage.logged)
        log.warn({ reason: errorText(error), position }, 'event store subscription unavailable, retrying')
      deps.outage.logged = true
      lostAt ??= now
      leaveNode(failure)
      if (!failure.again || now - lostAt > reconnectWithinMs) throw unavailable('be followed', failure, error)
      await clock.delay(waitAfter(FOLLOW_AGAIN, failures++), signal)
    }
  }
}

/**
 * One subscription, in pages. It ends, without an error, when another kind of it is called for. All that was there is
 * read: one that tells its position after every event is called for. It fell behind: one that catches up fast. The end
 * of the log has moved and it has not: one that begins where that is known.
 *
 * `wasCaughtUp`: the last page given before said that it had caught up. `connected` is called when this one has.
 */
async function* readOnce(
  { client, clock, lastPosition, callTimeoutMs }: Following,
  {
    after,
    filter,
    limit,
    signal,
    wasCaughtUp,
    connected,
  }: Wanted & { wasCaughtUp: boolean; connected(): void },
): AsyncGenerator<EventPage, void> {
  // Asked before the subscription begins: once that has caught up it has passed this place, whatever its filter.
  const head = await lastPosition()
  refuseBeyond(head, after)
  const live = wasCaughtUp || after >= head
  const reading = subscription(client, clock, { after, filter, live })
  const page = pageInHand(after, limit)
  let caughtUp = false
  let stuck = 0
  let checkpoints = 0
  try {
    // Asking a signal made of two whether it has aborted is dear, and nothing aborts but in a wait or a yield.
    while (!signal.aborted) {
      let item = reading.take()
      while (item?.kind === 'event' || item?.kind === 'checkpoint') {
        stuck = 0
        if (item.kind === 'checkpoint') checkpoints += 1
        if (page.take(item) || (!caughtUp && checkpoints >= CHECKPOINTS_A_PAGE)) {
          checkpoints = 0
          break
        }
        item = reading.take()
      }
      if (item?.kind === 'event' || item?.kind === 'checkpoint')
        yield page.close(caughtUp && !reading.waiting())
      else if (item?.kind === 'fellBehind') return yield page.close(false)
      else if (item?.kind === 'caughtUp') {
        connected()
        caughtUp = true
        page.moveTo(head)
        if (page.fresh || !wasCaughtUp) yield page.close(true)
        if (!live) return
      } else if (caughtUp && page.fresh) yield page.close(true)
      else {
        const { over, late } = await reading.more(caughtUp ? LOOK_EVERY_MS : callTimeoutMs, signal)
        if (over && !signal.aborted) throw new NoAnswer('the server ended the subscription')
        if (late && !caughtUp) throw new NoAnswer(`no answer within ${callTimeoutMs} ms`)
        if (late && page.position < (await lastPosition())) stuck += 1
        if (stuck === STUCK) return
      }
    }
  } finally {
    reading.close()
  }
}
