// Records Cal.com's facts about a booking. They are never a reason to publish.
import { accept, type Decision, reject } from '../decision.ts'
import { defined } from '../optional-fields.ts'
import { sameTimes, storeTimes, type Times } from '../times.ts'
import type { FlagCode } from './decisions.ts'
import type { BookingEvent, BookingStatus } from './events.ts'
import { flagsFor } from './flags.ts'
import { linksOf, type StatedReferences } from './links.ts'
import { earlierDecision, stateAfterOutcome, stateAfterTimes } from './meaning.ts'
import { forgottenFor, isCarriedOutLate, tellOvertaken } from './overtaken.ts'
import { type Booking, type CancelledBooking, evolveBooking, type OpenBooking, trackedPart } from './state.ts'

/** A booking as Cal.com states it. `at` (RFC 3339, UTC): when Cal.com stated it. */
export type StatedBooking = StatedReferences & {
  bookingUid: string
  userId: string
  organizationId?: string
  status: BookingStatus | 'CANCELLED'
  rescheduledFromUid?: string
  seats?: true
  createdAt?: Temporal.Instant
  /** True: Cal.com named an end that is not after the start, and `times` are the nearest possible. False: no longer. */
  impossibleTimes?: boolean
}

/**
 * Begins to track a booking, or brings a tracked booking up to date. Times that Cal.com stated before (the basis) are
 * no news, also after we have decided other times or a cancellation. Cal.com has just not applied these yet.
 */
export function trackBooking(state: Booking, stated: StatedBooking): Decision<BookingEvent> {
  if (state.kind === 'CLOSED') return accept()
  const times = state.kind === 'UNTRACKED' ? [begun(stated)] : timesNews(state, stated)
  const news = [...times, ...impossibility(times.reduce(evolveBooking, state), stated)]
  const after = news.reduce(evolveBooking, state)
  const { bookingUid, at } = stated
  const linked = after.kind === 'OPEN' ? linksOf(after, stated) : []
  const closing: BookingEvent[] =
    stated.status === 'CANCELLED'
      ? [{ type: 'BookingClosed', data: { bookingUid, reason: 'CANCELLED_IN_CALCOM', at } }]
      : []
  return accept(...news, ...linked, ...closing)
}

const begun = (stated: StatedBooking): BookingEvent => ({
  type: 'BookingTracked',
  data: {
    bookingUid: stated.bookingUid,
    userId: stated.userId,
    ...defined({ organizationId: stated.organizationId }),
    status: stated.status === 'CANCELLED' ? 'ACCEPTED' : stated.status,
    ...storeTimes(stated.times),
    ...defined({
      rescheduledFromUid: stated.rescheduledFromUid,
      seats: stated.seats,
      createdAt: stated.createdAt?.toString(),
    }),
    at: stated.at,
  },
})

function timesNews(known: OpenBooking | CancelledBooking, stated: StatedBooking): BookingEvent[] {
  const { status, at } = stated
  const times = stated.impossibleTimes ? known.basis : stated.times
  if (status === 'CANCELLED') return []
  if (known.kind === 'CANCELLED' && status !== 'ACCEPTED') return []
  const newStatus = known.kind === 'OPEN' && status !== known.status
  if (sameTimes(times, known.basis) && !newStatus) return []
  return timesRecorded(known, { times, status, at })
}

function timesRecorded(
  known: OpenBooking | CancelledBooking,
  { times, status, at }: { times: Times; status?: BookingStatus; at: string },
): BookingEvent[] {
  const said = storeTimes(times)
  const standing = { ...stateAfterTimes(known, said), ...forgottenFor(known, times) }
  const { bookingUid } = known
  const late = isCarriedOutLate(known, times)
  const moves = late || !sameTimes(times, known.basis)
  return [
    { type: 'BookingTimesRecorded', data: { bookingUid, ...said, ...defined({ status }), standing, at } },
    ...(moves ? tellOvertaken(known, late, at) : []),
  ]
}

const notTracked = reject('BOOKING_NOT_TRACKED', 'This booking is not known here.')
const isClosed = reject('BOOKING_CLOSED', 'This booking is closed: cancelled, or rescheduled to another one.')

/**
 * Records Cal.com's own change of the booking, also after we had decided to cancel it. Times other than Cal.com last
 * confirmed say that the booking is open there.
 */
export function recordBookingTimes(
  state: Booking,
  said: { times: Times; status?: BookingStatus; impossibleTimes?: boolean; at: string },
): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  if (state.kind === 'CLOSED') return isClosed
  const flags = impossibility(state, said)
  const recorded = timesSaid(state, said.impossibleTimes ? { ...said, times: state.basis } : said)
  return recorded.ok ? accept(...recorded.events, ...flags) : recorded
}

function timesSaid(
  state: OpenBooking | CancelledBooking,
  stated: { times: Times; status?: BookingStatus; at: string },
): Decision<BookingEvent> {
  const { times, status } = stated
  if (state.kind === 'CANCELLED')
    return sameTimes(times, state.basis) ? accept() : accept(...timesRecorded(state, stated))
  const passing = earlierDecision(state, times) !== undefined
  const newTimes = !sameTimes(times, state.basis) || (!sameTimes(times, state.times) && !passing)
  const newStatus = status !== undefined && status !== state.status
  return newTimes || newStatus ? accept(...timesRecorded(state, stated)) : accept()
}

/** Cal.com has given the booking to another host. */
export function reassignBooking(
  state: Booking,
  { userId, at }: { userId: string; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN' || state.userId === userId) return accept()
  const { bookingUid, userId: previousUserId } = state
  return accept({ type: 'BookingReassigned', data: { bookingUid, userId, previousUserId, at } })
}

/** Records that Cal.com's own calendar sync has changed the booking. */
export function noticeSecondWriter(state: Booking, { at }: { at: string }): Decision<BookingEvent> {
  if (state.kind !== 'OPEN' || state.secondWriter) return accept()
  return accept({ type: 'SecondWriterNoticed', data: { bookingUid: state.bookingUid, at } })
}

export type AnnouncedEnd = {
  bookingUid: string
  reason: string
  rescheduledToUid?: string
  /** The announcement shows seats: it may be the end of one guest's part alone. */
  seats?: true
  at: string
}

/** Records that Cal.com announced the booking's end. Cal.com's answer must confirm it; nothing is published until then. */
export function announceClosing(state: Booking, stated: AnnouncedEnd): Decision<BookingEvent> {
  if (state.kind !== 'OPEN') return accept()
  const { closing } = state
  const known = closing?.reason === stated.reason && closing.rescheduledToUid === stated.rescheduledToUid
  return known ? accept() : accept({ type: 'BookingClosing', data: stated })
}

/** Records that the booking goes on. */
export function keepOpen(
  state: Booking,
  stated: { reason: string; seats?: true; at: string },
): Decision<BookingEvent> {
  if (state.kind !== 'OPEN' || state.closing === undefined) return accept()
  return accept({ type: 'BookingKeptOpen', data: { bookingUid: state.bookingUid, ...stated } })
}

/** Records that Cal.com closed the booking, also if it was never open here: a late webhook cannot open it then. */
export function closeBooking(state: Booking, { seats: _, ...stated }: AnnouncedEnd): Decision<BookingEvent> {
  if (state.kind === 'CLOSED') {
    if (stated.rescheduledToUid === undefined || stated.rescheduledToUid === state.rescheduledToUid)
      return accept()
  }
  return accept({ type: 'BookingClosed', data: stated })
}

/** Flags impossible times, which are not taken over, until Cal.com names others. */
function impossibility(
  state: Booking,
  { impossibleTimes, at }: { impossibleTimes?: boolean; at: string },
): readonly BookingEvent[] {
  if (impossibleTimes === undefined) return []
  const flagged = flagBooking(state, { code: 'NO_LENGTH', raised: impossibleTimes, at })
  return flagged.ok ? flagged.events : []
}

/** Flags the booking for a person, or lifts the flag. */
export function flagBooking(
  state: Booking,
  { code, raised, at }: { code: FlagCode; raised: boolean; at: string },
): Decision<BookingEvent> {
  return accept(...(state.kind === 'OPEN' ? flagsFor(state, code, raised, at) : []))
}

type ReportedOutcome = Omit<Extract<BookingEvent, { type: 'BookingOutcomeReported' }>['data'], 'standing'>

/** Records a consumer's outcome of a publication (`sequence` is the publication's). */
export function reportOutcome(state: Booking, report: ReportedOutcome): Decision<BookingEvent> {
  if (state.kind === 'UNTRACKED') return notTracked
  const known = trackedPart(state)
  // Nothing can have been published for a booking that was never open here.
  if (known === undefined) return accept()
  if (known.answered.some((one) => one.sequence === report.sequence && one.outcome === report.outcome))
    return accept()
  const standing = state.kind === 'CLOSED' ? undefined : stateAfterOutcome(known, report)
  const reported: BookingEvent = {
    type: 'BookingOutcomeReported',
    data: { ...report, ...defined({ standing }) },
  }
  // Seats that move together keep their booking, which goes on under its uid.
  const goesOn = report.newBookingUid !== undefined && report.newBookingUid !== report.bookingUid
  if (!goesOn || report.newBookingUid === undefined || state.kind !== 'OPEN')
    return accept(reported, ...(isLate(known, report) ? tellOvertaken(state, true, report.at) : []))
  return accept<BookingEvent>(reported, {
    type: 'BookingClosed',
    data: {
      bookingUid: report.bookingUid,
      reason: 'RESCHEDULED',
      rescheduledToUid: report.newBookingUid,
      at: report.at,
    },
  })
}

/** True if a consumer has carried out a move that was taken back meanwhile. */
const isLate = ({ withdrawn = [] }: OpenBooking | CancelledBooking, report: ReportedOutcome): boolean =>
  report.outcome === 'APPLIED' && withdrawn.some(({ sequence }) => sequence === report.sequence)
