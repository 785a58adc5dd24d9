import type { PublishableEvent } from '../../ports/booking-event-publisher.ts'
import { commitSignal } from '../../ports/event-store/commit-signal.ts'
import type { EventStore, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { bookingCloudEvent, type EventOrigin } from './booking-event.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'

/** Which event it is, without what is in it: many wait at a time. */
export type EventPlace = Pick<RecordedEvent, 'id' | 'type' | 'stream' | 'revision' | 'position'>

/** An event on its way: as it is to be published, or why it cannot be. */
export type PublicationItem = { event: EventPlace } & (
  | { message: PublishableEvent }
  | { message: undefined; error: unknown }
)

/** Events that wait to be published, in the order of their positions. */
export type PublicationSource = {
  /**
   * The next events, oldest first: all that are there, at most `limit`. None if the end of the store was reached for
   * the first time, or the signal aborted. Waits for the first one. Rejects with StoreUnavailable.
   */
  take(limit: number): Promise<PublicationItem[]>
  /** Resolves once nothing is read any more; the signal has to abort for that. */
  readonly ended: Promise<void>
}

/** Read and encoded in one go: some milliseconds, after which the connections to the brokers get their turn. */
const PAGE = 256

/**
 * Reads and encodes the events after `after` ahead of the reader that takes them, while transactions wait for the
 * brokers. Never more than `ahead` of them and a page.
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

  async function read(): Promise<void> {
    const filter = { types: PUBLISHED_TYPES }
    for await (const page of events.subscribe({ after, filter, limit: PAGE, signal })) {
      waiting.push(...page.events.map((event) => publicationItem(event, origin)))
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

/** The event as it is to be published, or why it cannot be. Throws StoreUnavailable where its origin is not known yet. */
export function publicationItem(recorded: RecordedEvent, origin: EventOrigin): PublicationItem {
  const { id, type, stream, revision, position } = recorded
  const event = { id, type, stream, revision, position }
  try {
    return { event, message: publishable(recorded, origin) }
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    return { event, message: undefined, error }
  }
}

/** All but their data is text in these events: what is named in booking-event.ts, position and traceparent included. */
function publishable(recorded: RecordedEvent, origin: EventOrigin): PublishableEvent {
  const { data, ...attributes } = bookingCloudEvent(recorded, origin)
  const { subject = '' } = attributes
  // See above: the index of CloudEventV1 allows extensions of any type, of which there are none.
  return { subject, attributes: attributes as PublishableEvent['attributes'], data: JSON.stringify(data) }
}
