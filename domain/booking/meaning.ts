// Works out the state of a booking after a fact from Cal.com, or after a consumer's outcome. The appender does so once, and
// stores the result with the fact. The fold asks here only for older streams.
import { instant, readTimes, type StoredTimes, sameTimes, storeTimes, type Times } from '../times.ts'
import type {
  Agreement,
  BookingEvent,
  EventName,
  IgnoredData,
  StateAfter,
  StoredWatermark,
} from './events.ts'

/** A published decision, with values as they are stored. */
export type Publication = {
  sequence: number
  event: EventName
  /** Absent for a cancellation. */
  next?: StoredTimes
  /** The event's watermark after this decision. */
  watermark: StoredWatermark
  at: string
}

/** The part of a booking's state that is needed here. */
type Tracked = {
  kind: 'OPEN' | 'CANCELLED'
  agreement: Agreement
  times: Times
  basis: Times
  unanswered: readonly Publication[]
}
type DataOf<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

const sequencesOf = (publications: readonly Publication[]): number[] =>
  publications.map(({ sequence }) => sequence)

/** The publication of these times, if later ones followed it: Cal.com is on its way to the later ones. */
export const earlierDecision = (
  { unanswered }: Pick<Tracked, 'unanswered'>,
  times: Times,
): Publication | undefined =>
  unanswered.slice(0, -1).find(({ next }) => next && sameTimes(readTimes(next), times))

/**
 * The state after Cal.com stated times. If an earlier publication of several had these times, the later ones are still on
 * their way. Otherwise nothing is on its way any more, and a booking that we cancelled is open in Cal.com after all.
 */
export function stateAfterTimes(booking: Tracked, stated: { start: string; end: string }): StateAfter {
  const basis = { start: instant(stated.start), end: instant(stated.end) }
  const reached = earlierDecision(booking, basis)
  if (reached !== undefined)
    return {
      open: booking.kind === 'OPEN',
      agreement: booking.agreement,
      times: storeTimes(booking.times),
      basis: storeTimes(basis),
      unanswered: sequencesOf(booking.unanswered.slice(booking.unanswered.indexOf(reached))),
    }
  const stillDiffers = booking.agreement === 'DIVERGED' && sameTimes(basis, booking.basis)
  const diverges = booking.kind === 'CANCELLED' || stillDiffers
  return {
    open: true,
    agreement: diverges ? 'DIVERGED' : 'AGREED',
    times: storeTimes(basis),
    basis: storeTimes(basis),
    unanswered: [],
  }
}

/**
 * The state after an outcome. The newest publication's outcome decides the state; an earlier one's only moves the basis. A
 * refused change is not decided again. A superseded move is, if the event still shows it. Undefined if the outcome changes
 * nothing, because Cal.com's own statement came first.
 */
export function stateAfterOutcome(
  booking: Tracked,
  data: Pick<DataOf<'BookingOutcomeReported'>, 'sequence' | 'outcome' | 'start' | 'end'>,
): StateAfter | undefined {
  const { unanswered } = booking
  const place = unanswered.findIndex(({ sequence }) => sequence === data.sequence)
  const decision = unanswered[place]
  if (decision === undefined) return undefined
  const applied = data.outcome === 'APPLIED'
  const { start, end } = data
  const said = start !== undefined && end !== undefined ? { start, end } : applied ? decision.next : undefined
  const basis = said ? storeTimes(readTimes(said)) : storeTimes(booking.basis)
  if (place < unanswered.length - 1)
    return {
      open: booking.kind === 'OPEN',
      agreement: booking.agreement,
      times: storeTimes(booking.times),
      basis,
      unanswered: sequencesOf(unanswered.slice(applied ? place : place + 1)),
    }
  const cancels = decision.next === undefined
  if (applied && cancels)
    return { open: false, agreement: 'AGREED', times: storeTimes(booking.times), basis, unanswered: [] }
  const overtaken = data.outcome === 'SUPERSEDED' && !cancels
  // A refused cancellation leaves the booking open in Cal.com, whatever the calendar says.
  if (!overtaken && !applied)
    return { open: true, agreement: 'DIVERGED', times: basis, basis, unanswered: [] }
  const { event, watermark } = decision
  return {
    open: true,
    agreement: 'AGREED',
    times: basis,
    basis,
    unanswered: [],
    ...(overtaken && { forgets: { ...event, fingerprint: watermark.fingerprint } }),
  }
}

/** Codes after which older versions took calendar and booking for different. */
const divergedThen: readonly string[] = ['ALL_DAY', 'NEW_TIME_IN_PAST']

/** The agreement after an event that does not store it. */
export function agreementOfOldStream({ agreement }: Tracked, { code, settles }: IgnoredData): Agreement {
  if (!settles) return agreement
  if (divergedThen.includes(code)) return 'DIVERGED'
  // Calendar and booking show the same times again, whatever was refused before.
  return code === 'NO_TIME_CHANGE' && agreement === 'DIVERGED' ? 'AGREED' : agreement
}
