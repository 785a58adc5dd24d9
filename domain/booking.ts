// A Cal.com booking as far as its calendar event is concerned. Stream: booking-<uid>. This file: events, state and how
// each event changes it; booking-facts.ts: what Cal.com tells us; booking-rules.ts: what a change in the calendar does.
// The event types are a storage format: names and fields are only ever added (see event-codec.ts). Instants are
// RFC 3339 in UTC. No event holds anything about a person.

export type BookingStatus = 'ACCEPTED' | 'PENDING' | 'REJECTED'

/** `AWAITING`: published, not yet seen in Cal.com. `DIVERGED`: Cal.com refused it, calendar and booking differ. */
export type Agreement = 'AGREED' | 'AWAITING' | 'DIVERGED'

export type StoredTimes = { start: string; end: string }

/** The event in a calendar that a booking refers to. */
export type StoredReference = {
  provider: string
  calendarKey: string
  externalEventId: string
  recurringEventId?: string
  originalStart?: string
}
export type StoredWatermark = { fingerprint: string; updated?: string }

/** What both published decisions carry. */
export type DecidedData = StoredReference & {
  bookingUid: string
  userId: string
  organizationId?: string
  /** Rises by one with each decision on this booking, from 1. */
  sequence: number
  externalUpdatedAt?: string
  fingerprint: string
  observedAt: string
  /** What Cal.com last confirmed. */
  basis: StoredTimes
  at: string
}

export type BookingEvent =
  | {
      type: 'BookingTracked'
      data: {
        bookingUid: string
        userId: string
        organizationId?: string
        status: BookingStatus
        start: string
        end: string
        rescheduledFromUid?: string
        at: string
      }
    }
  /** `confirmed`: Cal.com itself named this reference; else it was passed on from the booking rescheduled to this one. */
  | {
      type: 'BookingReferenceLinked'
      data: {
        bookingUid: string
        reference: StoredReference
        confirmed: boolean
        watermark?: StoredWatermark
        at: string
      }
    }
  | { type: 'BookingReferenceUnlinked'; data: { bookingUid: string; reference: StoredReference; at: string } }
  /** The same calendar event under another name: another calendar, or other ids after its series was changed. */
  | {
      type: 'BookingReferenceMoved'
      data: { bookingUid: string; from: StoredReference; to: StoredReference; at: string }
    }
  /** What Cal.com says the booking's times and status are. */
  | {
      type: 'BookingTimesRecorded'
      data: { bookingUid: string; start: string; end: string; status?: BookingStatus; at: string }
    }
  | {
      type: 'BookingClosed'
      data: { bookingUid: string; reason: string; rescheduledToUid?: string; at: string }
    }
  | {
      type: 'BookingOutcomeReported'
      data: {
        bookingUid: string
        eventId: string
        sequence: number
        outcome: 'APPLIED' | 'REFUSED' | 'SUPERSEDED'
        start?: string
        end?: string
        newBookingUid?: string
        code?: string
        at: string
      }
    }
  | {
      type: 'BookingRescheduled'
      data: DecidedData & { previous: StoredTimes; next: StoredTimes & { timeZone?: string } }
    }
  | {
      type: 'BookingCancelled'
      data: DecidedData & { reason: CancellationReason; start: string; end: string }
    }
  | { type: 'ExternalEventChangeIgnored'; data: IgnoredData }

export type CancellationReason = 'DELETED_IN_CALENDAR' | 'HOST_DECLINED' | 'ALL_ATTENDEES_DECLINED'

export type IgnoredData = StoredReference & {
  bookingUid: string
  code: string
  /** False: a code with a watermark of its own, the event is looked at again once the reason is gone. */
  settles: boolean
  fingerprint: string
  externalUpdatedAt?: string
  observedAt: string
  /** What the look showed; times only of events that are not cancelled. */
  seen: { status: string; start?: string; end?: string }
  /** The decision that this one stands in for (OBSERVE_ONLY, FIRST_LOOK, POLICY_OFF). */
  instead?: 'BookingRescheduled' | 'BookingCancelled'
  at: string
}

export type Times = { start: Temporal.Instant; end: Temporal.Instant }

/** Up to where the changes of one event have been decided. */
export type Watermark = { fingerprint: string; updated?: Temporal.Instant }

export type Reference = {
  readonly stored: StoredReference
  confirmed: boolean
  linkedAt: Temporal.Instant
  /** A look at this event has been decided on since it was linked. */
  looked: boolean
  watermark?: Watermark
  /** Fingerprints last ignored under codes that do not settle, by code. */
  setAside: Readonly<Record<string, string>>
}

type Tracked = {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus
  /** What was last decided or recorded. */
  times: Times
  /** What Cal.com last confirmed. */
  basis: Times
  references: readonly Reference[]
  sequence: number
  agreement: Agreement
  /** What consumers last reported, by the id of the published event. */
  outcomes: Readonly<Record<string, string>>
  /** When the newest fact from Cal.com, or the newest link, was recorded. */
  factsAt: Temporal.Instant
}
export type OpenBooking = Tracked & { kind: 'OPEN' }
export type ClosedBooking = {
  kind: 'CLOSED'
  bookingUid: string
  reason: string
  /** Who closed it: the calendar (we decided) or Cal.com (it said so). */
  by: 'CALENDAR' | 'CALCOM'
  rescheduledToUid?: string
  /** As it was when it closed; absent for a booking never seen open. */
  was?: OpenBooking
}
export type Booking = { kind: 'UNTRACKED' } | OpenBooking | ClosedBooking

export const initialBooking: Booking = { kind: 'UNTRACKED' }

export function evolveBooking(state: Booking, event: BookingEvent): Booking {
  if (event.type === 'BookingTracked') return state.kind === 'UNTRACKED' ? tracked(event.data) : state
  if (event.type === 'BookingClosed') return closed(state, event.data)
  if (event.type === 'BookingOutcomeReported') return withOutcome(state, event.data)
  return state.kind === 'OPEN' ? evolveOpen(state, event) : state
}

function evolveOpen(state: OpenBooking, event: BookingEvent): Booking {
  switch (event.type) {
    case 'BookingReferenceLinked': {
      const { reference, confirmed, watermark, at } = event.data
      const known = findReference(state, reference)
      const linked: Reference = {
        stored: reference,
        confirmed,
        linkedAt: known?.linkedAt ?? instant(at),
        looked: known?.looked ?? watermark !== undefined,
        setAside: known?.setAside ?? {},
        ...markOf(watermark ? readWatermark(watermark) : known?.watermark),
      }
      const others = state.references.filter((other) => other !== known)
      return { ...state, references: [...others, linked], factsAt: instant(at) }
    }
    case 'BookingReferenceUnlinked': {
      const gone = findReference(state, event.data.reference)
      return { ...state, references: state.references.filter((reference) => reference !== gone) }
    }
    case 'BookingReferenceMoved': {
      const moved = findReference(state, event.data.from)
      if (moved === undefined) return state
      const references = state.references.map((reference) =>
        reference === moved ? { ...moved, stored: event.data.to } : reference,
      )
      return { ...state, references }
    }
    case 'BookingTimesRecorded': {
      const times = readTimes(event.data)
      const status = event.data.status ?? state.status
      return { ...state, status, times, basis: times, agreement: 'AGREED', factsAt: instant(event.data.at) }
    }
    case 'BookingRescheduled': {
      const times = readTimes(event.data.next)
      const decided = settled(state, event.data)
      return { ...decided, times, sequence: event.data.sequence, agreement: 'AWAITING' }
    }
    case 'BookingCancelled': {
      const decided = settled(state, event.data)
      const was: OpenBooking = { ...decided, sequence: event.data.sequence, agreement: 'AWAITING' }
      return {
        kind: 'CLOSED',
        bookingUid: state.bookingUid,
        reason: event.data.reason,
        by: 'CALENDAR',
        was,
      }
    }
    case 'ExternalEventChangeIgnored':
      return event.data.settles ? settled(state, event.data) : setAside(state, event.data)
    default:
      return state
  }
}

function tracked(data: Extract<BookingEvent, { type: 'BookingTracked' }>['data']): OpenBooking {
  const times = readTimes(data)
  return {
    kind: 'OPEN',
    bookingUid: data.bookingUid,
    userId: data.userId,
    ...(data.organizationId !== undefined && { organizationId: data.organizationId }),
    status: data.status,
    times,
    basis: times,
    references: [],
    sequence: 0,
    agreement: 'AGREED',
    outcomes: {},
    factsAt: instant(data.at),
  }
}

function closed(
  state: Booking,
  data: Extract<BookingEvent, { type: 'BookingClosed' }>['data'],
): ClosedBooking {
  const was = state.kind === 'OPEN' ? state : state.kind === 'CLOSED' ? state.was : undefined
  return {
    kind: 'CLOSED',
    bookingUid: data.bookingUid,
    reason: data.reason,
    by: 'CALCOM',
    ...(data.rescheduledToUid !== undefined && { rescheduledToUid: data.rescheduledToUid }),
    ...(was && { was: { ...was, agreement: 'AGREED' as const } }),
  }
}

/** Only the outcome of the newest decision says something about the present. */
function withOutcome(
  state: Booking,
  data: Extract<BookingEvent, { type: 'BookingOutcomeReported' }>['data'],
): Booking {
  const before = state.kind === 'OPEN' ? state : state.kind === 'CLOSED' ? state.was : undefined
  if (before === undefined) return state
  const open = { ...before, outcomes: { ...before.outcomes, [data.eventId]: data.outcome } }
  if (data.sequence !== open.sequence) return state.kind === 'CLOSED' ? { ...state, was: open } : open
  const told =
    data.start !== undefined && data.end !== undefined
      ? readTimes({ start: data.start, end: data.end })
      : undefined
  const factsAt = instant(data.at)
  if (data.outcome === 'APPLIED') {
    if (state.kind === 'CLOSED') return { ...state, was: { ...open, agreement: 'AGREED', factsAt } }
    const times = told ?? open.times
    return { ...open, times, basis: times, agreement: 'AGREED', factsAt }
  }
  // A refused cancellation leaves the booking open in Cal.com, whatever the calendar says.
  if (state.kind === 'CLOSED' && state.by === 'CALCOM') return { ...state, was: open }
  const times = told ?? open.basis
  const agreement = data.outcome === 'REFUSED' ? 'DIVERGED' : 'AGREED'
  return { ...open, times, basis: times, agreement, factsAt }
}

type Mark = StoredReference & { fingerprint: string; externalUpdatedAt?: string }

function settled(state: OpenBooking, data: Mark): OpenBooking {
  return changeReference(state, data, (reference) => ({
    ...reference,
    looked: true,
    setAside: {},
    watermark: {
      fingerprint: data.fingerprint,
      ...(data.externalUpdatedAt !== undefined && { updated: instant(data.externalUpdatedAt) }),
    },
  }))
}

const setAside = (state: OpenBooking, data: IgnoredData): OpenBooking =>
  changeReference(state, data, (reference) => ({
    ...reference,
    setAside: { ...reference.setAside, [data.code]: data.fingerprint },
  }))

function changeReference(
  state: OpenBooking,
  named: StoredReference,
  change: (reference: Reference) => Reference,
): OpenBooking {
  const found = findReference(state, named)
  if (found === undefined) return state
  return {
    ...state,
    references: state.references.map((reference) => (reference === found ? change(reference) : reference)),
  }
}

/** The reference to this very event of this very calendar. */
export const findReference = (
  booking: Pick<OpenBooking, 'references'>,
  named: Pick<StoredReference, 'calendarKey' | 'externalEventId'>,
): Reference | undefined =>
  booking.references.find(
    ({ stored }) =>
      stored.calendarKey === named.calendarKey && stored.externalEventId === named.externalEventId,
  )

const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text)
const readTimes = (stored: StoredTimes): Times => ({ start: instant(stored.start), end: instant(stored.end) })
const readWatermark = ({ fingerprint, updated }: StoredWatermark): Watermark => ({
  fingerprint,
  ...(updated !== undefined && { updated: instant(updated) }),
})
const markOf = (watermark: Watermark | undefined) => (watermark ? { watermark } : {})

export const storeTimes = (times: Times): StoredTimes => ({
  start: times.start.toString(),
  end: times.end.toString(),
})
export const sameTimes = (a: Times, b: Times): boolean => a.start.equals(b.start) && a.end.equals(b.end)
