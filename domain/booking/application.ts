// Decides what to do in Cal.com about the newest published change of a booking: call, or report what became of it. The
// first rule that fits wins. Pure: what Cal.com and the calendar show now is given.
import { readTimes, type StoredTimes, sameTimes, type Times } from '../times.ts'
import type { RefusalCode } from './refusals.ts'

/** The newest published change without an outcome. `next` is absent for a cancellation. */
export type ChangeToApply = { previous: StoredTimes; basis: StoredTimes; next?: StoredTimes }

/** The booking as Cal.com has it now, at the end of its chain of reschedules. */
export type AtCalcom = {
  /** It goes on as another booking than the one that the change was published for. */
  isSuccessor: boolean
  status: 'ACCEPTED' | 'PENDING' | 'REJECTED' | 'CANCELLED'
  times: Times
  /** The length that a move would give it, where Cal.com says so. */
  lengthMinutes?: number
}

/**
 * `AS_DECIDED`: the calendar shows what was published. `CHANGED`: a newer decision is to come. `UNDONE`: what was published
 * counts no longer, and nothing newer will be published for it. `UNREAD`: nobody can say.
 */
export type InCalendar = 'AS_DECIDED' | 'CHANGED' | 'UNDONE' | 'UNREAD'

export type Application =
  | { do: 'CALL'; call: 'cancel' }
  | { do: 'CALL'; call: 'reschedule'; start: Temporal.Instant }
  | { do: 'REPORT'; outcome: 'APPLIED' | 'SUPERSEDED' }
  | { do: 'REPORT'; outcome: 'REFUSED'; code: RefusalCode }
  | { do: 'WAIT'; code: 'EVENT_CHANGED' | 'EVENT_UNREAD' }

type Facts = { change: ChangeToApply; calcom: AtCalcom; calendar: InCalendar }

const rules: readonly { when(facts: Facts): boolean; so: Application }[] = [
  // Done already: by the call before a crash, by a consumer, or by somebody in Cal.com.
  { when: isDone, so: { do: 'REPORT', outcome: 'APPLIED' } },
  // Somebody in Cal.com was faster, or the guest's newer change counts.
  { when: (facts) => !isOpen(facts) || !isWhereItWas(facts), so: { do: 'REPORT', outcome: 'SUPERSEDED' } },
  { when: ({ calendar }) => calendar === 'UNREAD', so: { do: 'WAIT', code: 'EVENT_UNREAD' } },
  { when: ({ calendar }) => calendar === 'CHANGED', so: { do: 'WAIT', code: 'EVENT_CHANGED' } },
  { when: ({ calendar }) => calendar === 'UNDONE', so: { do: 'REPORT', outcome: 'SUPERSEDED' } },
  { when: cannotResize, so: { do: 'REPORT', outcome: 'REFUSED', code: 'CANNOT_RESIZE' } },
]

/** Decides on the newest published change of a booking. */
export function decideApplication(
  change: ChangeToApply,
  calcom: AtCalcom,
  calendar: InCalendar,
): Application {
  const facts = { change, calcom, calendar }
  const rule = rules.find(({ when }) => when(facts))
  if (rule) return rule.so
  const { next } = change
  return next === undefined
    ? { do: 'CALL', call: 'cancel' }
    : { do: 'CALL', call: 'reschedule', start: readTimes(next).start }
}

const isOver = ({ status }: AtCalcom): boolean => status === 'CANCELLED' || status === 'REJECTED'

function isDone({ change, calcom }: Facts): boolean {
  if (change.next === undefined) return isOver(calcom)
  return !isOver(calcom) && sameTimes(readTimes(change.next), calcom.times)
}

const isOpen = ({ calcom }: Facts): boolean => calcom.status === 'ACCEPTED' && !calcom.isSuccessor

/** The compare of the compare-and-set: nobody has given the booking other times since the decision. */
const isWhereItWas = ({ change: { previous, basis }, calcom: { times } }: Facts): boolean =>
  [previous, basis].some((known) => sameTimes(readTimes(known), times))

/** API v2 takes a start alone. Where it does not say the length that comes of it, the booking is taken to keep its own. */
function cannotResize({ change: { next }, calcom: { times, lengthMinutes } }: Facts): boolean {
  if (next === undefined) return false
  const minutes = ({ start, end }: Times) => end.since(start).total('minutes')
  return minutes(readTimes(next)) !== (lengthMinutes ?? minutes(times))
}
