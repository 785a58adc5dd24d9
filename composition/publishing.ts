import type { Configuration } from '../infrastructure/config/configuration.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Outside, Stores, Time } from '../ports/port-groups.ts'
import type { EventOrigin } from '../services/publishing/booking-event.ts'
import { publicationParking } from '../services/publishing/parking.ts'
import { type RunningPublisher, runPublisher } from '../services/publishing/publisher.ts'
import type { ResumeOptions } from '../services/publishing/resume.ts'
import type { ResumeReport } from '../services/publishing/resume-report.ts'
import type { PublisherStatus } from '../services/publishing/status.ts'
import { carryOutRequests } from '../services/read-models/parked-requests.ts'
import type { RoleLease } from '../services/running/role-lease.ts'
import { keepReporting, lastReport } from '../services/running/role-reports.ts'
import { type Engine, kafkaEngine } from './engines.ts'
import { resumeOn } from './resume-publishing.ts'

/** Publishing to a broker, by this process or another. */
export type Publishing = {
  engine: Engine
  /** Publishes whenever the lease is this process's; resolves when told to stop. */
  run(lease: RoleLease): Promise<void>
  /** As told by the process that publishes, this one or another; undefined where none has for long. */
  lastTold(): Promise<PublisherStatus | undefined>
  /** See `resumePublishing`: it need not be this process that publishes. */
  resume(options: ResumeOptions): Promise<ResumeReport>
  /** Rejects where this process publishes, and events have waited for too long. */
  ready(): Promise<void>
}

/** Publishing to Kafka; undefined where no brokers are configured: the feed reads the event store. */
export function publishing(
  { kafka }: Configuration,
  parts: {
    ports: Stores & Time & Pick<Outside, 'log'>
    origin: EventOrigin
    metrics: Metrics
    shared: boolean
  },
): Publishing | undefined {
  if (kafka === undefined) return undefined
  const { ports, origin, metrics, shared } = parts
  const { clock, events } = ports
  const log = ports.log.child({ part: 'publisher' })
  let running: RunningPublisher | undefined
  return {
    engine: kafkaEngine(kafka, { clock, log }),
    run: (lease) =>
      lease('publisher', async (signal) => {
        const { kafkaPublisher } = await import('../infrastructure/kafka/kafka-publisher.ts')
        const started = runPublisher({
          events,
          publisher: kafkaPublisher({ configuration: kafka, clock, log }),
          origin,
          parking: publicationParking(ports),
          clock,
          log,
          signal,
          onPublished(_, secondsAgo) {
            for (const seconds of secondsAgo) metrics.published(seconds)
          },
        })
        running = started
        const kind = 'parked-publication'
        const requests = carryOutRequests({ ...ports, log, kind, carryOut: started.carryOut, signal })
        const figures = () => started.status()
        const reports = shared && keepReporting({ ...ports, log, role: 'publisher', figures, signal })
        try {
          await Promise.all([started.stopped, requests, reports])
        } finally {
          running = undefined
        }
      }),
    async lastTold() {
      if (running !== undefined) return running.status()
      const report = shared ? await lastReport(ports, 'publisher') : undefined
      if (report === undefined) return undefined
      // What `run` told, in this process or another.
      const status = report.figures as PublisherStatus
      const { oldestAgeMs } = status
      return { ...status, oldestAgeMs: oldestAgeMs === null ? null : oldestAgeMs + report.ageMs }
    },
    async resume(options) {
      const report = await resumeOn(kafka, ports, options, { clock, log })
      if (report.state === 'RESUMED') running?.lookAgain()
      return report
    },
    ready: async () => running?.ready(),
  }
}
