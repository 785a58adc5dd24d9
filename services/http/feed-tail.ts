import { eventTypes } from '../../domain/domain-event.ts'
import type { Clock } from '../../ports/clock.ts'
import { commitSignal } from '../../ports/event-store/commit-signal.ts'
import { type EventStore, PositionUnknown } from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import { PUBLISHED_TYPES } from '../publishing/booking-event-schema.ts'
import { outageLog } from '../running/outage-log.ts'

/**
 * Tells everybody who follows the feed when there may be something new, and when a sign of life is due. One
 * subscription and one clock serve all, so that a client that waits costs a few bytes and no reads.
 */
export type FeedTail = {
  /** To be awaited before the first read: what is appended after it is told. Rejects with StoreUnavailable. */
  begin(): Promise<void>
  /** Counts what may be new: booking events, and the emergency stop set or lifted. */
  readonly news: number
  /** Counts the signs of life that are due. */
  readonly beats: number
  /** Resolves once either count is beyond what it was, or when `signal` aborts. */
  beyond(counts: { news: number; beats: number }, signal: AbortSignal): Promise<void>
}

const BEAT_MS = 15_000
const WAKING = [...PUBLISHED_TYPES, ...Object.keys(eventTypes.syncPolicy)]

/** Follows the events from the first `begin` until `signal` aborts. */
export function feedTail(options: {
  events: EventStore
  clock: Clock
  log: Logger
  signal: AbortSignal
}): FeedTail {
  const { events, clock, signal } = options
  const wakes = commitSignal()
  const outages = outageLog(options)
  let begun: Promise<void> | undefined
  let news = 0
  let beats = 0

  async function follow(from: string): Promise<void> {
    let after = from
    await outages.untilItAnswers('feed of booking events', async () => {
      try {
        for await (const page of events.subscribe({ after, filter: { types: WAKING }, signal })) {
          after = page.position
          if (page.events.length === 0) continue
          news += 1
          wakes.notify()
        }
      } catch (error) {
        // Readers find out by their own cursors: they read because there may be news.
        if (error instanceof PositionUnknown) after = await events.head()
        news += 1
        wakes.notify()
        throw error
      }
    })
  }

  async function beat(): Promise<void> {
    while (!signal.aborted) {
      await clock.delay(BEAT_MS, signal)
      beats += 1
      wakes.notify()
    }
  }

  async function start(): Promise<void> {
    const from = await events.head()
    void follow(from)
    void beat()
  }

  return {
    begin() {
      begun ??= start().catch((error) => {
        begun = undefined
        throw error
      })
      return begun
    },
    get news() {
      return news
    },
    get beats() {
      return beats
    },
    async beyond(counts, until) {
      while (counts.news === news && counts.beats === beats && !until.aborted)
        await wakes.after(wakes.count, until)
    },
  }
}
