import type { Cause } from '../../domain/event-metadata.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Has Cal.com asked once for a booking's events: Cal.com may have stored them long after the wait was over. */
export async function askOnceMore(ports: ServicePorts, bookingUid: string, cause: Cause): Promise<void> {
  if (ports.calcom === undefined) return
  await ports.queue.signal(
    { kind: 'references', key: bookingUid },
    { cause, dueInMs: 0, memo: { late: true } },
  )
}

/**
 * Has Cal.com asked for the present host's events, with a new wait, and their calendars registered. Call this if
 * another host has the booking, or if the former host's event is gone. Cal.com is then about to name another event.
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
