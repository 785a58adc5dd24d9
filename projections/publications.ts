// Decisions that were published, and what became of them.
import type { BookingEvent } from '../domain/booking/events.ts'
import { defined } from '../domain/optional-fields.ts'
import { instant, later, textOf } from '../domain/times.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { between, indexKey, instantKey } from './index-key.ts'
import { defineReadModel, type Page, type PageRequest } from './read-model.ts'

/** Instants are RFC 3339 in UTC. */
export type PublicationDocument = {
  /** The id of the stored event, which is also the published one's. */
  eventId: string
  bookingUid: string
  userId: string
  type: 'BookingRescheduled' | 'BookingCancelled'
  /** Rises by one with each decision on the booking, from 1. */
  sequence: number
  provider: string
  calendarKey: string
  at: string
  /** The later start of the two between which it moves the meeting; a cancelled meeting's start. */
  start: string
  /** The outcome that a consumer last reported. */
  outcome?: {
    outcome: 'APPLIED' | 'REFUSED' | 'SUPERSEDED'
    code?: string
    newBookingUid?: string
    at: string
  }
}

const model = defineReadModel({
  name: 'publications',
  version: 3,
  categories: ['booking'],
  indexes: ['cancellations', 'moves', 'unreported', 'unreportedByStart'],
  keys: ({ type, calendarKey, at, start, outcome }: PublicationDocument) => ({
    cancellations: type === 'BookingCancelled' ? [indexKey(calendarKey, instantKey(at))] : [],
    moves: type === 'BookingRescheduled' ? [indexKey(calendarKey, instantKey(at))] : [],
    unreported: outcome ? [] : [instantKey(at)],
    unreportedByStart: outcome ? [] : [instantKey(start)],
  }),
  changes(event) {
    switch (event.type) {
      case 'BookingRescheduled':
      case 'BookingCancelled': {
        const { bookingUid, userId, sequence, provider, calendarKey, at } = event.data
        const publication: PublicationDocument = {
          eventId: event.id,
          bookingUid,
          userId,
          type: event.type,
          sequence,
          provider,
          calendarKey,
          at,
          start: startOf(event),
        }
        return [{ id: event.id, change: () => publication }]
      }
      case 'BookingOutcomeReported': {
        const { eventId, outcome, code, newBookingUid, at } = event.data
        const reported = {
          outcome,
          ...defined({ code, newBookingUid }),
          at,
        }
        return [
          { id: eventId, change: (publication) => publication && { ...publication, outcome: reported } },
        ]
      }
      default:
        return []
    }
  },
})

function startOf(event: Extract<BookingEvent, { type: 'BookingRescheduled' | 'BookingCancelled' }>): string {
  if (event.type === 'BookingCancelled') return event.data.start
  const { previous, next } = event.data
  return textOf(later(instant(previous.start), instant(next.start)))
}

export const publications = model.projection

/** The event that was published under this id. */
export const publicationByEventId = (readStore: ReadStore, eventId: string) => model.get(readStore, eventId)

/** How many bookings were cancelled because of this calendar at `since` or later. */
export const cancellationsSince = (
  readStore: ReadStore,
  calendarKey: string,
  since: Temporal.Instant,
): Promise<number> => model.count(readStore, 'cancellations', between([calendarKey], { from: since }))

/** How many moves were published because of this calendar at `since` or later. */
export const movesSince = (
  readStore: ReadStore,
  calendarKey: string,
  since: Temporal.Instant,
): Promise<number> => model.count(readStore, 'moves', between([calendarKey], { from: since }))

/** The bookings that were moved because of this calendar at `since` or later, each once however often. */
export async function movedSince(
  readStore: ReadStore,
  calendarKey: string,
  since: Temporal.Instant,
): Promise<ReadonlySet<string>> {
  const moves = await model.all(readStore, 'moves', between([calendarKey], { from: since }))
  return new Set(moves.map(({ bookingUid }) => bookingUid))
}

/** Those whose outcome nobody has reported, oldest first. */
export const publicationsWithoutOutcome = (
  readStore: ReadStore,
  page: PageRequest,
): Promise<Page<PublicationDocument>> => model.find(readStore, 'unreported', { prefix: '' }, page)

/** Those without an outcome whose meetings start after `from`, the next meeting first. */
export const unreportedToCome = (
  readStore: ReadStore,
  from: Temporal.Instant,
  page: PageRequest,
): Promise<Page<PublicationDocument>> =>
  model.find(readStore, 'unreportedByStart', between([], { from }), page)

/** How many have no reported outcome. */
export const countPublicationsWithoutOutcome = (readStore: ReadStore): Promise<number> =>
  model.count(readStore, 'unreported', { prefix: '' })
