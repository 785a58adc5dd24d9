import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { PUBLISHED_TYPES } from '../publishing/booking-event-schema.ts'
import { isStopped } from '../publishing/emergency-stop.ts'
import type { FeedTail } from './feed-tail.ts'

const PAGE = 256

/**
 * The booking events after a position and then live, as the text of server-sent events (HTML Standard, 9.2), until
 * `signal` aborts. Pulled: a slow reader holds back its own reading and nothing else. `render` gives an event's JSON.
 */
export async function* feedStream(options: {
  events: EventStore
  tail: FeedTail
  after: Position
  render: (event: RecordedEvent) => string
  signal: AbortSignal
}): AsyncGenerator<string, void> {
  const { events, tail, render, signal } = options
  let position = options.after
  let read: number | undefined
  // Lets the headers out, and tells a proxy that it is under way.
  yield ':\n\n'
  let beats = tail.beats
  while (!signal.aborted) {
    const counts = { news: tail.news, beats: tail.beats }
    while (read !== counts.news && !signal.aborted) {
      // Stopped, there is nothing to read until the stop is lifted, which is news.
      const page = (await isStopped(events))
        ? undefined
        : await events.readAll({ after: position, filter: { types: PUBLISHED_TYPES }, limit: PAGE })
      if (page && page.events.length > 0)
        yield page.events.map((event) => message(event, render(event))).join('')
      position = page?.position ?? position
      if (page === undefined || page.caughtUp) read = counts.news
    }
    if (beats !== counts.beats) {
      beats = counts.beats
      yield ':\n\n'
    }
    await tail.beyond(counts, signal)
  }
}

const message = ({ position, type }: RecordedEvent, json: string): string =>
  `id: ${position}\nevent: ${type}\ndata: ${json}\n\n`
