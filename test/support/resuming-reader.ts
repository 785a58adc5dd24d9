import { createParser } from 'eventsource-parser'
import { defined } from '../../domain/optional-fields.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'

/** A consumer of the live feed that connects again, from where it was, whenever its connection breaks. */
export type ResumingReader = {
  /** The positions of all events it got, in the order in which they came. */
  readonly positions: string[]
  readonly connections: number
  close(): Promise<void>
}

export function resumingReader(url: string, token: string): ResumingReader {
  const ended = new AbortController()
  const positions: string[] = []
  let connections = 0
  const running = (async () => {
    while (!ended.signal.aborted) {
      await read().catch(() => {})
      await systemClock.delay(20, ended.signal)
    }
  })()

  async function read(): Promise<void> {
    const last = positions.at(-1)
    const response = await fetch(`${url}/booking-events`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...defined({ 'last-event-id': last }),
      },
      signal: ended.signal,
    })
    if (response.status !== 200 || response.body === null) throw new Error(`answered ${response.status}`)
    connections += 1
    const parser = createParser({ onEvent: ({ id }) => void positions.push(id ?? 'without an id') })
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) parser.feed(chunk)
  }

  return {
    positions,
    get connections() {
      return connections
    },
    async close() {
      ended.abort()
      await running
    },
  }
}
