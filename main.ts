// The composition root: configuration → adapters → roles. With composition/, the only place that knows every adapter.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { PushSettings } from './commands/command.ts'
import { admittedTo, isAdmitted, refusalOf } from './composition/admission.ts'
import { type Closers, closers } from './composition/closers.ts'
import { deploymentName } from './composition/deployment.ts'
import type { Engine } from './composition/engines.ts'
import { httpHandler, listenAsConfigured, originOf } from './composition/http.ts'
import {
  bookingDirectory,
  delegated,
  derivedText,
  googleOptions,
  lendCredential,
} from './composition/outside.ts'
import { readModels } from './composition/projections.ts'
import { publishing } from './composition/publishing.ts'
import { startRoles, startRolesOnce } from './composition/roles.ts'
import { otherEventStore } from './composition/same-event-store.ts'
import { openStores, type Stores } from './composition/stores.ts'
import { systemClock } from './infrastructure/clock/system-clock.ts'
import { operatorToken } from './infrastructure/config/api-token.ts'
import type { Configuration } from './infrastructure/config/configuration.ts'
import { channelTokensUnder } from './infrastructure/config/derived-keys.ts'
import { forgetServiceAddress, keepServiceAddress } from './infrastructure/config/service-address.ts'
import { googleCalendarProvider } from './infrastructure/google/google-calendar-provider.ts'
import { createLogger } from './infrastructure/logging/logger.ts'
import { createMetrics } from './infrastructure/metrics/metrics.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'
import { GOOGLE_WEBHOOK_PATH } from './services/http/google-webhook.ts'
import { requestForParked } from './services/read-models/parked-requests.ts'
import { outageLog } from './services/running/outage-log.ts'
import { alone, leasedIn } from './services/running/role-lease.ts'
import type { ServicePorts } from './services/running/service-ports.ts'
import { countOutcome } from './services/sync/counted-outcomes.ts'
import { type StandIns, startStandIns } from './stand-ins/stand-ins.ts'

export type Service = {
  /** Where it listens. */
  url: string
  /** What operators sign in with; `tokenIsNew` at the first start on a data folder. */
  token: string
  tokenIsNew: boolean
  standIns: StandIns | undefined
  /** The servers that it works with. */
  engines: readonly Engine[]
  ports: ServicePorts
  /** Resolves where the servers are found not to belong together, at the start or later: why. It has to be stopped. */
  refused: Promise<string>
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
  const clock = options.clock ?? systemClock
  const log = options.log ?? createLogger({ level: configuration.log.level })
  const opened = closers(log)
  try {
    return await assemble(configuration, { clock, log, opened, takeOver: options.takeOver ?? false })
  } catch (error) {
    await opened.closeAll()
    throw error
  }
}

async function assemble(
  configuration: Configuration,
  { clock, log, opened, takeOver }: Required<StartOptions> & { opened: Closers },
): Promise<Service> {
  const { standIns: withStandIns, sync } = configuration
  const newId = randomUUID
  const stopping = new AbortController()
  const { signal } = stopping

  const stores = openStores({ configuration, clock, log, newId, opened })
  const { token, isNew: tokenIsNew } = operatorToken(configuration.data.folder, configuration.api.token)
  const listener = await listenAsConfigured(configuration)
  opened.add('http', listener.close)
  const publicUrl = configuration.http.publicUrl ?? (withStandIns ? listener.url : undefined)

  const calcomApiKey = derivedText(stores.secrets[0], 'stand-in api key')
  const standIns = withStandIns
    ? await startStandIns({
        clock,
        file: join(configuration.data.folder, 'stand-ins.json'),
        calcomApiKey,
        webhookUrl: `${listener.url}/webhooks/calcom`,
        webhookSecret: configuration.calcom.webhookSecrets[0] ?? '',
      })
    : undefined
  if (standIns) {
    opened.add('stand-ins', standIns.close)
    await lendCredential(stores.vault)
  }

  const lease = stores.shared
    ? leasedIn({ queue: stores.queue, clock, log, leaseMs: configuration.leaseMs, signal })
    : alone(signal)
  const models = readModels({
    stores,
    clock,
    log: log.child({ part: 'projections' }),
    random: Math.random,
    signal,
  })
  const metrics = createMetrics()
  const calcom = bookingDirectory(configuration, standIns)
  const ports: ServicePorts = {
    events: stores.events,
    readStore: stores.readStore,
    queue: stores.queue,
    vault: stores.vault,
    calendars: stores.vault.calendars,
    provider: googleCalendarProvider({
      ...googleOptions(configuration, standIns),
      vault: stores.vault,
      clock,
      log: log.child({ part: 'google' }),
    }),
    isDelegated: delegated(configuration),
    now: () => clock.now(),
    newId,
    caughtUp: (projection) => models.caughtUp(projection),
    requestForParked: (request) => requestForParked(stores, request),
    push: publicUrl === undefined ? undefined : pushSettings(publicUrl, sync.channelTtlMs, stores.secrets),
    onDecision: metrics.decided,
    defaultMode: sync.mode,
    clock,
    log,
    random: Math.random,
    calcom,
    settings: sync,
  }

  const outages = outageLog({ clock, log, signal })
  const { name, known } = deploymentName(stores.events, outages)
  const origin = originOf(name, publicUrl ?? listener.url)
  const publisher = publishing(configuration, { ports, origin, metrics, shared: stores.shared })
  const replaced = otherEventStore({
    events: stores.events,
    guardWrites: stores.guardWrites,
    name: known,
    topic: configuration.mongodb && configuration.kafka?.topic,
    clock,
    log,
    signal,
  })
  const admitted = admittedTo({ configuration, stores, name: known, outages, takeOver })
  const run = () =>
    startRoles(ports, {
      roles: configuration.roles,
      bookingReconcileMs: configuration.calcom.bookingReconcileMs,
      leaseMs: configuration.leaseMs,
      onWorked: (kind, outcome) => countOutcome(metrics, kind, outcome),
      onDailyLooks: metrics.askedForLooks,
      runProjections: (also) => models.run(lease, also),
      signal,
    })
  const roles = admitted ? startRolesOnce(isAdmitted(admitted), run) : run()
  opened.add('roles', () => roles.stopped)
  if (publisher && configuration.roles.has('publisher')) {
    const published = isAdmitted(admitted).then((yes) => (yes ? publisher.run(lease) : undefined))
    opened.add('publisher', () => published)
  }
  listener.serve(
    httpHandler({
      configuration,
      ports,
      calcom,
      models,
      metrics,
      token,
      origin,
      publisher,
      stores,
      roles,
      outages,
      signal,
    }),
  )
  keepServiceAddress(configuration.data.folder, listener.url)
  opened.add('address', async () => forgetServiceAddress(configuration.data.folder))

  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    // Nothing more is taken while what is under way ends.
    stopped ??= Promise.all([listener.close(), opened.closeAll()])
    stopping.abort()
    await stopped
  }
  const engines = [...stores.engines, ...(publisher ? [publisher.engine] : [])]
  const refused = Promise.race([refusalOf(admitted), replaced])
  return { url: listener.url, token, tokenIsNew, standIns, engines, ports, refused, stop }
}

const pushSettings = (publicUrl: string, ttlMs: number, secrets: Stores['secrets']): PushSettings => ({
  address: `${publicUrl}${GOOGLE_WEBHOOK_PATH}`,
  ttlMs,
  tokensFor: channelTokensUnder(secrets),
})
