import type {
  BookingEventPublisher,
  Fenced,
  PublishedMark,
  Unavailable,
} from '../infrastructure/publisher/booking-event-publisher.ts'
import type { Unpublishable } from './publication-parking.ts'
import type { PublicationItem } from './publication-source.ts'

export type PublishFailure = Fenced | Unavailable

export type PublishItemsDeps = {
  publisher: BookingEventPublisher
  park(unpublishable: Unpublishable): Promise<void>
  /** Told after each transaction: up to where, and what was in it. */
  reached(mark: PublishedMark, items: readonly PublicationItem[]): void
}

/**
 * Publishes the items, at least one, in order. Those that could not be encoded, and those that are too large even
 * alone, are parked first and then passed over. Gives what kept the rest from being published.
 */
export async function publishItems(
  deps: PublishItemsDeps,
  items: readonly PublicationItem[],
  from: PublishedMark,
): Promise<{ ok: true } | PublishFailure> {
  const { publisher, park, reached } = deps
  let mark = from

  async function publish(items: readonly PublicationItem[]): Promise<{ ok: true } | PublishFailure> {
    const last = items.at(-1)
    if (last === undefined) return { ok: true }
    const { position, id } = last.event
    const next = { position, eventId: id, after: items.at(-2)?.event.position ?? mark.position }
    const messages = items.map(({ message }) => message).filter((message) => message !== undefined)
    const outcome = await publisher.publish(messages, next)
    if (outcome.ok) {
      mark = next
      reached(mark, items)
      return outcome
    }
    if (outcome.error !== 'MESSAGE_TOO_LARGE') return outcome
    if (items.length === 1) {
      const error = new Error(outcome.message)
      await park({ event: last.event, code: 'TOO_LARGE', error })
      return publish([{ event: last.event, message: undefined, error }])
    }
    const middle = Math.floor(items.length / 2)
    const first = await publish(items.slice(0, middle))
    return first.ok ? publish(items.slice(middle)) : first
  }

  for (const item of items)
    if (item.message === undefined) await park({ event: item.event, code: 'NOT_ENCODED', error: item.error })
  return publish(items)
}
