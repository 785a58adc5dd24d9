// Flags: told of a booking itself, and not of a version of one of its events.
import type { FlagCode } from './decisions.ts'
import type { BookingEvent } from './events.ts'
import type { OpenBooking } from './state.ts'

/** Has a person told, or no longer; nothing where that is so already. `at`: RFC 3339, UTC. */
export function flagsFor(
  { bookingUid, flags }: OpenBooking,
  code: FlagCode,
  raised: boolean,
  at: string,
): BookingEvent[] {
  if (flags.includes(code) === raised) return []
  return [{ type: raised ? 'BookingFlagged' : 'BookingUnflagged', data: { bookingUid, code, at } }]
}
