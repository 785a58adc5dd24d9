import type { Cause } from '../../domain/event-metadata.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Has Cal.com asked once for a booking's events that may have been stored long after anybody expected them. */
export async function askOnceMore(ports: ServicePorts, bookingUid: string, cause: Cause): Promise<void> {
  if (ports.calcom === undefined) return
  await ports.queue.signal(
    { kind: 'references', key: bookingUid },
    { cause, dueInMs: 0, memo: { late: true } },
  )
}
