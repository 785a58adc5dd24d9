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

/**
 * Has Cal.com asked for the events of the present host, with new patience, and the calendars kept in step in which they
 * lie: another host has the booking, or the event of the one before is gone, so that another one is about to be named.
 */
export const askForHostsEvents = (
  ports: Pick<ServicePorts, 'queue' | 'now'>,
  bookingUid: string,
  cause: Cause = { poll: true, reason: 'REASSIGNED' },
): Promise<void> =>
  ports.queue.signal(
    { kind: 'references', key: bookingUid },
    {
      cause,
      dueInMs: 0,
      memo: { since: ports.now().toString(), tries: 0, register: true },
      atOnce: true,
    },
  )
