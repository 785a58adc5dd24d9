// The composition root: configuration → adapters → roles. With composition/, the only place that knows every adapter.
import { randomUUID } from 'node:crypto'
import { clientFailures } from './composition/client-failures.ts'
import { closers } from './composition/closers.ts'
import { deploymentGuard } from './composition/deployment-guard.ts'
import type { Engine } from './composition/engines.ts'
import { httpHandler, listenAsConfigured, originOf } from './composition/http.ts'
import { openStandIns, outsidePorts } from './composition/outside.ts'
import { readModels } from './composition/projections.ts'
import { publishing } from './composition/publishing.ts'
import { startRoles } from './composition/roles.ts'
import { openStores } from './composition/stores.ts'
import { systemClock } from './infrastructure/clock/system-clock.ts'
import { operatorToken } from './infrastructure/config/api-token.ts'
import type { Configuration } from './infrastructure/config/configuration.ts'
import {
  forgetServiceAddress,
  keepServiceAddress,
  newAddressSecret,
} from './infrastructure/config/service-address.ts'
import { createLogger } from './infrastructure/logging/logger.ts'
import { createMetrics } from './infrastructure/metrics/metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'
import type { Time } from './ports/port-groups.ts'
import { requestForParked } from './services/read-models/parked-requests.ts'
import { countOutcome } from './services/running/counted-outcomes.ts'
import { outageLog } from './services/running/outage-log.ts'
import { alone, leasedIn } from './services/running/role-lease.ts'
import type { ServicePorts } from './services/running/service-ports.ts'
import { unforeseenFailures } from './services/status/unforeseen-failures.ts'
import type { StandIns } from './stand-ins/stand-ins.ts'

export type Service = {
  /** Where it listens. */
  url: string
  /** The token that operators sign in with; `tokenIsNew` at the first start on a data folder. */
  token: string
  tokenIsNew: boolean
  standIns: StandIns | undefined
  /** The servers that it works with. */
  engines: readonly Engine[]
  ports: ServicePorts
  /** Why it has to be stopped: its stores are found not to belong together, at the start or later. */
  mustStop: Promise<string>
  /** Whether an unhandled rejection is a failure inside a client of a server: it is told then, and ends nothing. */
  isClientFailure(reason: unknown): boolean
  /** Takes nothing more, finishes or gives back what is under way, closes the stores. Safe to call twice. */
  stop(): Promise<void>
}

export type StartOptions = {
  clock?: Clock
  log?: Logger
  /** This data folder takes the place of another one that the event store was used with. */
  takeOver?: boolean
}

/** Starts everything that the configuration names. Rejects with StartRefused for what the operator can mend. */
export async function startService(
  configuration: Configuration,
  options: StartOptions = {},
): Promise<Service> {
  const { clock = systemClock, log = createLogger({ level: configuration.log.level }) } = options
  await using starting = closers(log)
  const { data, http, leaseMs, sync } = configuration
  const stopping = new AbortController()
  const { signal } = stopping
  const time: Time = { clock, now: clock.now, newId: randomUUID, random: Math.random }
  const metrics = createMetrics()
  const failures = clientFailures({ now: clock.now, log, metrics })
  const unforeseen = unforeseenFailures(clock)

  const stores = await openStores({ configuration, clock, log, newId: time.newId, opened: starting })
  const { token, isNew: tokenIsNew } = operatorToken(data.folder, configuration.api.token)
  const listener = await listenAsConfigured(configuration)
  starting.add('http', listener.close)
  const { url } = listener

  const standIns = await openStandIns({ configuration, stores, clock }, { url, opened: starting })
  const publicUrl = http.publicUrl ?? (standIns && url)
  const outside = outsidePorts(
    { configuration, stores, clock },
    { standIns, publicUrl, log, metrics, opened: starting },
  )
  const models = readModels({ stores, ...time, log: log.child({ part: 'projections' }), signal })
  const { events, readStore, queue, vault } = stores
  const ports: ServicePorts = {
    ...time,
    ...outside,
    events,
    readStore,
    queue,
    vault,
    calendars: vault.calendars,
    caughtUp: models.caughtUp,
    requestForParked: (request) => requestForParked(stores, request),
    defaultMode: sync.mode,
    settings: sync,
  }

  const outages = outageLog({ clock, log, signal })
  const { takeOver = false } = options
  const guard = deploymentGuard({ configuration, stores, outages, clock, log, takeOver, signal })
  const origin = originOf(guard.name, publicUrl ?? url)
  const publisher = publishing(configuration, { ports, origin, metrics, shared: stores.shared })
  const lease = stores.shared ? leasedIn({ queue, clock, log, leaseMs, signal }) : alone(signal)
  const roles = startRoles(ports, {
    roles: configuration.roles,
    mayStart: guard.mayStart,
    bookingReconcileMs: configuration.calcom.bookingReconcileMs,
    leaseMs,
    onWorked(kind, outcome) {
      countOutcome(metrics, kind, outcome)
      unforeseen.worked(kind, outcome)
    },
    onDailyLooks: metrics.askedForLooks,
    runProjections: (also) => models.run(lease, also),
    runPublisher: async () => publisher?.run(lease),
    runApplier: (run) => lease('applier', run),
    signal,
  })
  starting.add('roles', () => roles.stopped)
  const address = { origin: url, secret: newAddressSecret() }
  listener.serve(
    httpHandler({
      configuration,
      ports,
      calcomApi: outside.calcomApi,
      calcomDatabase: outside.calcomDatabase,
      loops: outside.loops,
      models,
      metrics,
      token,
      addressSecret: address.secret,
      origin,
      publisher,
      stores,
      roles,
      outages,
      clientFailures: failures,
      unforeseen,
      signal,
    }),
  )
  keepServiceAddress(data.folder, address)
  starting.add('address', async () => forgetServiceAddress(data.folder))

  const opened = starting.move()
  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    // Nothing more is taken while what is under way ends.
    stopped ??= Promise.all([listener.close(), opened[Symbol.asyncDispose]()])
    stopping.abort()
    await stopped
  }
  const engines = [...stores.engines, ...(publisher ? [publisher.engine] : [])]
  return {
    url,
    token,
    tokenIsNew,
    standIns,
    engines,
    ports,
    mustStop: guard.mustStop,
    isClientFailure: failures.take,
    stop,
  }
}
