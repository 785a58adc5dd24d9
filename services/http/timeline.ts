// The story of a booking and its reasons, from the events themselves: they are always complete. The events also say
// which bookings are of one chain. The read model is asked only for a booking that goes on as another without saying so
// itself.
import { streamName } from '../../domain/domain-event.ts'
import { answerOf, sentenceOf } from '../../domain/explain/explanation.ts'
import { defined } from '../../domain/optional-fields.ts'
import { decode, isKnown, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import type { EventStore, RecordedEvent } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { inTurns } from '../../ports/turns.ts'
import { rescheduledInto } from '../../projections/bookings.ts'
import { wasKnown } from '../audit/known-at.ts'
import type { Timeline, TimelineCause, TimelineEntry } from './answers.ts'

/** A chain of reschedules is followed this far: a person can no longer read more. */
const LONGEST_CHAIN = 100

type BookingEvents = StoredEvent<'booking'>[]

/**
 * The events of the booking and of those that it was rescheduled from and to, however far, oldest first; undefined for
 * a uid without events. With `at`, those that had been recorded by then. Rejects with StoreUnavailable, but not where only the read models do not answer.
 */
export async function timelineOf(
  { events, readStore }: { events: EventStore; readStore: ReadStore },
  bookingUid: string,
  at?: Temporal.Instant,
): Promise<Timeline | undefined> {
  const chain = new Map<string, RecordedEvent[]>()
  const asked = new Set([bookingUid])
  const waiting = [bookingUid]
  for (let uid = waiting.shift(); uid !== undefined; uid = waiting.shift()) {
    const stream = await events.readStream(streamName('booking', uid))
    const recorded = at ? stream.filter((event) => wasKnown(event, at)) : stream
    if (recorded.length === 0 && uid === bookingUid) return undefined
    chain.set(uid, recorded)
    const named = (await inTurns(recorded, (event) => known([event]).flatMap(neighboursOf))).flat()
    const neighbours = [...named, ...(await before(readStore, uid))]
    for (const neighbour of neighbours) {
      if (asked.has(neighbour) || asked.size >= LONGEST_CHAIN) continue
      asked.add(neighbour)
      waiting.push(neighbour)
    }
  }
  const own = chain.get(bookingUid) ?? []
  const all = Array.from(chain, ([uid, recorded]) => recorded.map((event) => ({ uid, event }))).flat()
  all.sort((a, b) => (a.event.position < b.event.position ? -1 : 1))
  const entries = await inTurns(all, ({ uid, event }) => entryOf(uid, event))
  const read = await inTurns(own, (event) => known([event]))
  return { answer: answerOf(read.flat()), entries }
}

const before = (readStore: ReadStore, uid: string): Promise<string[]> =>
  rescheduledInto(readStore, uid).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return []
    throw error
  })

/** Those that this version can read: a newer one may have written more. */
const known = (recorded: readonly RecordedEvent[]): BookingEvents =>
  recorded.filter(isKnown).map((event) => decode('booking', event))

function neighboursOf(event: BookingEvents[number]): string[] {
  const uid =
    event.type === 'BookingTracked'
      ? event.data.rescheduledFromUid
      : event.type === 'BookingClosed'
        ? event.data.rescheduledToUid
        : event.type === 'BookingOutcomeReported'
          ? event.data.newBookingUid
          : undefined
  return uid === undefined ? [] : [uid]
}

function entryOf(bookingUid: string, recorded: RecordedEvent): TimelineEntry {
  const [event] = known([recorded])
  const { data, metadata } = recorded
  return {
    position: recorded.position,
    bookingUid,
    id: recorded.id,
    type: recorded.type,
    time: event?.data.at ?? recorded.recordedAt,
    sentence: event
      ? sentenceOf(event)
      : `${recorded.type}, which a newer version of the service has written.`,
    data: shownData(data),
    actor: metadata.actor,
    correlationId: metadata.correlationId,
    cause: causeOf(recorded, event),
  }
}

/** Shown elsewhere in the entry, or of use to the fold alone. */
const INTERNAL = new Set([
  'at',
  'fingerprint',
  'externalUpdatedAt',
  'externalEtag',
  'settles',
  'standing',
  'watermark',
  'bookingUid',
])

const shownData = (data: RecordedEvent['data']): TimelineEntry['data'] =>
  Object.fromEntries(Object.entries(data).filter(([name]) => !INTERNAL.has(name)))

function causeOf({ metadata }: RecordedEvent, event: BookingEvents[number] | undefined): TimelineCause {
  const cause = metadata.cause ?? { command: metadata.causationId }
  switch (event?.type) {
    case 'BookingRescheduled':
    case 'BookingCancelled':
    case 'ExternalEventChangeIgnored': {
      // Until November 2026 the fingerprint was the etag.
      const { externalUpdatedAt, fingerprint, externalEtag = fingerprint } = event.data
      return {
        ...cause,
        ...defined({ updated: externalUpdatedAt }),
        etag: externalEtag,
      }
    }
    default:
      return cause
  }
}
