import { importHostsBookings } from '../calcom/host-bookings.ts'
import { askForReferences } from '../calcom/reference-ask.ts'
import { runQueueWorker, type WorkerOptions } from '../running/queue-worker.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { createBrake } from './brake.ts'
import { fetchCalendar } from './calendar-fetch.ts'
import { lookAtBooking } from './look.ts'

/** Fetches calendars, looks at bookings, asks Cal.com for references, and imports hosts' bookings, until the options' signal aborts. */
export function runChangeSyncWorker(ports: ServicePorts, options: WorkerOptions): Promise<void> {
  const brake = createBrake(ports)
  return runQueueWorker(
    ports,
    {
      kinds: ['calendar', 'booking', 'references', 'host'],
      on(lease, signal) {
        switch (lease.kind) {
          case 'calendar':
            return fetchCalendar(ports, lease, signal)
          case 'booking':
            return lookAtBooking(ports, brake, lease, signal)
          case 'references':
            return askForReferences(ports, lease, signal)
          case 'host':
            return importHostsBookings(ports, lease, signal)
          default:
            throw new Error(`${lease.kind} is no work for this worker`)
        }
      },
    },
    options,
  )
}
