import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { allProjections } from '../projections/all-projections.ts'
import { checkpointWait } from '../services/read-models/checkpoint-wait.ts'
import { parkedEvents } from '../services/read-models/parked-events.ts'
import { carryOutRequests, type ParkedRequest } from '../services/read-models/parked-requests.ts'
import {
  type ProjectionRunner,
  type ProjectionsStatus,
  startProjections,
} from '../services/read-models/projection-runner.ts'
import { outageLog } from '../services/running/outage-log.ts'
import type { RoleLease } from '../services/running/role-lease.ts'
import { keepReporting, lastReport, roleReports } from '../services/running/role-reports.ts'
import { REACTIONS } from '../services/signals/reactions.ts'
import type { OpenStores } from './stores.ts'

/** The read models as this process sees them: written here while it has the role, else by another process. */
export type ReadModels = Pick<ProjectionRunner, 'caughtUp' | 'status'> & {
  /** How they are, as told by the process that writes them, this one or another; undefined where none has for long. */
  lastTold(): Promise<ProjectionsStatus | undefined>
  /** Whether this process writes them now. */
  isWriter(): boolean
  /** Writes them whenever the lease is this process's; resolves when told to stop. `also` runs beside, by the same lease. */
  run(lease: RoleLease, also: (signal: AbortSignal) => Promise<void>): Promise<void>
}

/** Makes the collections known at once, as soon as the store answers; writes nothing before `run`. */
export function readModels(parts: {
  stores: Pick<OpenStores, 'events' | 'readStore' | 'queue' | 'shared'>
  clock: Clock
  log: Logger
  random(): number
  signal: AbortSignal
}): ReadModels {
  const { stores, clock, log } = parts
  const { events, readStore, queue } = stores
  let runner: ProjectionRunner | undefined
  const elsewhere = checkpointWait({ events, readStore, projections: allProjections, clock })
  // Whoever reads declares first what it reads; whoever writes does so by itself.
  void outageLog(parts).untilItAnswers('read models', () =>
    readStore.prepare([...allProjections.map(({ collection }) => collection), parkedEvents, roleReports]),
  )
  return {
    caughtUp: (name, position, timeoutMs) => (runner?.caughtUp ?? elsewhere)(name, position, timeoutMs),
    status: () => runner?.status() ?? { projections: [], outages: [] },
    async lastTold() {
      if (runner !== undefined) return runner.status()
      const report = stores.shared
        ? await lastReport({ readStore, now: clock.now }, 'projections')
        : undefined
      // What `run` told, in this process or another.
      return report?.figures as ProjectionsStatus | undefined
    },
    isWriter: () => runner !== undefined,
    run: (lease, also) =>
      lease('projections', async (signal) => {
        const started = startProjections({
          events,
          readStore,
          projections: allProjections,
          clock,
          log,
          signal,
          beside: [REACTIONS],
        })
        runner = started
        const carryOut = ({ projection, position, want }: ParkedRequest) =>
          want === 'SKIP'
            ? started.skipParked(projection, position)
            : started.retryParked(projection, position)
        const requests = carryOutRequests({ ...parts, queue, kind: 'parked-projections', carryOut, signal })
        const figures = async () => started.status()
        const reports =
          stores.shared && keepReporting({ ...parts, readStore, role: 'projections', figures, signal })
        try {
          await Promise.all([runner.stopped, requests, reports, also(signal)])
        } finally {
          runner = undefined
        }
      }),
  }
}
