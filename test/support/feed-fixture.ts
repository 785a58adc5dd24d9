import type { EventStore } from '../../ports/event-store/event-store.ts'
import { feedRoutes } from '../../services/http/feed.ts'
import { feedTail } from '../../services/http/feed-tail.ts'
import { publishedSchemaRoutes } from '../../services/http/published-schemas.ts'
import { eventsOfBooking } from './booking-events.ts'
import { API_TOKEN, type Asked, type HttpFixture, httpFixture } from './http-fixture.ts'
import { type LiveFeed, liveFeed } from './live-feed.ts'
import { append } from './projected-events.ts'

export const ORIGIN = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }

export type FeedFixture = HttpFixture & {
  /** How often the feed read pages of all events. */
  reads(): number
  /** What the server does when it shuts down. */
  shutDown(): void
  /** Decides `count` moves of one booking, one append each; gives their positions. */
  decide(bookingUid: string, count?: number): Promise<string[]>
  feed(query?: string): Promise<Asked>
  live(query?: string, headers?: Record<string, string>): Promise<LiveFeed>
}

/** The whole HTTP edge with the feed in it; everything is closed after `body`. */
export const withFeed =
  (
    body: (feed: FeedFixture) => Promise<void>,
    /** In place of the embedded events. */
    elsewhere?: EventStore,
  ) =>
  async (): Promise<void> => {
    const stopping = new AbortController()
    const { signal } = stopping
    let reads = 0
    const http = await httpFixture((deps) => {
      const store = elsewhere ?? deps.ports.events
      const events: EventStore = {
        ...store,
        readAll(options) {
          reads += 1
          return store.readAll(options)
        },
      }
      const { clock, log } = deps
      const tail = feedTail({ events, clock, log, signal })
      return {
        ...deps,
        guarded: [
          { router: feedRoutes({ events, tail, origin: ORIGIN, log, signal }), scope: 'read' },
          {
            router: publishedSchemaRoutes({ ...ORIGIN, version: '0.1.0', kafkaTopic: 'booking-events' }),
            scope: 'read',
          },
        ],
      }
    })
    const opened: LiveFeed[] = []
    try {
      await body({
        ...http,
        reads: () => reads,
        shutDown: () => stopping.abort(),
        async decide(bookingUid, count = 1) {
          const { rescheduled } = eventsOfBooking(bookingUid)
          const positions: string[] = []
          for (let sequence = 1; sequence <= count; sequence++)
            positions.push(await append(http.ports.events, 'booking', bookingUid, rescheduled(sequence)))
          return positions
        },
        feed: (query = '') => http.ask('GET', `/booking-events${query}`),
        async live(query = '', headers = {}) {
          const feed = await liveFeed(`${http.url}/booking-events${query}`, {
            Authorization: `Bearer ${API_TOKEN}`,
            ...headers,
          })
          opened.push(feed)
          return feed
        },
      })
    } finally {
      for (const feed of opened) feed.close()
      stopping.abort()
      await http.close()
    }
  }
