import type { BookingWriter } from '../../ports/booking-writer.ts'
import { signalUnapplied } from '../calcom/unapplied.ts'
import type { OutageLog } from '../running/outage-log.ts'
import { runQueueWorker, type WorkerOptions } from '../running/queue-worker.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { applyChain } from './apply.ts'

/** Chains worked on at a time: Cal.com takes some 120 requests a minute of one key. */
const WIDTH = 4

/** Carries published changes out in Cal.com until `signal` aborts, beginning with those that nobody has reported. */
export async function runApplier(
  ports: ServicePorts,
  writer: BookingWriter,
  options: Omit<WorkerOptions, 'width'> & { outages: Pick<OutageLog, 'untilItAnswers'> },
): Promise<void> {
  await Promise.all([
    options.outages.untilItAnswers('signal queue for changes not carried out', () => signalUnapplied(ports)),
    runQueueWorker(
      ports,
      { kinds: ['apply'], on: (lease, signal) => applyChain(ports, writer, lease, signal) },
      { ...options, width: WIDTH },
    ),
  ])
}
