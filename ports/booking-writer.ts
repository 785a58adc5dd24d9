import type { DirectoryAnswer, DirectoryBooking, DirectoryError } from './booking-directory.ts'

/** A booking as it is read before it is written to. */
export type WritableBooking = DirectoryBooking & {
  /** The host's address as Cal.com names it; undefined where Cal.com does not. */
  hostEmail?: string
  /** The length that a move gives the booking, where Cal.com says so: its event type's. */
  lengthMinutes?: number
  /** When the booking was last changed in Cal.com, by Cal.com's clock. */
  updatedAt?: Temporal.Instant
}

/** `words`: Cal.com's own for a refusal, cut short, without addresses. */
export type WriteError = DirectoryError & { words?: string }
export type WriteAnswer<T> = { ok: true; value: T } | WriteError

/**
 * Writes to bookings in Cal.com, in the name of their host. Guests are told of each call by Cal.com. Answers are values. A
 * call whose answer is no use (UNAVAILABLE, BAD_ANSWER) may have been carried out: read the booking.
 */
export interface BookingWriter {
  /** The booking, asked with this user's key. Only `withLength` costs a second request. */
  booking(
    bookingUid: string,
    userId: string,
    options: { withLength: boolean },
    signal?: AbortSignal,
  ): Promise<DirectoryAnswer<WritableBooking>>
  cancel(
    bookingUid: string,
    userId: string,
    request: { reason: string },
    signal?: AbortSignal,
  ): Promise<WriteAnswer<undefined>>
  /** Moves the booking. `by`: who moves it; without the host's address a type that must be confirmed goes pending. */
  reschedule(
    bookingUid: string,
    userId: string,
    request: { start: Temporal.Instant; by?: string; reason: string },
    signal?: AbortSignal,
  ): Promise<WriteAnswer<DirectoryBooking>>
}
