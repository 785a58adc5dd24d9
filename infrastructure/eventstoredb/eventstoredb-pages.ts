import type { EventStoreDBClient } from '@eventstore/db-client'
import type { Clock } from '../../ports/clock.ts'
import type { EventPage, Filter, Position } from '../../ports/event-store/event-store.ts'
import { NoAnswer } from './eventstoredb-errors.ts'
import { type Reading, readingError, subscription } from './eventstoredb-reading.ts'
import { pageInHand } from './page-of-events.ts'

type PagesDeps = {
  client: EventStoreDBClient
  clock: Clock
  callTimeoutMs: number
  lastPosition(): Promise<Position>
  signal: AbortSignal
}

/** Reads everything page by page. */
export type Pages = {
  /** See EventStore.readAll. Rejects with the error of the server's call, or NoAnswer. */
  read(after: Position, limit: number, filter: Filter | undefined): Promise<EventPage>
  close(): void
}

/** A reading, and what the end of the log was before it began: once it has caught up it has passed that. */
type Open = { reading: Reading; head: Position }
type Kept = Open & { taken: AbortController }

/** How long a reading waits for its next page to be asked for, and how many at most do. */
const KEEP_MS = 1_000
const KEEP_MOST = 8

/**
 * The server reads all events with a filter by subscription only, so a page is the beginning of one. A subscription
 * that was left in the middle is kept for a moment: a reader of many pages then has one, and not one a page.
 */
export function pagesOfAll({ client, clock, callTimeoutMs, lastPosition, signal }: PagesDeps): Pages {
  const kept = new Map<string, Kept>()

  function keep(key: string, open: Open): void {
    const taken = new AbortController()
    const drop = (which: string) => {
      const one = kept.get(which)
      kept.delete(which)
      one?.taken.abort()
      one?.reading.close()
    }
    drop(key)
    const [oldest] = kept.keys()
    if (oldest !== undefined && kept.size >= KEEP_MOST) drop(oldest)
    kept.set(key, { ...open, taken })
    void clock.delay(KEEP_MS, taken.signal).then(() => {
      if (!taken.signal.aborted) drop(key)
    })
  }

  /** The next page of an open reading; undefined where a kept one ended before what is there now. */
  async function next(
    open: Open,
    {
      after,
      limit,
      filter,
      again,
    }: { after: Position; limit: number; filter: Filter | undefined; again: boolean },
  ): Promise<EventPage | undefined> {
    const page = pageInHand(after, limit)
    let unfinished = false
    try {
      for (;;) {
        const item = open.reading.take()
        if (item?.kind === 'caughtUp') {
          page.moveTo(open.head)
          // One that was kept may have caught up before it was asked again.
          const end = again ? await lastPosition() : open.head
          return page.fresh || page.position >= end ? page.close(page.position >= end) : undefined
        }
        if (item && page.take(item)) {
          unfinished = page.position < open.head
          if (unfinished) keep(keyOf(filter, page.position), open)
          return page.close(!unfinished && !again)
        }
        if (item) continue
        const { over, late } = await open.reading.more(callTimeoutMs, signal)
        if (over || late || signal.aborted) throw new NoAnswer('the reading ended before it had caught up')
      }
    } finally {
      if (!unfinished) open.reading.close()
    }
  }

  return {
    async read(after, limit, filter) {
      const key = keyOf(filter, after)
      const left = kept.get(key)
      if (left) {
        kept.delete(key)
        left.taken.abort()
        // A subscription that broke while it was kept is no failure: it begins anew.
        const page = await next(left, { after, limit, filter, again: true }).catch(() => undefined)
        if (page) return page
      }
      const head = await lastPosition()
      if (after >= head) return { events: [], position: after, caughtUp: true }
      const reading = subscription(client, clock, { after, filter, live: false })
      const opened = { after, limit, filter, again: false }
      const page = await next({ reading, head }, opened).catch((error: unknown) => {
        throw readingError(error, after)
      })
      if (!page) throw new Error('a reading that began now has not passed what was there before')
      return page
    },
    close() {
      for (const { reading, taken } of kept.values()) {
        taken.abort()
        reading.close()
      }
      kept.clear()
    },
  }
}

const keyOf = (filter: Filter | undefined, position: Position): string =>
  `${position} ${JSON.stringify(filter ?? null)}`
