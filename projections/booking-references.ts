// Which bookings refer to an event of a calendar: what a change in a calendar is matched by.

import { isGrown } from '../domain/booking/references.ts'
import { seriesRoot } from '../domain/booking/series-pairing.ts'
import { type CancelledBooking, type OpenBooking, trackedPart } from '../domain/booking/state.ts'
import { defined } from '../domain/optional-fields.ts'
import type { KeyRange, ReadStore } from '../ports/read-store/read-store.ts'
import {
  bookingStateForm,
  foldBooking,
  type KnownBooking,
  type ShownReference,
  type ShownStatus,
  type StoredBooking,
  statusOf,
  trackedPartOf,
} from './booking-state.ts'
import { between, indexKey, instantKey } from './index-key.ts'
import { defineReadModelOf, type Page, type PageRequest } from './read-model.ts'

/** A booking as far as its calendar events go. `start` and `end` (RFC 3339, UTC) are the last decided or recorded. */
export type BookingReferencesDocument = {
  bookingUid: string
  userId: string
  organizationId?: string
  /** False once it is cancelled or rescheduled away. */
  open: boolean
  status: ShownStatus
  start: string
  end: string
  references: LinkedReference[]
  rescheduledFromUid?: string
  /** When it was first heard of, RFC 3339. */
  trackedAt: string
  /** When it was made in Cal.com, RFC 3339; absent where Cal.com did not say. */
  createdAt?: string
}

/** `rule` and `grown` as in LinkedInstance; `restored` as in Reference. */
export type LinkedReference = ShownReference & { rule?: string; grown?: true; restored?: true }

/** An occurrence of a series: the series' id and the occurrence's original start, RFC 3339. */
export type Occurrence = { recurringEventId: string; originalStart: string }

/** A booking that is over is found by its event alone. */
const closed = { byOccurrence: [], bySeries: [], byCalendar: [], byUser: [], byStart: [], byMinute: [] }

/** A cancelled booking whose event was there again is looked at until its start, as an open one is. */
function ended(booking: OpenBooking | CancelledBooking) {
  const start = instantKey(booking.times.start)
  const restored = booking.references.filter((one) => one.restored)
  if (restored.length === 0) return { ...closed, byRestored: [] }
  return {
    ...closed,
    byRestored: once(restored.map(({ stored }) => indexKey(stored.calendarKey, start))),
    byMinute: [indexKey(minuteKey(minuteOf(booking.bookingUid)), start)],
  }
}

const MINUTES = 24 * 60

/** The minute of the day (UTC) at which a booking is looked at: always the same one, and any as likely (FNV-1a). */
function minuteOf(bookingUid: string): number {
  let hash = 2_166_136_261
  for (let at = 0; at < bookingUid.length; at++)
    hash = Math.imul(hash ^ bookingUid.charCodeAt(at), 16_777_619) >>> 0
  return hash % MINUTES
}

const minuteKey = (minute: number): string => String(minute % MINUTES).padStart(4, '0')

const model = defineReadModelOf(bookingStateForm<object>(), {
  name: 'booking-references',
  version: 8,
  categories: ['booking'],
  indexes: [
    'byEvent',
    'byOccurrence',
    'bySeries',
    'byCalendar',
    'byUser',
    'byStart',
    'byMinute',
    'byRestored',
  ],
  keys({ state }: { state: KnownBooking }) {
    const booking = trackedPart(state)
    const references = booking?.references.map(({ stored }) => stored) ?? []
    const byEvent = references.map((one) => indexKey(one.calendarKey, one.externalEventId))
    if (booking === undefined) return { byEvent, ...closed, byRestored: [] }
    if (state.kind !== 'OPEN') return { byEvent, ...ended(booking) }
    const start = instantKey(booking.times.start)
    return {
      byEvent,
      byOccurrence: references.flatMap(({ calendarKey, recurringEventId, originalStart }) =>
        recurringEventId === undefined || originalStart === undefined
          ? []
          : [occurrenceKey(calendarKey, { recurringEventId, originalStart })],
      ),
      bySeries: once(
        references.flatMap(({ calendarKey, recurringEventId }) =>
          recurringEventId === undefined ? [] : [indexKey(calendarKey, seriesRoot(recurringEventId))],
        ),
      ),
      byCalendar: once(references.map(({ calendarKey }) => indexKey(calendarKey, start))),
      byUser: [indexKey(booking.userId, start)],
      byStart: [start],
      byMinute:
        booking.status === 'ACCEPTED' && references.length > 0
          ? [indexKey(minuteKey(minuteOf(booking.bookingUid)), start)]
          : [],
      byRestored: [],
    }
  },
  changes: (event) => [
    {
      id: event.data.bookingUid,
      change(kept) {
        const state = foldBooking(kept?.state, event)
        return state && { state }
      },
    },
  ],
})

export const bookingReferences = model.projection

/** By event id, all bookings of that event, closed ones too: the open one decides. Ids without any are left out. */
export function bookingsOfEvents(
  readStore: ReadStore,
  calendarKey: string,
  externalEventIds: readonly string[],
): Promise<Map<string, BookingReferencesDocument[]>> {
  return grouped(readStore, 'byEvent', externalEventIds, (id) => indexKey(calendarKey, id))
}

/** All bookings of one event, as `bookingsOfEvents` gives them, read `atOnce` by `atOnce`. */
export const bookingsOfEvent = (
  readStore: ReadStore,
  { calendarKey, externalEventId }: { calendarKey: string; externalEventId: string },
  atOnce: number,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byEvent', { oneOf: [indexKey(calendarKey, externalEventId)] }, atOnce)

/** Open bookings of these occurrences, each with its reference that matched. */
export async function bookingsOfOccurrences(
  readStore: ReadStore,
  calendarKey: string,
  occurrences: readonly Occurrence[],
): Promise<{ occurrence: Occurrence; booking: BookingReferencesDocument; reference: LinkedReference }[]> {
  const keyOf = (occurrence: Occurrence) => occurrenceKey(calendarKey, occurrence)
  const found = await grouped(readStore, 'byOccurrence', occurrences, keyOf)
  return Array.from(found).flatMap(([occurrence, matches]) => {
    const key = keyOf(occurrence)
    return matches.flatMap((booking) =>
      booking.references
        .filter((reference) => referenceKey(reference) === key)
        .map((reference) => ({ occurrence, booking, reference })),
    )
  })
}

/** By root (see `seriesRoot`), all open bookings of occurrences of that series and of what was split off from it. */
export function bookingsOfSeries(
  readStore: ReadStore,
  calendarKey: string,
  roots: readonly string[],
): Promise<Map<string, BookingReferencesDocument[]>> {
  return grouped(readStore, 'bySeries', roots, (root) => indexKey(calendarKey, root))
}

/** Each open booking with an event in this calendar that starts at `from` or later, by start. Read page by page. */
export const openBookingsFrom = (
  readStore: ReadStore,
  calendarKey: string,
  from: Temporal.Instant,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byCalendar', between([calendarKey], { from }))

/** Each cancelled booking whose event was there again in this calendar, that starts at `from` or later, by start. */
export const restoredBookingsFrom = (
  readStore: ReadStore,
  calendarKey: string,
  from: Temporal.Instant,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byRestored', between([calendarKey], { from }))

/** Each open booking of this user that starts at `from` or later, by start. Read page by page. */
export const openBookingsOfUser = (
  readStore: ReadStore,
  userId: string,
  from: Temporal.Instant,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byUser', between([userId], { from }))

/**
 * Each booking to look at in that minute of the day (see `minuteOf`) that starts at `from` or later: open, accepted and with
 * an event, or cancelled and with an event that was there again.
 */
export const bookingsOfMinute = (
  readStore: ReadStore,
  minute: number,
  from: Temporal.Instant,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byMinute', between([minuteKey(minute)], { from }))

/** Each open booking that starts from `from` (inclusive) to `to` (exclusive), by start. */
export const openBookingsStarting = (
  readStore: ReadStore,
  from: Temporal.Instant,
  to: Temporal.Instant,
): AsyncGenerator<BookingReferencesDocument, void> =>
  eachShown(readStore, 'byStart', between([], { from, to }))

/** Open bookings that start at `from` or later, by start. */
export async function openBookings(
  readStore: ReadStore,
  from: Temporal.Instant,
  page: PageRequest,
): Promise<Page<BookingReferencesDocument>> {
  const { items, next } = await model.find(readStore, 'byStart', between([], { from }), page)
  return { items: items.flatMap(({ state }) => shown(state) ?? []), next }
}

type Index =
  | 'byEvent'
  | 'byOccurrence'
  | 'bySeries'
  | 'byCalendar'
  | 'byUser'
  | 'byStart'
  | 'byMinute'
  | 'byRestored'

async function* eachShown(readStore: ReadStore, index: Index, range: KeyRange, atOnce?: number) {
  for await (const { value } of model.each(readStore, index, range, atOnce)) {
    const booking = shown(value.state)
    if (booking) yield booking
  }
}

/** The documents found by the key of each of `wanted`, in one pass over the index. */
async function grouped<Wanted>(
  readStore: ReadStore,
  index: Index,
  wanted: readonly Wanted[],
  keyOf: (one: Wanted) => string,
): Promise<Map<Wanted, BookingReferencesDocument[]>> {
  const found = new Map<Wanted, BookingReferencesDocument[]>()
  if (wanted.length === 0) return found
  const byKey = new Map(wanted.map((one) => [keyOf(one), one]))
  for await (const { key, value } of model.each(readStore, index, { oneOf: [...byKey.keys()] })) {
    const one = byKey.get(key)
    const booking = shown(value.state)
    if (one === undefined || booking === undefined) continue
    const others = found.get(one)
    if (others) others.push(booking)
    else found.set(one, [booking])
  }
  return found
}

/**
 * Which of an event's bookings a sight of it concerns: the open ones, and a cancelled one whose event was there again.
 * Where none is open, an event that is there says something of those that were cancelled.
 */
export function concernedBy(
  bookings: readonly BookingReferencesDocument[],
  { id, status }: { id: string; status: string },
): BookingReferencesDocument[] {
  const isBack = !bookings.some((booking) => booking.open) && status !== 'cancelled'
  const wasBack = ({ references }: BookingReferencesDocument) =>
    references.some((one) => one.restored && one.externalEventId === id)
  return bookings.filter(
    (booking) => booking.open || (booking.status === 'CANCELLED' && (isBack || wasBack(booking))),
  )
}

const once = (keys: string[]): string[] => [...new Set(keys)]

const occurrenceKey = (calendarKey: string, { recurringEventId, originalStart }: Occurrence): string =>
  indexKey(calendarKey, recurringEventId, instantKey(originalStart))

const referenceKey = ({ calendarKey, recurringEventId, originalStart }: ShownReference) =>
  recurringEventId === undefined || originalStart === undefined
    ? undefined
    : occurrenceKey(calendarKey, { recurringEventId, originalStart })

function shown(state: StoredBooking): BookingReferencesDocument | undefined {
  const booking = trackedPartOf(state)
  if (booking === undefined) return undefined
  return {
    bookingUid: booking.bookingUid,
    userId: booking.userId,
    ...defined({ organizationId: booking.organizationId }),
    open: state.kind === 'OPEN',
    status: statusOf(state),
    ...booking.times,
    references: booking.references.map((reference) => {
      const { stored, confirmed, rule, restored } = reference
      return {
        ...stored,
        confirmed,
        ...defined({ rule, restored }),
        ...(isGrown(reference) && { grown: true as const }),
      }
    }),
    ...defined({ rescheduledFromUid: booking.rescheduledFromUid, createdAt: booking.createdAt }),
    trackedAt: booking.trackedAt,
  }
}
