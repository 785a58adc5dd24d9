/** A booking as Cal.com sees it now. No guest, no title. */
export type DirectoryBooking = {
  bookingUid: string
  userId: string
  status: 'ACCEPTED' | 'PENDING' | 'REJECTED' | 'CANCELLED'
  start: Temporal.Instant
  end: Temporal.Instant
  rescheduledToUid?: string
  rescheduledFromUid?: string
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

/** Cal.com's own view of bookings. Answers are values, nothing is thrown for what Cal.com answers. */
export interface BookingDirectory {
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
  /** Bookings that start after `from`, accepted or pending, by page. */
  futureBookings(
    request: { from: Temporal.Instant; userId?: string; after?: string },
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<{ bookings: DirectoryBooking[]; next?: string }>>
}
