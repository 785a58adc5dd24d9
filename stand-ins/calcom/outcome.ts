import type { BookingStore } from './booking-store.ts'
import type { CalcomBooking } from './calcom-state.ts'

/** Taken up, or refused as the API would say it. `settled` resolves when all that follows has been done. */
export type Outcome = { ok: true; booking: CalcomBooking; settled: Promise<void> } | Refusal
export type Refusal = { ok: false; status: 400 | 404 | 409; message: string; bare?: boolean }

/**
 * Why a booking cannot be moved any more, in the words of the API; undefined where it can. `oldLinks` open: one that
 * was rescheduled away can be, once more.
 */
export function whyNotMovable(
  store: BookingStore,
  booking: CalcomBooking,
  oldLinks: 'refused' | 'open' = 'refused',
): string | undefined {
  const { uid } = booking
  const next = store.replacementOf(uid)
  if (next !== undefined) {
    if (oldLinks === 'open') return undefined
    return `Can't reschedule booking with uid=${uid} because it has been cancelled and rescheduled already to booking with uid=${next.uid}.`
  }
  if (booking.status === 'cancelled' || booking.status === 'rejected') {
    return `Can't reschedule booking with uid=${uid} because it has been ${booking.status}.`
  }
  return undefined
}

/** There is no such thing. */
export function notFound(message: string): Refusal {
  return { ok: false, status: 404, message }
}

/** There is no such booking. */
export function noBooking(uid: string): Refusal {
  return notFound(`Booking with uid=${uid} was not found in the database`)
}

/** It is there, and that cannot be done with it. */
export function refused(message: string): Refusal {
  return { ok: false, status: 400, message }
}

/** Nothing to confirm or reject. */
export function notPending(uid: string): Refusal {
  return refused(`Booking with uid=${uid} does not await confirmation`)
}

/** The booking, if it takes place as far as Cal.com knows. */
export function openBooking(store: BookingStore, uid: string): CalcomBooking | Refusal {
  const booking = store.booking(uid)
  if (booking === undefined) return noBooking(uid)
  if (booking.status === 'cancelled' || booking.status === 'rejected') {
    return refused(`Booking with uid=${uid} has been ${booking.status} already`)
  }
  return booking
}

/** Tells a refusal from a booking. */
export const isRefusal = (found: CalcomBooking | Refusal): found is Refusal => 'ok' in found
