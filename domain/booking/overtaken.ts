// Where Cal.com arrives at times that the host has left again: it carried out an earlier change over a later one.
import { storeTimes, type Times } from '../times.ts'
import type { BookingEvent, StateAfter } from './events.ts'
import { findByAnyName } from './references.ts'
import { type Booking, type CancelledBooking, type OpenBooking, trackedPart } from './state.ts'

type Known = OpenBooking | CancelledBooking

/**
 * Whether a booking that goes on as another at these times leaves behind what the host did last. Only the start counts:
 * Cal.com may keep a length of its own.
 */
export function leavesBehind(state: Booking, times: Times): boolean {
  const last = trackedPart(state)
  if (last === undefined) return false
  const { start } = storeTimes(times)
  const newest = last.unanswered.at(-1) ?? last.superseded
  return newest === undefined ? isCarriedOutLate(last, times) : newest.next?.start !== start
}

/** Whether these are the times of a move that was taken back before Cal.com had heard of it. */
export function isCarriedOutLate({ withdrawn = [], times: present }: Known, times: Times): boolean {
  const { start } = storeTimes(times)
  return storeTimes(present).start !== start && withdrawn.some(({ next }) => next?.start === start)
}

/** Cal.com has carried out in place what was taken back: the event, as it stands, is to be decided on again. */
export function forgottenFor(known: Known, times: Times): Pick<StateAfter, 'forgets'> {
  if (!isCarriedOutLate(known, times)) return {}
  const { start } = storeTimes(times)
  const late = known.withdrawn?.findLast(({ next }) => next?.start === start)
  const reference = late && findByAnyName(known, late.event)
  if (reference?.watermark === undefined) return {}
  const { calendarKey, externalEventId } = reference.stored
  return { forgets: { calendarKey, externalEventId, fingerprint: reference.watermark.fingerprint } }
}

/** Has a person told, or no longer, where that is news. */
export function tellOvertaken(state: Booking, raised: boolean, at: string): BookingEvent[] {
  if (state.kind !== 'OPEN' || state.flags.includes('OVERTAKEN') === raised) return []
  const type = raised ? 'BookingFlagged' : 'BookingUnflagged'
  return [{ type, data: { bookingUid: state.bookingUid, code: 'OVERTAKEN', at } }]
}
