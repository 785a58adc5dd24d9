// Events of a Cal.com booking, in the stream booking-<uid>. The event types are a storage format: names and fields are only
// ever added (see event-codec.ts). Instants are RFC 3339 in UTC. No event has data about a person. The appender works out
// what an event means, and stores the meaning in it. The fold copies that.
import type { StoredTimes } from '../times.ts'
import type { CancellationReason, FlagCode } from './decisions.ts'

export type BookingStatus = 'ACCEPTED' | 'PENDING' | 'REJECTED'

/** `AWAITING`: published, not yet seen in Cal.com. `DIVERGED`: calendar and booking differ, and stay so by themselves. */
export type Agreement = 'AGREED' | 'AWAITING' | 'DIVERGED'

/** The event in a calendar that a booking refers to. */
export type StoredReference = {
  provider: string
  calendarKey: string
  externalEventId: string
  recurringEventId?: string
  originalStart?: string
}
/** The name of one event of one calendar. No other event has it. */
export type EventName = Pick<StoredReference, 'calendarKey' | 'externalEventId'>
export type StoredWatermark = { fingerprint: string; updated?: string }

/** State of a booking after a fact, which the fold copies. Older streams lack it. */
export type StateAfter = {
  /** False if the booking stays cancelled. */
  open: boolean
  agreement: Agreement
  /** The times that were last decided or recorded. */
  times: StoredTimes
  /** The times that Cal.com last confirmed. */
  basis: StoredTimes
  /** Sequences of publications without an outcome. The last applied one may stand before them. */
  unanswered: number[]
  /** This version of the event may be decided on again. */
  forgets?: EventName & { fingerprint: string }
}

/** Fields of both published decisions. */
export type DecidedData = StoredReference & {
  bookingUid: string
  userId: string
  organizationId?: string
  /** Rises by one with each decision on this booking, from 1. */
  sequence: number
  externalUpdatedAt?: string
  /** Google's etag, where it gave one. */
  externalEtag?: string
  fingerprint: string
  observedAt: string
  /** The times that Cal.com last confirmed. */
  basis: StoredTimes
  at: string
}

/** An event as a look showed it. A cancelled event has no times. */
export type SeenData = {
  status: string
  start?: string
  end?: string
  /** Whether this calendar's copy is the organiser's; absent if the calendar does not say. */
  organiser?: boolean
  /** Whether there are guests; absent if the answer left guests out. */
  guests?: boolean
}

export type IgnoredData = StoredReference & {
  bookingUid: string
  code: string
  /** False: the version is kept under its code, and the event is looked at again once the obstacle is gone. */
  settles: boolean
  fingerprint: string
  externalUpdatedAt?: string
  externalEtag?: string
  observedAt: string
  seen: SeenData
  /** The event that was not published for this code (OBSERVE_ONLY, FIRST_LOOK, POLICY_OFF). */
  instead?: 'BookingRescheduled' | 'BookingCancelled'
  /** Agreement after this event. Older streams lack it. */
  agreement?: Agreement
  at: string
}

export type BookingEvent =
  | {
      type: 'BookingTracked'
      data: {
        bookingUid: string
        userId: string
        organizationId?: string
        status: BookingStatus
        start: string
        end: string
        rescheduledFromUid?: string
        /** Guests share this booking: a guest who leaves does not end it. */
        seats?: true
        /** When the booking was made in Cal.com, by Cal.com's clock. */
        createdAt?: string
        at: string
      }
    }
  /**
   * `confirmed`: Cal.com itself named this reference; else the rescheduled booking passed it on. `guessed`: Cal.com did not
   * say in which calendar the event is. `answered`: Cal.com named the event to the host's own key.
   */
  | {
      type: 'BookingReferenceLinked'
      data: {
        bookingUid: string
        reference: StoredReference
        confirmed: boolean
        guessed?: true
        answered?: true
        watermark?: StoredWatermark
        /** Other names of the event, by which Cal.com may still call it. */
        formerNames?: EventName[]
        /** The times that the event showed last. */
        shown?: StoredTimes
        at: string
      }
    }
  | { type: 'BookingReferenceUnlinked'; data: { bookingUid: string; reference: StoredReference; at: string } }
  /** The same calendar event under another name: another calendar, or other ids after its series was changed. */
  | {
      type: 'BookingReferenceMoved'
      data: { bookingUid: string; from: StoredReference; to: StoredReference; at: string }
    }
  /**
   * The recurrence rule of the event's series. A later change of the rule can then be told from a move. `NONE`: the series
   * repeats no more.
   */
  | { type: 'BookingSeriesNoted'; data: EventName & { bookingUid: string; rule: string; at: string } }
  /** The booking's times and status, as Cal.com says. */
  | {
      type: 'BookingTimesRecorded'
      data: {
        bookingUid: string
        start: string
        end: string
        status?: BookingStatus
        standing?: StateAfter
        at: string
      }
    }
  /** Cal.com has given the booking to another host. */
  | {
      type: 'BookingReassigned'
      data: { bookingUid: string; userId: string; previousUserId: string; at: string }
    }
  /** Cal.com's own calendar sync has changed the booking. That sync does the same work as this service. */
  | { type: 'SecondWriterNoticed'; data: { bookingUid: string; at: string } }
  /** Cal.com has announced that the booking is over, and is asked to confirm that. */
  | {
      type: 'BookingClosing'
      data: { bookingUid: string; reason: string; rescheduledToUid?: string; seats?: true; at: string }
    }
  /** The booking stays open: one of several guests has left, or Cal.com's answer says so. */
  | { type: 'BookingKeptOpen'; data: { bookingUid: string; reason: string; seats?: true; at: string } }
  | {
      type: 'BookingClosed'
      data: { bookingUid: string; reason: string; rescheduledToUid?: string; at: string }
    }
  /** `SUPERSEDED`: Cal.com had changed the booking itself in the meantime. */
  | {
      type: 'BookingOutcomeReported'
      data: {
        bookingUid: string
        eventId: string
        sequence: number
        outcome: 'APPLIED' | 'REFUSED' | 'SUPERSEDED'
        start?: string
        end?: string
        newBookingUid?: string
        code?: string
        /** Cal.com's own words for a refusal, cut short, without addresses. */
        words?: string
        standing?: StateAfter
        at: string
      }
    }
  | {
      type: 'BookingRescheduled'
      data: DecidedData & { previous: StoredTimes; next: StoredTimes & { timeZone?: string } }
    }
  | {
      type: 'BookingCancelled'
      data: DecidedData & { reason: CancellationReason; start: string; end: string }
    }
  | { type: 'ExternalEventChangeIgnored'; data: IgnoredData }
  /** A person is told of the booking until it is unflagged. */
  | { type: 'BookingFlagged'; data: { bookingUid: string; code: FlagCode; at: string } }
  | { type: 'BookingUnflagged'; data: { bookingUid: string; code: FlagCode; at: string } }
