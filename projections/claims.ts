import type { Claim, Look } from '../domain/booking/look.ts'
import { defined, ifDefined } from '../domain/optional-fields.ts'
import { instant } from '../domain/times.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { type BookingReferencesDocument, bookingsOfEvents } from './booking-references.ts'

/** The bookings other than this one that refer to the events of the look: see `claimsOf`. */
export async function claimsOn(readStore: ReadStore, bookingUid: string, { sights }: Look): Promise<Claim[]> {
  const claims: Claim[] = []
  for (const [calendarKey, inCalendar] of Map.groupBy(sights, (sight) => sight.calendarKey)) {
    const ids = inCalendar.map(({ externalEventId }) => externalEventId)
    for (const [id, found] of await bookingsOfEvents(readStore, calendarKey, ids))
      claims.push(...claimsOf(found, bookingUid, { calendarKey, externalEventId: id }))
  }
  return claims
}

/** Those of the bookings that are other than this one, and open or cancelled, as claims on the event. */
export const claimsOf = (
  bookings: readonly BookingReferencesDocument[],
  bookingUid: string,
  event: { calendarKey: string; externalEventId: string },
): Claim[] =>
  bookings
    .filter(
      ({ open, status, ...other }) => (open || status === 'CANCELLED') && other.bookingUid !== bookingUid,
    )
    .map(({ open, start, end, trackedAt, createdAt, rescheduledFromUid, ...other }) => ({
      ...event,
      bookingUid: other.bookingUid,
      times: { start: instant(start), end: instant(end) },
      trackedAt: instant(trackedAt),
      ...defined({ createdAt: ifDefined(createdAt, instant), rescheduledFromUid }),
      ...(!open && { cancelled: true as const }),
    }))
