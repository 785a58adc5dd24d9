import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'

/** A booking as the stand-in's own pages show it, with what replaced it. */
export function bookingView(core: CalcomCore, booking: CalcomBooking) {
  return {
    ...booking,
    rescheduledToUid: core.store.replacementOf(booking.uid)?.uid,
    references: booking.references.map((reference) => ({ ...reference })),
  }
}
