// What is on record of a Cal.com booking: the events of the stream booking-<uid>. The event types are a storage format:
// names and fields are only ever added (see event-codec.ts). Instants are RFC 3339 in UTC. No event holds anything about
// a person. An event says what it means: whoever appends it works that out, and the fold only takes it over.
import type { StoredTimes } from '../times.ts'
import type { CancellationReason, FlagCode } from './decisions.ts'

export type BookingStatus = 'ACCEPTED' | 'PENDING' | 'REJECTED'

/** `AWAITING`: published, not yet seen in Cal.com. `DIVERGED`: calendar and booking differ, and will not meet by themselves. */
export type Agreement = 'AGREED' | 'AWAITING' | 'DIVERGED'

/** The event in a calendar that a booking refers to. */
export type StoredReference = {
  provider: string
  calendarKey: string
  externalEventId: string
  recurringEventId?: string
  originalStart?: string
}
/** What tells one event of one calendar from every other. */
export type EventName = Pick<StoredReference, 'calendarKey' | 'externalEventId'>
export type StoredWatermark = { fingerprint: string; updated?: string }

/** How a booking stands after a fact: taken over by the fold as it is. Absent in streams written before it was stored. */
export type StateAfter = {
  /** False: it stays cancelled. */
  open: boolean
  agreement: Agreement
  /** What was last decided or recorded. */
  times: StoredTimes
  /** What Cal.com last confirmed. */
  basis: StoredTimes
  /** The publications, by sequence, of which nobody has told what became of them; before them the last one applied. */
  unanswered: number[]
  /** This version of the event may be decided on again. */
  forgets?: EventName & { fingerprint: string }
}

/** What both published decisions carry. */
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
  /** What Cal.com last confirmed. */
  basis: StoredTimes
  at: string
}

/** What a look showed of an event; times only of one that is not cancelled. */
export type SeenData = {
  status: string
  start?: string
  end?: string
  /** Whether this calendar's copy is the organiser's, where it says so. */
  organiser?: boolean
  /** Whether there are guests, where the answer holds them. */
  guests?: boolean
}

export type IgnoredData = StoredReference & {
  bookingUid: string
  code: string
  /** False: a code with a watermark of its own, the event is looked at again once the reason is gone. */
  settles: boolean
  fingerprint: string
  externalUpdatedAt?: string
  externalEtag?: string
  observedAt: string
  seen: SeenData
  /** The decision that this one stands in for (OBSERVE_ONLY, FIRST_LOOK, POLICY_OFF). */
  instead?: 'BookingRescheduled' | 'BookingCancelled'
  /** From then on; absent in streams written before it was stored. */
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
        /** Guests share this booking: one who leaves does not end it. */
        seats?: true
        /** When it was made in Cal.com, by Cal.com's clock. */
        createdAt?: string
        at: string
      }
    }
  /**
   * `confirmed`: Cal.com itself named this reference; else it was passed on from the booking rescheduled to this one.
   * `guessed`: Cal.com did not say in which calendar. `answered`: it was named in answer to the host's own key.
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
        /** When the event last showed times, these. */
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
   * By which rule the series of the event repeats, so that a later change of it can be told from a move. `NONE`: it repeats
   * no more.
   */
  | { type: 'BookingSeriesNoted'; data: EventName & { bookingUid: string; rule: string; at: string } }
  /** What Cal.com says the booking's times and status are. */
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
  /** Cal.com's own calendar sync has changed the booking: it carries the calendar's changes over, as this service does. */
  | { type: 'SecondWriterNoticed'; data: { bookingUid: string; at: string } }
  /** Cal.com has announced that the booking is over, and is to be asked whether it is. */
  | {
      type: 'BookingClosing'
      data: { bookingUid: string; reason: string; rescheduledToUid?: string; seats?: true; at: string }
    }
  /** It is not: one of several guests has left, or Cal.com's answer says so. */
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
