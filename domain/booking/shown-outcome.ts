// Outcomes that nobody reports: Cal.com shows by its own state what became of a published change.
import { type StoredTimes, storeTimes } from '../times.ts'
import type { BookingEvent } from './events.ts'
import type { Booking } from './state.ts'

type DataOf<Type extends BookingEvent['type']> = Extract<BookingEvent, { type: Type }>['data']

/** A published change, as far as its outcome depends on it. `next` is absent for a cancellation. */
export type ShownChange = { sequence: number; next?: StoredTimes }
export type ShownOutcome = Pick<DataOf<'BookingOutcomeReported'>, 'outcome' | 'newBookingUid'>

/**
 * The outcome that Cal.com shows; undefined while the change may yet be carried out, or nobody can say. `successor`: the
 * times with which the booking went on as another one. Only the start counts: Cal.com may keep its own length.
 */
export function shownOutcome(
  state: Booking,
  change: ShownChange,
  successor: StoredTimes | undefined,
): ShownOutcome | undefined {
  if (state.kind === 'UNTRACKED') return undefined
  if (state.kind === 'CLOSED') {
    const { rescheduledToUid } = state
    if (rescheduledToUid === undefined || rescheduledToUid === state.bookingUid)
      return { outcome: change.next === undefined ? 'APPLIED' : 'SUPERSEDED' }
    if (successor === undefined) return undefined
    return movedTo(change, successor)
      ? { outcome: 'APPLIED', newBookingUid: rescheduledToUid }
      : { outcome: 'SUPERSEDED' }
  }
  const { unanswered, withdrawn = [], basis } = state
  // A late consumer may yet carry out a move that was taken back.
  if ([...unanswered, ...withdrawn].some(({ sequence }) => sequence === change.sequence)) return undefined
  return { outcome: movedTo(change, storeTimes(basis)) ? 'APPLIED' : 'SUPERSEDED' }
}

const movedTo = ({ next }: ShownChange, { start }: StoredTimes): boolean => next?.start === start
