// Bookings as people look at them: what became of each, and which need a person.
import { decisionOf } from '../domain/booking/decisions.ts'
import type { Agreement, BookingEvent } from '../domain/booking/events.ts'
import { isRefusal } from '../domain/booking/refusals.ts'
import { trackedPart } from '../domain/booking/state.ts'
import { defined } from '../domain/optional-fields.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import {
  bookingStateForm,
  foldBooking,
  type KnownBooking,
  type ShownReference,
  type ShownStatus,
  type StoredBooking,
  shownReferences,
  statusOf,
  trackedPartOf,
} from './booking-state.ts'
import { between, indexKey, instantKey, under } from './index-key.ts'
import { defineReadModelOf, type Page, type PageRequest } from './read-model.ts'

/** Instants are RFC 3339 in UTC. A booking that was closed before it was ever seen has no user and no times. */
export type BookingDocument = {
  bookingUid: string
  userId?: string
  organizationId?: string
  status: ShownStatus
  /** The last thing that was decided or recorded. */
  start?: string
  end?: string
  agreement?: Agreement
  sequence: number
  references: ShownReference[]
  rescheduledFromUid?: string
  rescheduledToUid?: string
  closedReason?: string
  lastDecision?: LastDecision
  lastOutcome?: LastOutcome
  /** Why a person should look at it: DIVERGED, the code of the last decision, or of the last refusal. */
  attention?: string
  updatedAt: string
}

/** `eventId` is the id of the published event; absent where nothing was published. */
export type LastDecision = {
  code: string
  at: string
  eventId?: string
  /** A person has discarded what it held. */
  dismissed?: boolean
}
export type LastOutcome = { eventId: string; outcome: string; code?: string; words?: string; at: string }

/** The parts that the domain's state leaves out. */
type Noted = {
  rescheduledFromUid?: string
  lastDecision?: LastDecision
  lastOutcome?: LastOutcome
  /** When Cal.com's own calendar sync was seen to have changed it. */
  secondWriterAt?: string
  updatedAt: string
}
type Kept = Noted & { state: KnownBooking }
type Stored = Noted & { state: StoredBooking }

const model = defineReadModelOf(bookingStateForm<Noted>(), {
  name: 'bookings',
  version: 10,
  categories: ['booking', 'calendarFeed'],
  indexes: ['byUser', 'byStart', 'byAttention', 'byNext', 'bySecondWriter'],
  keys({ state, lastDecision, lastOutcome, secondWriterAt }: Kept) {
    const bySecondWriter = secondWriterAt === undefined ? [] : [instantKey(secondWriterAt)]
    const next = state.kind === 'CLOSED' ? state.rescheduledToUid : undefined
    const byNext = next === undefined ? [] : [indexKey(next, '')]
    const open = trackedPart(state)
    if (open === undefined) return { byUser: [], byStart: [], byAttention: [], byNext, bySecondWriter }
    const start = instantKey(open.times.start)
    const waits = attentionTo(state, open, lastDecision, lastOutcome) !== undefined
    return {
      byUser: [indexKey(open.userId, start)],
      byStart: [start],
      byAttention: waits ? [start] : [],
      byNext,
      bySecondWriter,
    }
  },
  changes(event) {
    switch (event.type) {
      case 'HeldChangesDiscarded':
        return event.data.bookingUids.map((id) => ({ id, change: dismissed }))
      case 'SyncTokenExpired':
      case 'FullSyncCompleted':
      case 'FetchingFailed':
      case 'FetchingRecovered':
      case 'ChangesHeld':
      case 'HeldChangesReleased':
        return []
      default:
        return [{ id: event.data.bookingUid, change: (kept) => changed(kept, event, event.id) }]
    }
  },
})

export const bookings = model.projection

/** One booking. */
export async function bookingById(
  readStore: Pick<ReadStore, 'get'>,
  bookingUid: string,
): Promise<BookingDocument | undefined> {
  const kept = await model.get(readStore, bookingUid)
  return kept && shown(kept)
}

/**
 * Bookings that start from `from` (inclusive) to `to` (exclusive), of one user or of all, in the order of their start.
 * Those closed before they were ever seen are in no list.
 */
export const findBookings = async (
  readStore: ReadStore,
  { userId, from, to }: { userId?: string; from?: Temporal.Instant; to?: Temporal.Instant },
  page: PageRequest,
): Promise<Page<BookingDocument>> =>
  toPage(
    userId === undefined
      ? await model.find(readStore, 'byStart', between([], { from, to }), page)
      : await model.find(readStore, 'byUser', between([userId], { from, to }), page),
  )

/** The uids of bookings that go on as this one: at most 100. */
export async function rescheduledInto(readStore: ReadStore, bookingUid: string): Promise<string[]> {
  const { items } = await model.find(readStore, 'byNext', under(bookingUid), { limit: 100 })
  return items.map(({ state }) => state.bookingUid)
}

/**
 * Bookings that need a person, in the order of their start; with `from` only those that start then or later. Each is
 * shown by itself: one that cannot be shown keeps no other from it.
 */
export async function bookingsNeedingAttention(
  readStore: ReadStore,
  page: PageRequest,
  { from }: { from?: Temporal.Instant } = {},
): Promise<{ bookingUid: string; show(): BookingDocument }[]> {
  const { items } = await model.find(readStore, 'byAttention', between([], { from }), page)
  return items.map((stored) => ({ bookingUid: stored.state.bookingUid, show: () => shown(stored) }))
}

/** How many bookings need a person; with `from` only those that start then or later. */
export const countBookingsNeedingAttention = (
  readStore: ReadStore,
  { from }: { from?: Temporal.Instant } = {},
): Promise<number> => model.count(readStore, 'byAttention', between([], { from }))

/** The first booking since then that Cal.com's own calendar sync was seen to have changed, and when that was seen. */
export async function changedBySecondWriter(
  readStore: ReadStore,
  since: Temporal.Instant,
): Promise<{ bookingUid: string; at: string } | undefined> {
  const { items } = await model.find(readStore, 'bySecondWriter', between([], { from: since }), { limit: 1 })
  const [first] = items
  return first?.secondWriterAt === undefined
    ? undefined
    : { bookingUid: first.state.bookingUid, at: first.secondWriterAt }
}

const toPage = ({ items, next }: Page<Stored>): Page<BookingDocument> => ({ items: items.map(shown), next })

const dismissed = (kept: Kept | undefined): Kept | undefined =>
  kept?.lastDecision && { ...kept, lastDecision: { ...kept.lastDecision, dismissed: true } }

function changed(kept: Kept | undefined, event: BookingEvent, eventId: string): Kept | undefined {
  const state = foldBooking(kept?.state, event)
  if (state === undefined) return undefined
  return { ...kept, ...noted(event, eventId), state, updatedAt: event.data.at }
}

/** The parts of an event that the domain's state does not keep. */
function noted(
  event: BookingEvent,
  eventId: string,
): Pick<Noted, 'rescheduledFromUid' | 'lastDecision' | 'lastOutcome' | 'secondWriterAt'> {
  switch (event.type) {
    case 'BookingTracked': {
      const { rescheduledFromUid } = event.data
      return defined({ rescheduledFromUid })
    }
    case 'SecondWriterNoticed':
      return { secondWriterAt: event.data.at }
    case 'BookingRescheduled':
      return { lastDecision: { code: 'RESCHEDULED', at: event.data.at, eventId } }
    case 'BookingCancelled':
      return { lastDecision: { code: event.data.reason, at: event.data.at, eventId } }
    case 'ExternalEventChangeIgnored':
      return { lastDecision: { code: event.data.code, at: event.data.at } }
    case 'BookingOutcomeReported': {
      const { outcome, code, words, at } = event.data
      return {
        lastOutcome: { eventId: event.data.eventId, outcome, ...defined({ code, words }), at },
      }
    }
    default:
      return {}
  }
}

function shown({ state, secondWriterAt: _, ...noted }: Stored): BookingDocument {
  const open = trackedPartOf(state)
  const attention = attentionTo(state, open, noted.lastDecision, noted.lastOutcome)
  return {
    bookingUid: state.bookingUid,
    ...(open && {
      userId: open.userId,
      ...defined({ organizationId: open.organizationId }),
      ...open.times,
      agreement: open.agreement,
    }),
    status: statusOf(state),
    sequence: open?.sequence ?? 0,
    references: shownReferences(open),
    ...(state.kind !== 'OPEN' && { closedReason: state.reason }),
    ...(state.kind === 'CLOSED' &&
      state.rescheduledToUid !== undefined && { rescheduledToUid: state.rescheduledToUid }),
    ...defined({ attention }),
    ...noted,
  }
}

function attentionTo(
  state: KnownBooking | StoredBooking,
  known: { agreement: Agreement; flags: readonly string[] } | undefined,
  last: LastDecision | undefined,
  outcome: LastOutcome | undefined,
): string | undefined {
  const isOpen = state.kind === 'OPEN'
  const goesOn = state.kind === 'CLOSED' && state.rescheduledToUid !== undefined
  const told = last === undefined || last.dismissed ? undefined : decisionOf(last.code)?.told
  if (told === (isOpen ? 'while open' : 'while over') && !goesOn) return last?.code
  const [flag] = isOpen ? (known?.flags ?? []) : []
  if (flag !== undefined || known?.agreement !== 'DIVERGED') return flag
  return outcome?.outcome === 'REFUSED' && isRefusal(outcome.code) ? outcome.code : 'DIVERGED'
}
