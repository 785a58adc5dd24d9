import * as assert from 'uvu/assert'
import type { EventPage, EventStore, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'

/** Asserts that a call rejects with StoreUnavailable. */
export const unavailable = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable('it should be unavailable'),
    (error: unknown) => assert.instance(error, StoreUnavailable),
  )

/** What `call` gives as soon as the store is there again. */
export async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
}

/** Follows a store in the background, and tells when enough has come. */
export function following(
  store: EventStore,
  options: Omit<Parameters<EventStore['subscribe']>[0], 'signal'>,
) {
  const ending = new AbortController()
  const events: RecordedEvent[] = []
  let tell: () => void = () => undefined
  const run = (async () => {
    for await (const page of store.subscribe({ ...options, signal: ending.signal })) {
      take(page)
      tell()
    }
    return events
  })()
  function take(page: EventPage): void {
    events.push(...page.events)
  }
  return {
    async until(enough: (events: readonly RecordedEvent[]) => boolean): Promise<void> {
      while (!enough(events))
        await Promise.race([
          run,
          new Promise<void>((resolve) => {
            tell = resolve
          }),
        ])
    },
    end(): Promise<RecordedEvent[]> {
      ending.abort()
      return run
    },
  }
}
