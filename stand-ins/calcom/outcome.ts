import type { BookingStore } from './booking-store.ts'
import type { CalcomBooking } from './calcom-state.ts'

/** Taken up, or refused as the API would say it. `settled` resolves when all that follows has been done. */
export type Outcome =
  | { ok: true; booking: CalcomBooking; settled: Promise<void> }
  | { ok: false; status: 400 | 404; message: string }

/** Why a booking cannot be moved any more, in the words of the API; undefined where it can. */
export function whyNotMovable(store: BookingStore, booking: CalcomBooking): string | undefined {
  const { uid } = booking
  const next = store.replacementOf(uid)
  if (next !== undefined) {
    return `Can't reschedule booking with uid=${uid} because it has been rescheduled already to booking with uid=${next.uid}.`
  }
  if (booking.status === 'cancelled' || booking.status === 'rejected') {
    return `Can't reschedule booking with uid=${uid} because it has been ${booking.status}.`
  }
  return undefined
}

/** There is no such thing. */
export function notFound(message: string): Outcome {
  return { ok: false, status: 404, message }
}

/** Nothing to confirm or reject. */
export function notPending(uid: string): Outcome {
  return { ok: false, status: 400, message: `Booking with uid=${uid} does not await confirmation` }
}
