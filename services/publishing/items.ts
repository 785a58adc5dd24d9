import type {
  BlockedStream,
  BookingEventPublisher,
  Fenced,
  PublishableEvent,
  PublishedMark,
  Unavailable,
} from '../../ports/booking-event-publisher.ts'
import type { PublicationParking, Unpublishable } from './parking.ts'
import type { EventPlace, PublicationItem } from './source.ts'

/** Why nothing is published any more: the term is over. */
export type PublishFailure = Fenced | Unavailable

/** The parts that `publishItems` works with. */
export type PublishItemsDeps = {
  publisher: BookingEventPublisher
  park: PublicationParking['keep']
  /** Told after each transaction: up to where, what it left behind, and what of that was published. */
  reached(mark: PublishedMark, items: readonly PublicationItem[], sent: readonly PublishableEvent[]): void
}

/** More than single events that cannot be published: whatever it is, it is not in them. */
const MOST_BLOCKED = 1_000

/**
 * Publishes the items, at least one, in order, after `from`, and gives the new mark. Items that could not be encoded,
 * or are too large even alone, are parked, and the later events of their stream wait. The others go on.
 */
export async function publishItems(
  deps: PublishItemsDeps,
  items: readonly PublicationItem[],
  from: PublishedMark,
): Promise<{ ok: true; mark: PublishedMark } | PublishFailure> {
  const { publisher, park, reached } = deps
  const blocked = new Map(from.blocked?.map((one) => [one.stream, one]))
  const waits = ({ stream, revision }: EventPlace) => revision >= (blocked.get(stream)?.revision ?? Infinity)
  let mark = from

  async function block({ event, code, error }: Unpublishable): Promise<PublishFailure | undefined> {
    if (blocked.size >= MOST_BLOCKED) return tooMany
    await park({ event, code, error })
    const { stream, revision, position } = event
    blocked.set(stream, { stream, revision, position })
    return undefined
  }

  async function publish(some: readonly PublicationItem[]): Promise<PublishFailure | undefined> {
    const last = some.at(-1)
    if (last === undefined) return undefined
    const { position, id } = last.event
    const next: PublishedMark = {
      position,
      eventId: id,
      after: some.at(-2)?.event.position ?? mark.position,
      ...blockedIn(blocked),
    }
    const sent = some.flatMap(({ event, message }) => (message && !waits(event) ? [message] : []))
    const outcome = await publisher.publish(sent, next)
    if (outcome.ok) {
      mark = next
      reached(mark, some, sent)
      return undefined
    }
    if (outcome.error !== 'MESSAGE_TOO_LARGE') return outcome
    if (some.length === 1) {
      const error = new Error(outcome.message)
      return (await block({ event: last.event, code: 'TOO_LARGE', error })) ?? publish(some)
    }
    const middle = Math.floor(some.length / 2)
    return (await publish(some.slice(0, middle))) ?? publish(some.slice(middle))
  }

  for (const { event, ...encoded } of items) {
    if (encoded.message !== undefined || waits(event)) continue
    const failure = await block({ event, code: 'NOT_ENCODED', error: encoded.error })
    if (failure) return failure
  }
  return (await publish(items)) ?? { ok: true, mark }
}

/** The part of a mark that says what waits. */
export const blockedIn = (blocked: ReadonlyMap<string, BlockedStream>): { blocked?: BlockedStream[] } =>
  blocked.size === 0 ? {} : { blocked: [...blocked.values()] }

const tooMany: Unavailable = {
  ok: false,
  error: 'UNAVAILABLE',
  problem: 'OTHER',
  message: `${MOST_BLOCKED} bookings wait already behind an event that cannot be published: nothing goes on before some are released (RetryParked, SkipParked)`,
}
