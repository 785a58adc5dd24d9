/** A booking as Cal.com sees it now. No guest, no title. */
export type DirectoryBooking = {
  bookingUid: string
  userId: string
  status: 'ACCEPTED' | 'PENDING' | 'REJECTED' | 'CANCELLED'
  start: Temporal.Instant
  end: Temporal.Instant
  /** The end that Cal.com named is not after the start; `end` is the nearest that can be. */
  impossibleTimes?: true
  rescheduledToUid?: string
  rescheduledFromUid?: string
  /** Guests share it. */
  seats?: true
  createdAt?: Temporal.Instant
  /** Cal.com's own calendar sync made it, or ended it. */
  secondWriter?: true
}

/** A reference to an event in a calendar, as Cal.com keeps it. The calendar is named only where Cal.com says it. */
export type DirectoryReference = {
  /** Empty where Cal.com has made room for an event that it has not named yet. */
  externalEventId: string
  externalCalendarId?: string
  recurringEventId?: string
}

export type DirectoryError = {
  ok: false
  code: 'NOT_FOUND' | 'REFUSED' | 'RATE_LIMITED' | 'UNAVAILABLE' | 'BAD_ANSWER'
  status?: number
  retryAfterMs?: number
}
export type DirectoryAnswer<T> = { ok: true; value: T } | DirectoryError

/**
 * Whether this is the answer of a key that works, and has no say over this booking: it is another host's, or is no more.
 * A key that does not work at all, or a version of the API that is gone, says nothing about a booking.
 */
export const isOthers = ({ code, status }: DirectoryError): boolean =>
  code === 'NOT_FOUND' || (code === 'REFUSED' && (status === 400 || status === 403))

/** Cal.com's own view of bookings. Answers are values, nothing is thrown for what Cal.com answers. */
export interface BookingDirectory {
  /** By the key of this user; where none is named, by every key in turn until one answers. */
  booking(
    bookingUid: string,
    userId: string | undefined,
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<DirectoryBooking>>
  references(
    bookingUid: string,
    userId: string | undefined,
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<DirectoryReference[]>>
  /**
   * Bookings that start after `from`, accepted or pending, by page. BAD_ANSWER where a page shows what the page before it
   * did: a reading must end.
   */
  futureBookings(
    request: { from: Temporal.Instant; userId?: string; after?: string },
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<{ bookings: DirectoryBooking[]; next?: string }>>
}
