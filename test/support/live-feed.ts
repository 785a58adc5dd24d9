import { createParser } from 'eventsource-parser'

export type LiveFeed = {
  headers: Headers
  status: number
  /** What came so far; each as the parser of an event source sees it. */
  events: { id: string; type: string; data: string }[]
  comments: number
  /** Resolves once `enough` says so of what came; rejects if the stream ends before. */
  until(enough: (feed: LiveFeed) => boolean): Promise<void>
  /** Resolves when the server ends the stream. */
  ended: Promise<void>
  /** Hangs up. */
  close(): void
}

/** Opens a stream of server-sent events and reads it as it comes. */
export async function liveFeed(url: string, headers: Record<string, string>): Promise<LiveFeed> {
  const hangUp = new AbortController()
  const answer = await fetch(url, {
    headers: { Accept: 'text/event-stream', ...headers },
    signal: hangUp.signal,
  })
  let waiting: (() => void)[] = []
  let over = false
  const wake = () => {
    const woken = waiting
    waiting = []
    for (const one of woken) one()
  }
  const parser = createParser({
    onEvent: ({ id = '', event = '', data }) => void feed.events.push({ id, type: event, data }),
    onComment: () => {
      feed.comments += 1
    },
  })
  const feed: LiveFeed = {
    headers: answer.headers,
    status: answer.status,
    events: [],
    comments: 0,
    async until(enough) {
      while (!enough(feed)) {
        if (over) throw new Error('the stream ended early')
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    ended: (async () => {
      const decoder = new TextDecoder()
      try {
        for await (const bytes of answer.body ?? []) {
          parser.feed(decoder.decode(bytes, { stream: true }))
          wake()
        }
      } catch (error) {
        if (!hangUp.signal.aborted) throw error
      } finally {
        over = true
        wake()
      }
    })(),
    close: () => hangUp.abort(),
  }
  return feed
}
