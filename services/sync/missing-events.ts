import type { Cause } from '../../domain/event-metadata.ts'
import { openBookingsFrom } from '../../projections/booking-references.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import type { Findings } from './findings.ts'

const CAUSE: Cause = { poll: true, reason: 'FULL_SYNC' }

/** After a full sync every linked future booking whose event the list lacks is to be looked at: lacking is not yet gone. */
export async function findMissing(
  ports: Pick<ServicePorts, 'readStore' | 'now'>,
  calendarKey: string,
  findings: Findings,
): Promise<void> {
  for await (const { bookingUid } of openBookingsFrom(ports.readStore, calendarKey, ports.now()))
    if (!findings.seen.has(bookingUid) && !findings.looks.has(bookingUid))
      findings.looks.set(bookingUid, { cause: CAUSE, would: 'CANCELLATION', events: new Set() })
}
