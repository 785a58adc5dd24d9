import { type Claim, type Look, MOST_CLAIMS } from '../domain/booking/look.ts'
import { defined, ifDefined } from '../domain/optional-fields.ts'
import { instant } from '../domain/times.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { type BookingReferencesDocument, bookingsOfEvent } from './booking-references.ts'

/** Enough to see that there are too many: one more than the most, and the booking that is looked at. */
const ENOUGH = MOST_CLAIMS + 2

/** The claims on the events of the look, as far as `LookContext` wants them. */
export async function readClaims(readStore: ReadStore, { sights }: Look): Promise<Claim[]> {
  const claims = await Promise.all(
    sights.map(async ({ calendarKey, externalEventId }) => {
      const event = { calendarKey, externalEventId }
      const found: BookingReferencesDocument[] = []
      for await (const booking of bookingsOfEvent(readStore, event, ENOUGH)) {
        if (isClaim(booking)) found.push(booking)
        if (found.length === ENOUGH) break
      }
      return claimsOf(found, event)
    }),
  )
  return claims.flat()
}

/** Those of the bookings that are open or cancelled, as claims on the event, and no more than enough of them. */
export function claimsOf(
  bookings: readonly BookingReferencesDocument[],
  event: { calendarKey: string; externalEventId: string },
): Claim[] {
  return bookings
    .filter(isClaim)
    .slice(0, ENOUGH)
    .map(({ bookingUid, open, start, end, trackedAt, createdAt, rescheduledFromUid }) => ({
      ...event,
      bookingUid,
      times: { start: instant(start), end: instant(end) },
      trackedAt: instant(trackedAt),
      ...defined({ createdAt: ifDefined(createdAt, instant), rescheduledFromUid }),
      ...(!open && { cancelled: true as const }),
    }))
}

const isClaim = ({ open, status }: BookingReferencesDocument): boolean => open || status === 'CANCELLED'
