import type { Configuration } from '../infrastructure/config/configuration.ts'
import { kafkaPublisher } from '../infrastructure/kafka/kafka-publisher.ts'
import type { Metrics } from '../infrastructure/metrics/metrics.ts'
import type { EventOrigin } from '../services/booking-event.ts'
import { publicationParking } from '../services/publication-parking.ts'
import { type PublisherStatus, type RunningPublisher, runPublisher } from '../services/publisher.ts'
import type { Lease } from '../services/role-lease.ts'
import type { ServicePorts } from '../services/service-ports.ts'
import { type Engine, kafkaEngine } from './engines.ts'

export type Publishing = {
  engine: Engine
  /** Publishes whenever the lease is this process's; resolves when told to stop. */
  run(lease: Lease): Promise<void>
  /** Undefined while another process publishes. */
  status(): Promise<PublisherStatus> | undefined
  /** Rejects where this process publishes, and events have waited for too long. */
  ready(): Promise<void>
}

/** Publishing to Kafka; undefined where no brokers are configured: the feed reads the event store. */
export function publishing(
  { kafka }: Configuration,
  parts: { ports: ServicePorts; origin: EventOrigin; metrics: Metrics },
): Publishing | undefined {
  if (kafka === undefined) return undefined
  const { ports, origin, metrics } = parts
  const { clock, events } = ports
  const log = ports.log.child({ part: 'publisher' })
  let running: RunningPublisher | undefined
  return {
    engine: kafkaEngine(kafka, { clock, log }),
    run: (lease) =>
      lease('publisher', async (signal) => {
        running = runPublisher({
          events,
          publisher: kafkaPublisher({ configuration: kafka, clock, log }),
          origin,
          park: publicationParking(ports),
          clock,
          log,
          signal,
          onPublished(_, secondsAgo) {
            for (const seconds of secondsAgo) metrics.published(seconds)
          },
        })
        try {
          await running.stopped
        } finally {
          running = undefined
        }
      }),
    status: () => running?.status(),
    ready: async () => running?.ready(),
  }
}
