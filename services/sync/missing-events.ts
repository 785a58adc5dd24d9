import { applyLook } from '../../commands/apply-look.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import type { CalendarAccess } from '../../ports/calendar-provider.ts'
import { type BookingReferencesDocument, openBookingsFrom } from '../../projections/booking-references.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { cancellationsLeft } from './brake.ts'
import type { Findings } from './page-match.ts'

/** How many events are asked for at a time. */
const WIDTH = 8

const CAUSE: Cause = { poll: true, reason: 'FULL_SYNC' }

/**
 * After a full sync every linked future booking whose event the list lacks is to be looked at: lacking is not yet gone.
 * Where there are more than the brake leaves, only those whose event would cancel them indeed weigh on it.
 */
export async function findMissing(
  ports: ServicePorts,
  access: CalendarAccess,
  calendarKey: string,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const lacking: BookingReferencesDocument[] = []
  for await (const booking of openBookingsFrom(ports.readStore, calendarKey, ports.now()))
    if (!findings.seen.has(booking.bookingUid) && !findings.looks.has(booking.bookingUid))
      lacking.push(booking)
  if (lacking.length === 0) return
  const many = lacking.length > (await cancellationsLeft(ports, calendarKey))
  for (let start = 0; start < lacking.length; start += WIDTH)
    await Promise.all(
      lacking.slice(start, start + WIDTH).map(async (booking) => {
        const gone = !many || (await wouldCancel(ports, access, calendarKey, booking, signal))
        findings.looks.set(booking.bookingUid, { cause: CAUSE, ...(gone && { gone }) })
      }),
    )
}

/** What cannot be learned now, and which instance of a series is meant, is left to the look. */
async function wouldCancel(
  ports: ServicePorts,
  access: CalendarAccess,
  calendarKey: string,
  booking: BookingReferencesDocument,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { provider, externalEventId, ...reference } of booking.references) {
    if (reference.calendarKey !== calendarKey || reference.recurringEventId !== undefined) continue
    const observedAt = ports.now()
    const answer = await ports.provider.event({ ...access, eventId: externalEventId }, signal)
    if (!answer.ok || answer.value.status !== 'cancelled') continue
    const look = { provider, calendarKey, externalEventId, observedAt, result: { seen: answer.value } }
    const context = contextOf(ports, 'sync-worker', CAUSE)
    const lookContext = await lookContextFor(ports, booking, calendarKey)
    const { bookingUid } = booking
    const { decision } = await applyLook(ports, context, bookingUid, look, lookContext, 'unless it acts')
    if (decision.acts) return true
  }
  return false
}
