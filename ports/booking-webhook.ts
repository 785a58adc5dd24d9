/**
 * One delivery of Cal.com, in the service's own words. Titles, guests and e-mail addresses are dropped at the edge.
 * Deliveries may come twice, late, or in another order than they were sent.
 */
export type BookingDelivery =
  | { trigger: 'BOOKING_CREATED'; createdAt?: string; booking: DeliveredBooking }
  /**
   * `booking.bookingUid` is the new booking's; `rescheduledFromUid` the one it replaces.
   * Without `rescheduledFromUid` the booking moved under its own uid (a booking with seats).
   */
  | {
      trigger: 'BOOKING_RESCHEDULED'
      createdAt?: string
      booking: DeliveredBooking
      rescheduledFromUid?: string
    }
  /** One of several guests has moved, to a booking that the delivery does not name. */
  | { trigger: 'SEAT_MOVED'; createdAt?: string; rescheduledFromUid: string }
  /** The payment may have accepted the booking, whose creation is not announced. */
  | { trigger: 'BOOKING_PAID'; createdAt?: string; booking: DeliveredBooking }
  /** `requestReschedule`: the host asked the guest for another time, which ends this booking all the same. */
  | {
      trigger: 'BOOKING_CANCELLED'
      createdAt?: string
      bookingUid: string
      userId?: string
      requestReschedule: boolean
      /** The delivery shows seats: perhaps only one guest has left. */
      seats?: true
      /** Cal.com's own calendar sync ended it. */
      secondWriter?: true
    }
  | { trigger: 'BOOKING_REJECTED'; createdAt?: string; bookingUid: string; userId?: string }
  /** The test button; says nothing about a booking. */
  | { trigger: 'PING'; createdAt?: string }
  /** A trigger that this service does not use, by its own name. */
  | { trigger: 'IGNORED'; createdAt?: string; ignored: string }

/** A booking as a delivery shows it. It never names the calendar event: references are asked for separately. */
export type DeliveredBooking = {
  bookingUid: string
  /** The organiser's Cal.com id; old deliveries lack it. */
  userId?: string
  start: Temporal.Instant
  end: Temporal.Instant
  /** The end that Cal.com named is not after the start; `end` is the nearest that can be. */
  impossibleTimes?: true
  status: 'ACCEPTED' | 'PENDING' | 'REJECTED' | 'CANCELLED'
  /** Guests share it. */
  seats?: true
  /** When it was made, as far as the delivery tells. */
  createdAt?: Temporal.Instant
  /** Cal.com's own calendar sync made it. */
  secondWriter?: true
  /** The calendars of a known provider into which the booking is written; often none. */
  destinations: DeliveredDestination[]
}

export type DeliveredDestination = {
  provider: 'google'
  /** `primary` only where nothing in the delivery says which calendar that is. */
  externalCalendarId: string
  /** Absent where the account is reached by delegation. */
  credentialId?: string
}

/**
 * `WRONG_SIGNATURE` is answered 401 and says nothing more; `BAD_BODY` lists every problem found, by field, without
 * the values.
 */
export type DeliveryProblem = {
  ok: false
  code: 'WRONG_SIGNATURE' | 'BAD_BODY'
  problems: string[]
  /** The body has not even Cal.com's own form: a payload template has probably made it. */
  template?: true
}

/** Checks the signature over the body exactly as it was received, then reads it. Never throws. */
export type ReadBookingDelivery = (
  rawBody: Uint8Array,
  signature: string | undefined,
) => { ok: true; delivery: BookingDelivery } | DeliveryProblem
