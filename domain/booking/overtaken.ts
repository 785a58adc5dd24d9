// Tells a person if Cal.com arrives at times that the host has left again, having carried out an earlier change last.
import { storeTimes, type Times } from '../times.ts'
import type { BookingEvent, StateAfter } from './events.ts'
import { findByAnyName } from './references.ts'
import { type Booking, type CancelledBooking, type OpenBooking, trackedPart } from './state.ts'

type Known = OpenBooking | CancelledBooking

/**
 * True if a booking that goes on as another, at these times, loses the host's last change. Only the start counts: Cal.com
 * may keep its own length.
 */
export function leavesBehind(state: Booking, times: Times): boolean {
  const last = trackedPart(state)
  if (last === undefined) return false
  const { start } = storeTimes(times)
  const newest = last.unanswered.at(-1) ?? last.superseded
  return newest === undefined ? isCarriedOutLate(last, times) : newest.next?.start !== start
}

/** True for the times of a move that was taken back before Cal.com had heard of it. */
export function isCarriedOutLate({ withdrawn = [], times: present }: Known, times: Times): boolean {
  const { start } = storeTimes(times)
  return storeTimes(present).start !== start && withdrawn.some(({ next }) => next?.start === start)
}

/** Has the event's present version decided again, after Cal.com carried out a move that was taken back. */
export function forgottenFor(known: Known, times: Times): Pick<StateAfter, 'forgets'> {
  if (!isCarriedOutLate(known, times)) return {}
  const { start } = storeTimes(times)
  const late = known.withdrawn?.findLast(({ next }) => next?.start === start)
  const reference = late && findByAnyName(known, late.event)
  if (reference?.watermark === undefined) return {}
  const { calendarKey, externalEventId } = reference.stored
  return { forgets: { calendarKey, externalEventId, fingerprint: reference.watermark.fingerprint } }
}

/** Flags the booking as overtaken, or lifts the flag, if that is news. */
export function tellOvertaken(state: Booking, raised: boolean, at: string): BookingEvent[] {
  if (state.kind !== 'OPEN' || state.flags.includes('OVERTAKEN') === raised) return []
  const type = raised ? 'BookingFlagged' : 'BookingUnflagged'
  return [{ type, data: { bookingUid: state.bookingUid, code: 'OVERTAKEN', at } }]
}
