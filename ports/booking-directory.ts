import type { PageLimit } from './page-limit.ts'

/** A booking as Cal.com has it now, without guests and title. */
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
  /** The calendar into which Cal.com writes it, where the answer tells. */
  destination?: { externalCalendarId: string; credentialId?: string }
}

/** Cal.com's reference to an event in a calendar. The calendar is absent if Cal.com does not name it. */
export type DirectoryReference = {
  /** Empty if Cal.com has announced an event that it has not named yet. */
  externalEventId: string
  externalCalendarId?: string
  recurringEventId?: string
}

export type DirectoryError = {
  ok: false
  code: 'NOT_FOUND' | 'REFUSED' | 'RATE_LIMITED' | 'UNAVAILABLE' | 'BAD_ANSWER'
  status?: number
  /** The limit that the answer, or the reading, went beyond, for BAD_ANSWER. */
  reason?: 'ANSWER_TOO_LARGE' | 'REDIRECT_REFUSED' | PageLimit
  retryAfterMs?: number
}
export type DirectoryAnswer<T> = { ok: true; value: T } | DirectoryError

/**
 * True for the answer of a working key that may not read the booking: that is another host's, or gone. A key that does not
 * work, or a version of the API that is gone, says nothing about a booking.
 */
export const isOthers = ({ code, status }: DirectoryError): boolean =>
  code === 'NOT_FOUND' || (code === 'REFUSED' && (status === 400 || status === 403))

/**
 * Cal.com's own view of bookings. Answers are values, nothing is thrown for what Cal.com answers. Where there are no keys
 * the answer is the same for every user.
 */
export interface BookingDirectory {
  /** Asks with this user's key; without a user, with every key, one after another, until one answers. */
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
   * Bookings that start after `from`, accepted or pending, by page. BAD_ANSWER if a page repeats the page before it: a
   * reading must end.
   */
  futureBookings(
    request: { from: Temporal.Instant; userId?: string; after?: string },
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<{ bookings: DirectoryBooking[]; next?: string }>>
}
