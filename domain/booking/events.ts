// What is on record of a Cal.com booking: the events of the stream booking-<uid>. The event types are a storage format:
// names and fields are only ever added (see event-codec.ts). Instants are RFC 3339 in UTC. No event holds anything about
// a person.
import type { StoredTimes } from '../times.ts'

export type BookingStatus = 'ACCEPTED' | 'PENDING' | 'REJECTED'

/** `AWAITING`: published, not yet seen in Cal.com. `DIVERGED`: Cal.com refused it, calendar and booking differ. */
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

/** What both published decisions carry. */
export type DecidedData = StoredReference & {
  bookingUid: string
  userId: string
  organizationId?: string
  /** Rises by one with each decision on this booking, from 1. */
  sequence: number
  externalUpdatedAt?: string
  fingerprint: string
  observedAt: string
  /** What Cal.com last confirmed. */
  basis: StoredTimes
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
        at: string
      }
    }
  /** `confirmed`: Cal.com itself named this reference; else it was passed on from the booking rescheduled to this one. */
  | {
      type: 'BookingReferenceLinked'
      data: {
        bookingUid: string
        reference: StoredReference
        confirmed: boolean
        watermark?: StoredWatermark
        /** Other names of the event, by which Cal.com may still call it. */
        formerNames?: EventName[]
        at: string
      }
    }
  | { type: 'BookingReferenceUnlinked'; data: { bookingUid: string; reference: StoredReference; at: string } }
  /** The same calendar event under another name: another calendar, or other ids after its series was changed. */
  | {
      type: 'BookingReferenceMoved'
      data: { bookingUid: string; from: StoredReference; to: StoredReference; at: string }
    }
  /** What Cal.com says the booking's times and status are. */
  | {
      type: 'BookingTimesRecorded'
      data: { bookingUid: string; start: string; end: string; status?: BookingStatus; at: string }
    }
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

export type CancellationReason = 'DELETED_IN_CALENDAR' | 'HOST_DECLINED' | 'ALL_ATTENDEES_DECLINED'

export type IgnoredData = StoredReference & {
  bookingUid: string
  code: string
  /** False: a code with a watermark of its own, the event is looked at again once the reason is gone. */
  settles: boolean
  fingerprint: string
  externalUpdatedAt?: string
  observedAt: string
  /** What the look showed; times only of events that are not cancelled. */
  seen: { status: string; start?: string; end?: string }
  /** The decision that this one stands in for (OBSERVE_ONLY, FIRST_LOOK, POLICY_OFF). */
  instead?: 'BookingRescheduled' | 'BookingCancelled'
  at: string
}
