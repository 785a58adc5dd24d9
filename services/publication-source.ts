import type { CloudEventV1 } from 'cloudevents'
import { commitSignal } from '../infrastructure/event-store/commit-signal.ts'
import type { EventStore, Position, RecordedEvent } from '../infrastructure/event-store/event-store.ts'
import { StoreUnavailable } from '../infrastructure/store-unavailable.ts'
import { bookingCloudEvent, type EventOrigin } from './booking-event.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'

/** An event on its way: as it is to be published, or why it cannot be. */
export type PublicationItem = { event: RecordedEvent } & (
  | { message: CloudEventV1<unknown> }
  | { message: undefined; error: unknown }
)

export type PublicationSource = {
  /**
   * The next events, oldest first: all that are there, at most `limit`; none where the end of the store was reached for
   * the first time, or the signal aborted. Waits for the first one. Rejects with StoreUnavailable.
   */
  take(limit: number): Promise<PublicationItem[]>
  /** Resolves once nothing is read any more; the signal has to abort for that. */
  readonly ended: Promise<void>
}

/** Read and encoded in one go: some milliseconds, after which the connections to the brokers get their turn. */
const PAGE = 256

/**
 * Reads and encodes the events after `after` ahead of whoever takes them, while transactions wait for the brokers, but
 * never more than `ahead` of them and a page.
 */
export function publicationSource(options: {
  events: EventStore
  origin: EventOrigin
  after: Position
  ahead: number
  signal: AbortSignal
}): PublicationSource {
  const { events, origin, after, ahead, signal } = options
  const changed = commitSignal()
  let waiting: PublicationItem[] = []
  let caughtUp: 'NEVER' | 'NEWS' | 'TOLD' = 'NEVER'
  let failure: unknown

  function encoded(event: RecordedEvent): PublicationItem {
    try {
      return { event, message: bookingCloudEvent(event, origin) }
    } catch (error) {
      return { event, message: undefined, error }
    }
  }

  async function read(): Promise<void> {
    const filter = { types: PUBLISHED_TYPES }
    for await (const page of events.subscribe({ after, filter, limit: PAGE, signal })) {
      waiting.push(...page.events.map(encoded))
      if (page.caughtUp && caughtUp === 'NEVER') caughtUp = 'NEWS'
      changed.notify()
      while (waiting.length >= ahead && !signal.aborted) await changed.after(changed.count, signal)
    }
    if (!signal.aborted) throw new StoreUnavailable('the subscription to the booking events ended')
  }

  const ended = read().catch((error: unknown) => {
    failure = error
    changed.notify()
  })

  return {
    ended,
    async take(limit) {
      while (waiting.length === 0 && !signal.aborted) {
        if (failure !== undefined) throw failure
        if (caughtUp === 'NEWS') {
          caughtUp = 'TOLD'
          return []
        }
        await changed.after(changed.count, signal)
      }
      const taken = waiting.slice(0, limit)
      waiting = waiting.slice(limit)
      changed.notify()
      return taken
    },
  }
}
