import type { DecisionCode } from '../booking/look.ts'

export type Explanation = {
  /** What happened and why it came to this, as a clause. */
  because: string
  /** What a person can do, as a clause; absent where there is nothing to do. */
  remedy?: string
}

/** Each stable code in plain English. The compiler holds this list complete. */
const explanations: Record<DecisionCode, Explanation> = {
  NOT_LINKED: {
    because: 'no open booking refers to this calendar event, so there was nothing to change',
    remedy: "if one should, check that the booking's reference in Cal.com names this event",
  },
  STALE: {
    because: 'this version of the event, or a newer one, had been decided before, so nothing was done',
  },
  LOOK_AGAIN: {
    because: 'the calendar was read before the newest fact from Cal.com arrived, so it is read again first',
  },
  BOOKING_NOT_ACCEPTED: {
    because: 'the booking is not accepted in Cal.com, so its event is only looked at once it is',
    remedy: 'accept the booking in Cal.com to have the change considered',
  },
  BOOKING_CLOSED: {
    because: 'the booking was already cancelled, or rescheduled to another one, so nothing was changed',
  },
  NOT_ORGANISER: {
    because: "this calendar holds a colleague's copy of the event, and only the organiser's copy counts",
    remedy: "make the change in the organiser's calendar",
  },
  BOOKING_IN_PAST: { because: 'the booking has started, and past bookings are never touched' },
  UNKNOWN: {
    because: 'the event could not be read in the calendar, so nothing was decided and it is tried again',
    remedy: 'check that the calendar is still there and its connection still valid',
  },
  REFERENCE_UNCONFIRMED: {
    because:
      'the event is gone from the calendar, but Cal.com has not confirmed yet that it belongs to this booking',
    remedy: "wait for Cal.com to name the booking's event, or cancel the booking in Cal.com",
  },
  DELETED_IN_CALENDAR: { because: 'the event was deleted in the calendar, so the booking was cancelled' },
  HOST_DECLINED: { because: 'the host declined the event in the calendar, so the booking was cancelled' },
  ALL_ATTENDEES_DECLINED: {
    because: 'every guest declined the event in the calendar, so the booking was cancelled',
  },
  ALL_DAY: {
    because:
      'the event became an all-day event, and a booking needs a start and an end, so nothing was changed',
    remedy: 'give the event a time again, or change the booking in Cal.com',
  },
  NO_TIME_CHANGE: {
    because: 'the event has the same start and end as the booking, so there was nothing to change',
  },
  NEW_TIME_IN_PAST: {
    because: 'the event was moved to a time that has passed, so the booking was left as it is',
    remedy: 'move the event to a time to come',
  },
  RESCHEDULED: { because: 'the event was moved in the calendar, so the booking was moved with it' },
  FIRST_LOOK: {
    because:
      'the event and the booking already differed when they were linked, so the difference is held for a person',
    remedy: 'release it to carry it to the booking, or discard it',
  },
  DISCARDED: {
    because:
      'the change had been held for a person, who decided against it, so the booking was left as it is',
    remedy: 'change the event again, or change the booking in Cal.com',
  },
  SERIES_CHANGED: {
    because:
      "the event's series got another count or frequency, so that nobody can say which of its events is the booking's",
    remedy: 'move or cancel the booking in Cal.com by hand',
  },
  OBSERVE_ONLY: {
    because: 'the service only observes here, so it noted what it would have done and changed nothing',
    remedy: 'set the mode to apply to carry changes to bookings',
  },
  POLICY_OFF: {
    because: 'the service is switched off here, so it changed nothing',
    remedy: 'switch it on, or resume the calendar sync, to have the event looked at again',
  },
  EVENT_RESTORED: {
    because: 'the event was restored in the calendar after its booking had been cancelled',
    remedy: 'book again in Cal.com if the meeting is to take place',
  },
}

const unheardOf: Explanation = { because: 'this was decided by a rule that this version does not know' }

/** Of a decision's code. Codes come out of the store too, where another version may have written them. */
export const explanationOf = (code: string): Explanation =>
  Object.entries(explanations).find(([known]) => known === code)?.[1] ?? unheardOf
