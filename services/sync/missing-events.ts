// Asks by name for events that a full list lacks: an event that is lacking need not be gone.
import type { Cause } from '../../domain/event-metadata.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import { openBookingsFrom, restoredBookingsFrom } from '../../projections/booking-references.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { addMaster, type Findings } from './findings.ts'

const CAUSE: Cause = { poll: true, reason: 'FULL_SYNC' }

/**
 * Has every linked future booking looked at whose event the full list lacks: open ones, and those whose event was there
 * again.
 */
export async function findMissing(
  ports: Pick<ServicePorts, 'readStore' | 'now'>,
  calendarKey: string,
  findings: Findings,
): Promise<void> {
  for await (const { bookingUid } of openBookingsFrom(ports.readStore, calendarKey, ports.now()))
    if (!findings.listed.has(bookingUid) && !findings.looks.has(bookingUid))
      findings.looks.set(bookingUid, { cause: CAUSE, would: 'CANCELLATION', events: new Set() })
  for await (const { bookingUid } of restoredBookingsFrom(ports.readStore, calendarKey, ports.now()))
    if (!findings.listed.has(bookingUid)) findings.looks.set(bookingUid, { cause: CAUSE, events: new Set() })
}

/**
 * Adds the masters that a full list lacks to the findings, as if it had shown them. Such a series was deleted, given away,
 * or has ended. A series that its calendar does not know says nothing.
 */
export async function findMissingSeries(
  ports: Pick<ServicePorts, 'readStore' | 'now' | 'provider'>,
  access: CalendarAccess,
  calendarKey: string,
  findings: Findings,
  signal: AbortSignal,
): Promise<{ ok: true } | ProviderError> {
  const missing = new Set<string>()
  for await (const booking of openBookingsFrom(ports.readStore, calendarKey, ports.now())) {
    if (findings.listed.has(booking.bookingUid)) continue
    for (const { calendarKey: key, recurringEventId } of booking.references)
      if (key === calendarKey && recurringEventId !== undefined) missing.add(recurringEventId)
  }
  for (const eventId of missing) {
    if (findings.newest.has(eventId)) continue
    const master = await ports.provider.event({ ...access, eventId }, signal)
    if (master.ok) addMaster(findings, master.value)
    else if (master.code !== 'NOT_FOUND' && master.code !== 'GONE') return master
  }
  return { ok: true }
}
