// What Cal.com tells us of a booking: facts to be recorded, never a reason to publish.

import { accept, type Decision, reject } from '../decision.ts'
import { sameTimes, storeTimes } from '../times.ts'
import { linksOf, type ToldReferences } from './links.ts'
import {
  type Booking,
  type BookingEvent,
  type BookingStatus,
  earlierDecision,
  evolveBooking,
  type Times,
  trackedPart,
} from './state.ts'

/** A booking as Cal.com tells of it. `at` (RFC 3339, UTC): when it was told. */
export type ToldBooking = ToldReferences & {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus | 'CANCELLED'
  rescheduledFromUid?: string
}

/**
 * Begins to track a booking, or brings a tracked one up to what Cal.com says now. Cal.com still saying what it said
 * before (the basis) is not news, even where we have decided other times since, or a cancellation: they are only not
 * applied yet.
 */
export function trackBooking(state: Booking, told: ToldBooking): Decision<BookingEvent> {
  const news = state.kind === 'UNTRACKED' ? [begun(told)] : timesNews(state, told)
  const after = news.reduce(evolveBooking, state)
  if (after.kind === 'UNTRACKED' || (after.kind === 'CLOSED' && after.by === 'CALCOM')) return accept(...news)
  const { bookingUid, at } = told
  const linked = after.kind === 'OPEN' ? linksOf(after, told) : []
  const closing: BookingEvent[] =
    told.status === 'CANCELLED'
      ? [{ type: 'BookingClosed', data: { bookingUid, reason: 'CANCELLED_IN_CALCOM', at } }]
      : []
  return accept(...news, ...linked, ...closing)
}

const begun = (told: ToldBooking): BookingEvent => ({
  type: 'BookingTracked',
  data: {
    bookingUid: told.bookingUid,
    userId: told.userId,
    ...(told.organizationId !== undefined && { organizationId: told.organizationId }),
    status: told.status === 'CANCELLED' ? 'ACCEPTED' : told.status,
    ...storeTimes(told.times),
    ...(told.rescheduledFromUid !== undefined && { rescheduledFromUid: told.rescheduledFromUid }),
    at: told.at,
  },
})

function timesNews(state: Booking, { bookingUid, status, times, at }: ToldBooking): BookingEvent[] {
  const known = trackedPart(state)
  if (known === undefined || status === 'CANCELLED') return []
  if (state.kind === 'CLOSED' && (state.by === 'CALCOM' || status !== 'ACCEPTED')) return []
  const newStatus = state.kind === 'OPEN' && status !== known.status
  if (sameTimes(times, known.basis) && !newStatus) return []
  return [{ type: 'BookingTimesRecorded', data: { bookingUid, ...storeTimes(times), status, at } }]
}

const notTracked = reject('BOOKING_NOT_TRACKED', 'This booking is not known here.')
const isClosed = reject('BOOKING_CLOSED', 'This booking is closed: cancelled, or rescheduled to another one.')

/**
 * Cal.com changed the booking itself. Sets what we believe back to what is true there, also where we had decided to
 * cancel: other times than Cal.com last confirmed say that it is open there.
 */
export function recordBookingTimes(
  state: Booking,
  told: { times: Times; status?: BookingStatus; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  const known = trackedPart(state)
  if (known === undefined || (state.kind === 'CLOSED' && state.by === 'CALCOM')) return isClosed
  const { times, status, at } = told
  const recorded: BookingEvent = {
    type: 'BookingTimesRecorded',
    data: { bookingUid: known.bookingUid, ...storeTimes(times), ...(status && { status }), at },
  }
  if (state.kind === 'CLOSED') return sameTimes(times, known.basis) ? accept() : accept(recorded)
  const passing = earlierDecision(known, times) !== undefined
  const newTimes = !sameTimes(times, known.basis) || (!sameTimes(times, known.times) && !passing)
  return newTimes || (status !== undefined && status !== known.status) ? accept(recorded) : accept()
}

/** Cal.com closed the booking. One never seen open is recorded as closed, so that a late webhook cannot open it. */
export function closeBooking(
  state: Booking,
  told: { bookingUid: string; reason: string; rescheduledToUid?: string; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'CLOSED' && state.by === 'CALCOM') {
    if (told.rescheduledToUid === undefined || told.rescheduledToUid === state.rescheduledToUid)
      return accept()
  }
  return accept({ type: 'BookingClosed', data: told })
}

/** A consumer tells what became of a published decision (`sequence` is that decision's). */
export function reportOutcome(
  state: Booking,
  told: Extract<BookingEvent, { type: 'BookingOutcomeReported' }>['data'],
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  const tracked = trackedPart(state)
  // Nothing can have been published of a booking never seen open.
  if (tracked === undefined || tracked.outcomes[told.eventId] === told.outcome) return accept()
  const reported: BookingEvent = { type: 'BookingOutcomeReported', data: told }
  if (told.newBookingUid === undefined || state.kind === 'CLOSED') return accept(reported)
  return accept<BookingEvent>(reported, {
    type: 'BookingClosed',
    data: {
      bookingUid: told.bookingUid,
      reason: 'RESCHEDULED',
      rescheduledToUid: told.newBookingUid,
      at: told.at,
    },
  })
}
