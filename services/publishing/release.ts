import type {
  BlockedStream,
  BookingEventPublisher,
  PublishedMark,
} from '../../ports/booking-event-publisher.ts'
import type { EventStore, Position } from '../../ports/event-store/event-store.ts'
import type { EventOrigin } from './booking-event.ts'
import { PUBLISHED_TYPES } from './booking-event-schema.ts'
import { blockedIn, type PublishFailure } from './items.ts'
import type { PublicationParking } from './parking.ts'
import { type PublicationItem, publicationItem } from './source.ts'

/**
 * Tries a parked event and the events behind it again, or gives the event up and goes on with those. One event a
 * transaction, each with the mark that says so: a repetition after a crash goes on where the first try ended. An event
 * that cannot be published now is, or stays, parked. Rejects with StoreUnavailable.
 */
export async function releaseBlocked(
  deps: {
    events: EventStore
    publisher: BookingEventPublisher
    origin: EventOrigin
    parking: PublicationParking
  },
  { position, want }: { position: Position; want: 'RETRY' | 'SKIP' },
  from: PublishedMark,
): Promise<{ ok: true; mark: PublishedMark } | PublishFailure> {
  const { events, publisher, origin, parking } = deps
  const parked = await parking.find(position)
  if (parked === undefined) return { ok: true, mark: from }
  const others = new Map(from.blocked?.map((one) => [one.stream, one]))
  const one = others.get(parked.stream)
  const ends = () => parking.end(position, want === 'SKIP' ? 'SKIPPED' : 'APPLIED')
  if (one?.position !== position) {
    // Nothing waits for it: its release was under way when the process ended, or it went out on another topic.
    await ends()
    return { ok: true, mark: from }
  }
  others.delete(one.stream)
  const markWith = (blocked: BlockedStream | undefined): PublishedMark => {
    const { blocked: _, ...place } = from
    return { ...place, ...blockedIn(blocked ? new Map(others).set(blocked.stream, blocked) : others) }
  }

  let mark = from
  /** Undefined: it is too large for the topic. */
  async function move(item: PublicationItem | undefined, next: PublishedMark) {
    const outcome = await publisher.publish(item?.message ? [item.message] : [], next)
    if (outcome.ok) mark = next
    return outcome
  }

  const first = want === 'SKIP' ? Math.max(one.revision, parked.revision + 1) : one.revision
  const waiting = (await events.readStream(one.stream, { fromRevision: first })).filter(
    (event) => event.position <= from.position && PUBLISHED_TYPES.some((type) => type === event.type),
  )
  for (const [index, event] of waiting.entries()) {
    const item = publicationItem(event, origin)
    const rest = index + 1 < waiting.length ? { ...one, revision: event.revision + 1 } : undefined
    const outcome = item.message && (await move(item, markWith(rest)))
    if (outcome?.ok) continue
    if (outcome && outcome.error !== 'MESSAGE_TOO_LARGE') return outcome
    if (event.position === position) return { ok: true, mark }
    const error = item.message === undefined ? item.error : new Error(outcome?.message)
    await parking.keep({ event: item.event, code: outcome ? 'TOO_LARGE' : 'NOT_ENCODED', error })
    const blocked = { stream: one.stream, revision: event.revision, position: event.position }
    const moved = await move(undefined, markWith(blocked))
    if (!moved.ok) return asFailure(moved)
    await ends()
    return { ok: true, mark }
  }
  if (waiting.length === 0) {
    const moved = await move(undefined, markWith(undefined))
    if (!moved.ok) return asFailure(moved)
  }
  await ends()
  return { ok: true, mark }
}

/** A mark alone is not too large: there is a limit to what waits. */
function asFailure(
  outcome: Exclude<Awaited<ReturnType<BookingEventPublisher['publish']>>, { ok: true }>,
): PublishFailure {
  if (outcome.error !== 'MESSAGE_TOO_LARGE') return outcome
  return { ok: false, error: 'UNAVAILABLE', problem: 'TOPIC', message: outcome.message }
}

/** Parks again what blocks a stream by the mark where nobody knows it any more: read models may be lost, and made anew. */
export async function parkAgain(
  { events, parking }: { events: EventStore; parking: PublicationParking },
  { blocked = [] }: PublishedMark,
): Promise<void> {
  for (const { stream, position } of blocked) {
    if ((await parking.find(position)) !== undefined) continue
    const event = (await events.readStream(stream)).find((one) => one.position === position)
    if (event === undefined) continue
    const error = new Error('it could not be published; why is not known any more')
    await parking.keep({ event, code: 'UNKNOWN', error })
  }
}
