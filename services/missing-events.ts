import type { Cause } from '../domain/event-metadata.ts'
import type { CalendarAccess } from '../infrastructure/calendar-provider/calendar-provider.ts'
import { type BookingReferencesDocument, openBookingsFrom } from '../projections/booking-references.ts'
import { cancellationsLeft } from './brake.ts'
import type { Findings } from './page-match.ts'
import type { ServicePorts } from './service-ports.ts'

/** How many events are asked for at a time. */
const WIDTH = 8

/**
 * After a full sync every linked future booking whose event the list lacks is to be looked at: lacking is not yet gone.
 * Where there are more than the brake leaves, only those whose event is gone indeed count for it.
 */
export async function findMissing(
  ports: ServicePorts,
  access: CalendarAccess,
  calendarKey: string,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const cause: Cause = { poll: true, reason: 'FULL_SYNC' }
  const lacking: BookingReferencesDocument[] = []
  for await (const booking of openBookingsFrom(ports.readStore, calendarKey, ports.now()))
    if (!findings.seen.has(booking.bookingUid) && !findings.looks.has(booking.bookingUid))
      lacking.push(booking)
  if (lacking.length === 0) return
  const many = lacking.length > (await cancellationsLeft(ports, calendarKey))
  for (let start = 0; start < lacking.length; start += WIDTH)
    await Promise.all(
      lacking.slice(start, start + WIDTH).map(async (booking) => {
        const gone = !many || (await isGone(ports, access, calendarKey, booking, signal))
        findings.looks.set(booking.bookingUid, { cause, ...(gone && { gone }) })
      }),
    )
}

/** What cannot be learned now is left to the look. */
async function isGone(
  ports: ServicePorts,
  access: CalendarAccess,
  calendarKey: string,
  booking: BookingReferencesDocument,
  signal: AbortSignal,
): Promise<boolean> {
  for (const reference of booking.references) {
    if (reference.calendarKey !== calendarKey) continue
    const answer = await ports.provider.event({ ...access, eventId: reference.externalEventId }, signal)
    if (answer.ok && answer.value.status === 'cancelled') return true
  }
  return false
}
