// What a fact from Cal.com, or a consumer's answer, means for a booking. Worked out once, by whoever appends the fact, and
// stored with it. The fold asks here only for streams that were written before it was stored.
import { instant, readTimes, type StoredTimes, sameTimes, storeTimes, type Times } from '../times.ts'
import type {
  Agreement,
  BookingEvent,
  EventName,
  IgnoredData,
  StateAfter,
  StoredWatermark,
} from './events.ts'

/** A published decision of which nobody has told what became of it. Held as stored. */
export type Publication = {
  sequence: number
  event: EventName
  /** Absent for a cancellation. */
  next?: StoredTimes
  /** Up to where the event had been decided with it. */
  watermark: StoredWatermark
  at: string
}

/** What of a booking's state this depends on. */
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

/** The decision to these times, where later ones have been published since: Cal.com is on its way to those. */
export const earlierDecision = (
  { unanswered }: Pick<Tracked, 'unanswered'>,
  times: Times,
): Publication | undefined =>
  unanswered.slice(0, -1).find(({ next }) => next && sameTimes(readTimes(next), times))

/**
 * Cal.com's word on the times. Where they are those of an earlier one of several decisions, the later ones are still on
 * their way; otherwise whatever was on its way is settled by it, and what we cancelled is open there after all.
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
 * The answer to the newest decision says how things stand; that to an earlier one only moves the basis. What is refused
 * is not decided again; a move that Cal.com's own change has overtaken is, should the event still stand where it was.
 * Undefined where the answer changes nothing: Cal.com's own word came first, and is newer.
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

/** As decided by versions that did not store it. */
const divergedThen: readonly string[] = ['ALL_DAY', 'NEW_TIME_IN_PAST']

/** Only for events that do not say so themselves. */
export function agreementOfOldStream({ agreement }: Tracked, { code, settles }: IgnoredData): Agreement {
  if (!settles) return agreement
  if (divergedThen.includes(code)) return 'DIVERGED'
  // Calendar and booking say the same again, whatever was refused before.
  return code === 'NO_TIME_CHANGE' && agreement === 'DIVERGED' ? 'AGREED' : agreement
}
