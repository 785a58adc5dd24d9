import type { CloudEvent } from 'cloudevents'
import type { RecordedEvent } from '../infrastructure/event-store/event-store.ts'
import type {
  BookingEventPublisher,
  Fenced,
  PublishedMark,
  Unavailable,
} from '../infrastructure/publisher/booking-event-publisher.ts'
import { type EventOrigin, toCloudEvent } from './booking-event.ts'
import type { Unpublishable } from './publication-parking.ts'

export type BatchOutcome = { ok: true } | (Fenced & { cause?: unknown }) | Unavailable

export type PublishPageDeps = {
  publisher: BookingEventPublisher
  origin: EventOrigin
  park(unpublishable: Unpublishable): Promise<void>
}

type Item = { event: RecordedEvent; message: CloudEvent<unknown> | undefined }

/**
 * Publishes the events of a page, in order, and tells after each transaction up to where. Those that cannot be encoded,
 * and those that are too large even alone, are parked first and then passed over. The events must not be none.
 */
export async function publishPage(
  deps: PublishPageDeps,
  page: readonly RecordedEvent[],
  from: PublishedMark,
  reached: (mark: PublishedMark, events: readonly RecordedEvent[]) => void,
): Promise<BatchOutcome> {
  const { publisher, origin, park } = deps
  let mark = from

  async function encoded(event: RecordedEvent): Promise<Item> {
    try {
      return { event, message: toCloudEvent(event, origin) }
    } catch (error) {
      await park({ event, code: 'NOT_ENCODED', error })
      return { event, message: undefined }
    }
  }

  async function publish(items: readonly Item[]): Promise<BatchOutcome> {
    const last = items.at(-1)
    if (last === undefined) return { ok: true }
    const { position, id } = last.event
    const next = { position, eventId: id, after: items.at(-2)?.event.position ?? mark.position }
    const messages = items.map(({ message }) => message).filter((message) => message !== undefined)
    const outcome = await publisher.publish(messages, next)
    if (outcome.ok) {
      mark = next
      reached(
        mark,
        items.map(({ event }) => event),
      )
      return outcome
    }
    if (outcome.error !== 'MESSAGE_TOO_LARGE') return outcome
    if (items.length === 1) {
      await park({ event: last.event, code: 'TOO_LARGE', error: new Error(outcome.message) })
      return publish([{ event: last.event, message: undefined }])
    }
    const middle = Math.floor(items.length / 2)
    const first = await publish(items.slice(0, middle))
    return first.ok ? publish(items.slice(middle)) : first
  }

  const items: Item[] = []
  for (const event of page) items.push(await encoded(event))
  return publish(items)
}
