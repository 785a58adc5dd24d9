// The catalogue of decisions says for each code its effect, who is told, and in which words. The rest follows from it: the
// types, the published reasons, the reasons of holds, the tables of docs/rules.md. To add a rule, add its condition to
// rules.ts, its entry here, and its test. Codes are stable once released.

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/**
 * `nothing`: no event. `settles`: recorded, and this version of the event is decided for good. `sets aside`: recorded once
 * per version, and looked at again once the obstacle is gone. `flags`: the booking is flagged, and no version is decided.
 */
export type Leaves =
  | 'nothing'
  | 'settles'
  | 'sets aside'
  | 'flags'
  | 'BookingRescheduled'
  | 'BookingCancelled'

export type Entry = {
  readonly leaves: Leaves
  /** The booking is flagged with this code if Cal.com, not an event, is the cause. No version is decided then. */
  readonly flags?: true
  /** A person is told: in the booking's `attention`, the status and the console. */
  readonly told?: 'while open' | 'while over'
  /** The change waits until a person releases or discards it. `because`: why many are held. `lost`: the calendar is. */
  readonly held?: { readonly because: string; readonly lost?: true }
  /** `diverges`: calendar and booking differ from now on. `agrees`: they differ no longer. */
  readonly diverges?: true
  readonly agrees?: true
  /** The booking is looked at again by itself while looks decide this code. */
  readonly looksAgain?: true
  /** Nothing is recorded before looks have decided this code for this long without a break, in milliseconds. */
  readonly afterMs?: number
  /** The cause and the result, as a clause. */
  readonly because: string
  /** The action for a person, as a clause; absent if there is none. */
  readonly remedy?: string
  /** For a published cancellation: the event's change, as a clause that a time may follow. */
  readonly happened?: string
  /** For a published cancellation: the reason, as a sentence for a guest. */
  readonly guest?: string
}

const catalogue = {
  NOT_LINKED: {
    leaves: 'nothing',
    because: 'no open booking refers to this calendar event, so there was nothing to change',
    remedy: "if one should, check that the booking's reference in Cal.com names this event",
  },
  BOOKING_CLOSED: {
    leaves: 'nothing',
    because: 'the booking was already cancelled, or rescheduled to another one, so nothing was changed',
  },
  EVENT_RESTORED: {
    leaves: 'settles',
    told: 'while over',
    because: 'the event was restored in the calendar after its booking had been cancelled',
    remedy: 'book again in Cal.com if the meeting is to take place',
  },
  RESTORED_NO_MORE: {
    leaves: 'settles',
    because: "the event that had been restored is gone or declined again, or is another booking's by now",
  },
  STALE: {
    leaves: 'nothing',
    because: 'this version of the event, or a newer one, had been decided before, so nothing was done',
  },
  ANSWERS_AGAIN: {
    leaves: 'settles',
    because: 'the event can be read again, in a version that had been decided before',
  },
  LOOK_AGAIN: {
    leaves: 'nothing',
    looksAgain: true,
    because: 'the calendar was read before the newest fact from Cal.com arrived, so it is read again first',
  },
  BOOKING_NOT_ACCEPTED: {
    leaves: 'sets aside',
    because: 'the booking is not accepted in Cal.com, so its event is only looked at once it is',
    remedy: 'accept the booking in Cal.com to have the change considered',
  },
  BOOKING_CLOSING: {
    leaves: 'nothing',
    looksAgain: true,
    because: 'Cal.com has announced the end of this booking and is asked whether it is over',
  },
  NOT_ORGANISER: {
    leaves: 'settles',
    because: "this calendar holds a colleague's copy of the event, and only the organiser's copy counts",
    remedy: "make the change in the organiser's calendar",
  },
  LOOK_AT_ALL: {
    leaves: 'nothing',
    looksAgain: true,
    because: 'the booking names several events, and all of them are looked at before anything is decided',
  },
  ORGANISER_CHANGED: {
    leaves: 'settles',
    told: 'while open',
    diverges: true,
    because: 'the event was handed to another organiser, whose calendar is the one that counts now',
    remedy: 'give the booking to that host in Cal.com, or take the event back',
  },
  BOOKING_IN_PAST: {
    leaves: 'settles',
    because: 'the booking has started, and past bookings are never touched',
  },
  UNKNOWN: {
    leaves: 'sets aside',
    told: 'while open',
    looksAgain: true,
    afterMs: HOUR,
    because: 'the event could not be read in the calendar, so nothing was decided and it is tried again',
    remedy: 'check that the calendar is still there and its connection still valid',
  },
  REFERENCE_UNCONFIRMED: {
    leaves: 'sets aside',
    told: 'while open',
    looksAgain: true,
    afterMs: HOUR,
    because:
      'the event is gone from the calendar, but Cal.com has not confirmed yet that it belongs to this booking',
    remedy: "wait for Cal.com to name the booking's event, or cancel the booking in Cal.com",
  },
  DELETION_UNCLEAR: {
    leaves: 'sets aside',
    told: 'while open',
    held: {
      because:
        'the calendar says no more than that an event is gone, which is also how it looks when it is given to another organiser',
    },
    because:
      'the calendar says no more than that the event is gone, which is also how it looks when an event is given to another organiser',
    remedy: 'release it to cancel the booking, or discard it if the meeting takes place',
  },
  EVENT_SHARED: {
    leaves: 'sets aside',
    told: 'while open',
    because:
      'several bookings name this event: it belongs to another of them, or went when that one was cancelled',
    remedy: 'cancel in Cal.com the booking that does not take place',
  },
  EVENTS_DISAGREE: {
    leaves: 'sets aside',
    told: 'while open',
    because: 'the booking names several events that take place at different times',
    remedy: 'delete the event that does not stand for the booking',
  },
  TIMES_DIFFER: {
    leaves: 'flags',
    told: 'while open',
    looksAgain: true,
    afterMs: HOUR,
    because:
      'the booking has been given other times in Cal.com, and the event does not show them, so that nobody can say which are meant',
    remedy: 'move the event or the booking to the times that are meant',
  },
  LEFTOVER: {
    leaves: 'sets aside',
    because: 'an event that the booking names is gone, but another one stands for it, so nothing was changed',
  },
  DELETED_IN_CALENDAR: {
    leaves: 'BookingCancelled',
    because: 'the event was deleted in the calendar, so the booking was cancelled',
    happened: 'its event was deleted in the calendar',
    guest: 'The host removed this meeting from their calendar.',
  },
  HOST_DECLINED: {
    leaves: 'BookingCancelled',
    because: 'the host declined the event in the calendar, so the booking was cancelled',
    happened: 'the host declined its event in the calendar',
    guest: 'The host can no longer attend this meeting.',
  },
  ALL_ATTENDEES_DECLINED: {
    leaves: 'BookingCancelled',
    because: 'every guest declined the event in the calendar, so the booking was cancelled',
    happened: 'every guest declined its event in the calendar',
    guest: 'All guests have declined this meeting.',
  },
  ALL_DAY: {
    leaves: 'settles',
    told: 'while open',
    diverges: true,
    because:
      'the event became an all-day event, and a booking needs a start and an end, so nothing was changed',
    remedy: 'give the event a time again, or change the booking in Cal.com',
  },
  NO_LENGTH: {
    leaves: 'settles',
    flags: true,
    told: 'while open',
    diverges: true,
    because:
      'an end was named that is not after the start, which a booking cannot have, so nothing was changed',
    remedy: 'give the event, or the booking in Cal.com, a length again',
  },
  GUESTS_REMOVED: {
    leaves: 'settles',
    told: 'while open',
    agrees: true,
    because: 'all guests were taken off the event in the calendar, while the booking goes on',
    remedy: 'cancel the booking in Cal.com if the meeting does not take place, or invite the guests again',
  },
  NO_TIME_CHANGE: {
    leaves: 'settles',
    agrees: true,
    because: 'the event has the same start and end as the booking, so there was nothing to change',
  },
  AWAITING_ANSWER: {
    leaves: 'nothing',
    looksAgain: true,
    because:
      'the event went back to the times that Cal.com has while a published move has no outcome yet, which is awaited',
  },
  NEW_TIME_IN_PAST: {
    leaves: 'settles',
    told: 'while open',
    diverges: true,
    because: 'the event was moved to a time that has passed, so the booking was left as it is',
    remedy: 'move the event to a time to come',
  },
  RESCHEDULED: {
    leaves: 'BookingRescheduled',
    because: 'the event was moved in the calendar, so the booking was moved with it',
  },
  DISCARDED: {
    leaves: 'settles',
    because:
      'the change had been held for a person, who decided against it, so the booking was left as it is',
    remedy: 'change the event again, or change the booking in Cal.com',
  },
  POLICY_OFF: {
    leaves: 'sets aside',
    because: 'the service is switched off here, so it changed nothing',
    remedy: 'switch it on, or resume the calendar sync, to have the event looked at again',
  },
  FIRST_LOOK: {
    leaves: 'sets aside',
    told: 'while open',
    held: { because: 'event and booking differed already when they were linked' },
    because:
      'the event and the booking already differed when they were linked, so the difference is held for a person',
    remedy: 'release it to carry it to the booking, or discard it',
  },
  MASS_CHANGE: {
    leaves: 'sets aside',
    told: 'while open',
    held: { because: 'more cancellations came of this calendar at once than MASS_CHANGE_LIMIT' },
    because:
      'more bookings of this calendar would have been cancelled within an hour than may be without a person, so this one is held',
    remedy: "release the calendar's held changes to have the booking cancelled, or discard them",
  },
  MASS_MOVE: {
    leaves: 'sets aside',
    told: 'while open',
    held: { because: 'more bookings of this calendar were moved at once than MASS_CHANGE_LIMIT' },
    because:
      'more bookings of this calendar would have been moved within an hour than may be without a person, so this one is held',
    remedy: "release the calendar's held changes to have the booking moved, or discard them",
  },
  CALENDAR_GONE: {
    leaves: 'sets aside',
    told: 'while open',
    held: { because: 'the calendar is not there any more', lost: true },
    because: 'the calendar itself was gone for a while, so what is deleted in it is held for a person',
    remedy:
      'have the calendar shared again, then release its held changes; discard them if it is gone for good',
  },
  ACCOUNT_CHANGED: {
    leaves: 'sets aside',
    told: 'while open',
    held: {
      because: "the calendar knows none of its bookings' events, as if the account behind it were another",
      lost: true,
    },
    because:
      'the account behind the calendar seems to be another one, so what is deleted in it is held for a person',
    remedy: "connect the right account again, then release the calendar's held changes",
  },
  OBSERVE_ONLY: {
    leaves: 'sets aside',
    because: 'the service only observes here, so it noted what it would have done and changed nothing',
    remedy: 'set the mode to apply to carry changes to bookings',
  },
  SERIES_CHANGED: {
    leaves: 'sets aside',
    told: 'while open',
    because:
      "the event's series was changed so that nobody can say which of its events, if any, is the booking's",
    remedy: 'move or cancel the booking in Cal.com by hand',
  },
  REASSIGNED: {
    leaves: 'flags',
    told: 'while open',
    because:
      'Cal.com has given the booking to another host, and has not named an event of that host, so the booking is not followed',
    remedy:
      "wait for Cal.com to name it; if no API key is the new host's, add that key to CALCOM_API_KEYS_FILE or use a team admin's",
  },
  EVENT_NOT_FOUND: {
    leaves: 'flags',
    told: 'while open',
    because:
      "Cal.com does not say in which calendar the event is, and it is in none of the host's calendars that are kept in step",
    remedy: "register the calendar of the booking's event with RegisterCalendarSync",
  },
  LINK_NOT_FOUND: {
    leaves: 'flags',
    told: 'while open',
    because:
      "Cal.com's API does not answer for the booking, and no event with the booking's link was found in the host's calendar, so the booking is not followed",
    remedy:
      "give Cal.com's API a key that answers for the host, or send TrackBooking with the booking's event",
  },
  LINK_AMBIGUOUS: {
    leaves: 'flags',
    told: 'while open',
    because:
      "several events in the host's calendar have the booking's link, so nobody can say which of them is the booking's",
    remedy:
      "send TrackBooking with the booking's event, or give Cal.com's API a key that answers for the host",
  },
  LINK_OF_OTHERS: {
    leaves: 'flags',
    told: 'while open',
    because:
      "the only event in the host's calendar with the booking's link was made by somebody else, so it is not taken for the booking's",
    remedy:
      "send TrackBooking with the booking's event, or give Cal.com's API a key that answers for the host",
  },
  LINK_AT_OTHER_TIMES: {
    leaves: 'flags',
    told: 'while open',
    because:
      "the event with the booking's link was already at other times when it was found, so it is not taken for the booking's",
    remedy:
      "give booking and event the same times, and send TrackBooking with the event; or give Cal.com's API a key that answers for the host",
  },
  TOO_MANY_EVENTS: {
    leaves: 'flags',
    told: 'while open',
    because:
      'more calendar events were named for the booking than one can have, so it follows the first of them alone',
    remedy: "remove from the booking in Cal.com the references that are not its event's",
  },
  OVERTAKEN: {
    leaves: 'flags',
    told: 'while open',
    because:
      'the host had changed the event once more before Cal.com gave the booking the times that it has now, and that last change was not carried out',
    remedy: 'move the event to where the host wants it, or set the booking right in Cal.com',
  },
} as const satisfies { readonly [code: string]: Entry }

/** Stable once published. */
export type DecisionCode = keyof typeof catalogue

type CodesThat<What extends Leaves> = {
  [Code in DecisionCode]: (typeof catalogue)[Code]['leaves'] extends What ? Code : never
}[DecisionCode]

/** Reasons of a cancellation, as published. */
export type CancellationReason = CodesThat<'BookingCancelled'>
/** Codes of changes that wait for a person. */
export type HeldCode = {
  [Code in DecisionCode]: (typeof catalogue)[Code] extends { held: object } ? Code : never
}[DecisionCode]
/** Codes that flag a booking for a person. */
export type FlagCode =
  | CodesThat<'flags'>
  | {
      [Code in DecisionCode]: (typeof catalogue)[Code] extends { flags: true } ? Code : never
    }[DecisionCode]

export const decisions: { readonly [Code in DecisionCode]: Entry } = catalogue

export const isCancellation = (code: DecisionCode): code is CancellationReason =>
  decisions[code].leaves === 'BookingCancelled'

export const isDecisionCode = (code: string): code is DecisionCode => Object.hasOwn(catalogue, code)

/** Every reason of a cancellation, for the published schema. */
export const cancellationReasons: readonly CancellationReason[] = Object.keys(catalogue)
  .filter(isDecisionCode)
  .filter(isCancellation)

/** The reason of a cancellation, in words for a guest. */
export const guestReasonOf = (code: CancellationReason): string => catalogue[code].guest

/** Words for a hold. Its reason comes from a stream or read model, where another version may have written it. */
export const holdOf = (reason: string): NonNullable<Entry['held']> =>
  decisionOf(reason)?.held ?? { because: 'for a reason that this version does not know' }

/** The event's change that cancelled a booking, as a clause. */
export const happenedFor = (code: CancellationReason): string => catalogue[code].happened

/** The entry of a code from a stream, where another version may have written it; undefined for an unknown code. */
export const decisionOf = (code: string): Entry | undefined =>
  isDecisionCode(code) ? decisions[code] : undefined
