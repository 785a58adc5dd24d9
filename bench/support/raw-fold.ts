// The bookings read model as somebody would write it who wants nothing but this history folded: plain objects and text,
// no instants, no keys, no guards. Its documents are the very same, field by field; the benchmark compares them.
import { isDeepStrictEqual } from 'node:util'
import type { BookingEvent, StoredReference } from '../../domain/booking/events.ts'
import type { StoredTimes } from '../../domain/times.ts'

type RawReference = {
  stored: StoredReference
  confirmed: boolean
  formerNames: never[]
  linkedAt: string
  looked: boolean
  setAside: Record<string, never>
  watermark?: { fingerprint: string }
  shown?: StoredTimes
}
type RawOpen = {
  kind: 'OPEN'
  bookingUid: string
  userId: string
  status: string
  times: StoredTimes
  basis: StoredTimes
  references: RawReference[]
  sequence: number
  agreement: string
  unanswered: { sequence: number; event: object; next: StoredTimes; watermark: object; at: string }[]
  answered: { sequence: number; outcome: string }[]
  flags: never[]
  trackedAt: string
  factsAt: string
}
type RawClosed = { kind: 'CLOSED'; bookingUid: string; reason: string; last: RawOpen }
type RawKept = {
  state: RawOpen | RawClosed
  updatedAt: string
  lastDecision?: object
  lastOutcome?: object
}

export type RawDocument = { position: string; value: RawKept }

/** Changes the document in place, or makes it. Throws for what no history of booking-history.ts holds. */
export function rawFold(
  document: RawDocument | undefined,
  { type, data }: BookingEvent,
  id: string,
  position: number | string,
): RawDocument {
  const at = String(position).padStart(20, '0')
  if (type === 'BookingTracked') return { position: at, value: { state: tracked(data), updatedAt: data.at } }
  if (document === undefined) throw new Error(`${type} of a booking that is not there`)
  const { value } = document
  const { state } = value
  if (state.kind === 'CLOSED') throw new Error(`${type} of a closed booking`)
  document.position = at
  value.updatedAt = data.at
  switch (type) {
    case 'BookingReferenceLinked':
      state.references.push({
        stored: data.reference,
        confirmed: data.confirmed,
        formerNames: [],
        linkedAt: data.at,
        looked: false,
        setAside: {},
      })
      state.factsAt = data.at
      return document
    case 'BookingRescheduled': {
      const { calendarKey, externalEventId, sequence, fingerprint } = data
      const next = { start: data.next.start, end: data.next.end }
      for (const reference of state.references)
        if (reference.stored.externalEventId === externalEventId) {
          reference.looked = true
          reference.watermark = { fingerprint }
          reference.shown = next
        }
      const event = { calendarKey, externalEventId }
      state.unanswered.push({ sequence, event, next, watermark: { fingerprint }, at: data.at })
      state.sequence = sequence
      state.times = next
      state.agreement = 'AWAITING'
      value.lastDecision = { code: 'RESCHEDULED', at: data.at, eventId: id }
      return document
    }
    case 'BookingOutcomeReported': {
      const decision = state.unanswered.pop()
      if (decision === undefined) throw new Error('an answer to nothing')
      state.times = decision.next
      state.basis = decision.next
      state.unanswered = []
      state.answered.push({ sequence: data.sequence, outcome: data.outcome })
      state.agreement = 'AGREED'
      state.factsAt = data.at
      value.lastOutcome = { eventId: data.eventId, outcome: data.outcome, at: data.at }
      return document
    }
    case 'BookingTimesRecorded':
      state.times = { start: data.start, end: data.end }
      state.basis = state.times
      state.unanswered = []
      state.agreement = 'AGREED'
      state.factsAt = data.at
      return document
    case 'BookingClosed': {
      const { bookingUid, reason } = data
      state.agreement = 'AGREED'
      value.state = { kind: 'CLOSED', bookingUid, reason, last: state }
      return document
    }
    default:
      throw new Error(`no history has a ${type}`)
  }
}

function tracked({ bookingUid, userId, status, start, end, at }: TrackedData): RawOpen {
  return {
    kind: 'OPEN',
    bookingUid,
    userId,
    status,
    times: { start, end },
    basis: { start, end },
    references: [],
    sequence: 0,
    agreement: 'AGREED',
    unanswered: [],
    answered: [],
    flags: [],
    trackedAt: at,
    factsAt: at,
  }
}

type TrackedData = Extract<BookingEvent, { type: 'BookingTracked' }>['data']

/** Throws unless both hold the same documents. */
export function compareDocuments(
  ours: Iterable<{ id: string; document: unknown }>,
  raw: Iterable<{ id: string; document: unknown }>,
): void {
  const others = raw[Symbol.iterator]()
  for (const { id, document } of ours) {
    const other = others.next()
    if (other.done || other.value.id !== id || !isDeepStrictEqual(other.value.document, document))
      throw new Error(
        `${id}: ${JSON.stringify(document)}, while raw has ${JSON.stringify(other.value ?? null)}`,
      )
  }
  if (!others.next().done) throw new Error('the raw fold has more documents')
}
