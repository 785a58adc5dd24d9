import { defined } from '../domain/optional-fields.ts'
import type { ApiTroubles } from '../infrastructure/calcom/calcom-api-troubles.ts'
import type { DatabaseTroubles } from '../infrastructure/calcom/calcom-database-directory.ts'
import {
  calcomWebhook,
  knownVersions,
  mayBeSigned,
  signatureHeader,
  versionHeader,
} from '../infrastructure/calcom/webhook.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { derivedKey } from '../infrastructure/config/derived-keys.ts'
import { signingKeyOf } from '../infrastructure/config/signing-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventStore } from '../ports/event-store/event-store.ts'
import type { Metrics } from '../ports/metrics.ts'
import { StoreUnavailable } from '../ports/store-unavailable.ts'
import { verification } from '../services/audit/verification.ts'
import { readAllBookings } from '../services/calcom/future-bookings.ts'
import { type CalcomIntake, createCalcomIntake } from '../services/calcom/intake.ts'
import { noticingMissed } from '../services/calcom/missed-deliveries.ts'
import { credentialStored } from '../services/channels/credential-stored.ts'
import { createGooglePush } from '../services/channels/google-push.ts'
import { orphanedChannels } from '../services/channels/orphaned-channels.ts'
import { addressProofPaths, addressProofRoutes } from '../services/http/address-proof.ts'
import { adminPaths, adminRoutes } from '../services/http/admin-routes.ts'
import { createHttpApp } from '../services/http/app.ts'
import { auditPaths, auditRoutes } from '../services/http/audit-routes.ts'
import { calcomWebhookRoutes } from '../services/http/calcom-webhook.ts'
import { feedRoutes } from '../services/http/feed.ts'
import { feedTail } from '../services/http/feed-tail.ts'
import { googleWebhook } from '../services/http/google-webhook.ts'
import { importPaths, importRoutes } from '../services/http/import-routes.ts'
import { listen } from '../services/http/listener.ts'
import { HttpProblem } from '../services/http/problem.ts'
import { publishedSchemaRoutes, SCHEMAS_PATH } from '../services/http/published-schemas.ts'
import { publishingPaths, publishingRoutes } from '../services/http/publishing-routes.ts'
import { storedInPart } from '../services/http/stored-in-part.ts'
import { verifyPaths, verifyRoute } from '../services/http/verify-route.ts'
import type { EventOrigin } from '../services/publishing/booking-event.ts'
import type { OutageLog } from '../services/running/outage-log.ts'
import type { ServicePorts } from '../services/running/service-ports.ts'
import { storeAway } from '../services/running/store-away.ts'
import { type DeliveryLog, deliveryLog } from '../services/status/calcom-deliveries.ts'
import type { CallLoops } from '../services/status/call-loops.ts'
import { roleChecks } from '../services/status/role-checks.ts'
import { statusReport } from '../services/status/status-report.ts'
import type { UnforeseenFailures } from '../services/status/unforeseen-failures.ts'
import { backUp } from './backup.ts'
import type { ClientFailures } from './client-failures.ts'
import type { Engine } from './engines.ts'
import { ownSurroundings } from './own-surroundings.ts'
import type { ReadModels } from './projections.ts'
import type { Publishing } from './publishing.ts'
import type { RunningRoles } from './roles.ts'
import { withScratch } from './scratch-store.ts'
import { StartRefused } from './start-refused.ts'
import type { OpenStores } from './stores.ts'

/** Listens where the configuration says. Throws StartRefused. */
export async function listenAsConfigured(configuration: Configuration) {
  const { host, port } = configuration.http
  try {
    return await listen(configuration.http)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    throw new StartRefused(`Cannot listen on ${host}:${port}: ${reason}. Set PORT or HOST.`, { cause: error })
  }
}

/** The version of the published descriptions: raised when something is added to them. */
const VERSION = '1'

/** The name of this deployment in every event, as soon as it is known. */
export const originOf = (name: () => string, publicUrl: string): EventOrigin => ({
  get source() {
    return `urn:uuid:${name()}`
  },
  schemas: `${publicUrl}${SCHEMAS_PATH}`,
})

/** Rejects while a store that the read models need does not answer. */
async function readModelsAnswer(stores: OpenStores, models: ReadModels): Promise<void> {
  const { outages, rewound } = models.status()
  const why = rewound ?? outages[0]?.message
  if (why !== undefined) throw new Error(why)
  await stores.readStore.checkpoint('bookings')
}

/** The longest that a question about the status waits for the event store, in milliseconds. Work waits out an election. */
const HEAD_WITHIN_MS = 2_000

/** The event store as it is asked for the status: its end is told soon, or not at all. */
function soonTelling(events: EventStore, clock: Clock): EventStore {
  const head = async () => {
    const over = new AbortController()
    const late = clock.delay(HEAD_WITHIN_MS, over.signal).then(() => {
      throw new StoreUnavailable(`the event store has not answered within ${HEAD_WITHIN_MS} ms`)
    })
    // Whichever loses the race is settled later, with nobody there to be told.
    late.catch(() => undefined)
    return Promise.race([events.head(), late]).finally(() => over.abort())
  }
  return { ...events, head }
}

/** Rejects while an embedded file takes no writes: a full disk can still be read. */
const filesTakeWrites = ({ backupSources: { databases } }: OpenStores) =>
  Promise.all(databases.map(({ database }) => database.writable()))

/** Rejects while what is taken in could not be made durable. */
const durableStoresWork = (stores: OpenStores) =>
  Promise.all([stores.events.head(), stores.queue.status(), filesTakeWrites(stores)])

/** Where a server keeps the status from being told, the answer says which, and why. */
const orWhyNot =
  <Report>(engines: readonly Engine[], report: () => Promise<Report>) =>
  async (): Promise<Report> => {
    try {
      return await report()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      const conditions = await Promise.all(engines.map(({ describe }) => describe()))
      const failing = conditions.filter(({ ok }) => !ok).map(({ sentence }) => sentence)
      if (failing.length === 0) throw error
      const detail = [...failing, 'It is tried again until it answers; calendar-sync doctor says what to do.']
      throw new HttpProblem({
        status: 503,
        code: 'STORE_UNAVAILABLE',
        detail: detail.join(' '),
        headers: { 'Retry-After': '5' },
      })
    }
  }

/** The parts of the HTTP edge. */
export type HttpParts = {
  configuration: Configuration
  ports: ServicePorts
  calcomApi: ApiTroubles | undefined
  calcomDatabase: DatabaseTroubles | undefined
  loops: CallLoops
  models: ReadModels
  metrics: Metrics
  token: string
  /** The secret that the data folder keeps beside the address. */
  addressSecret: string
  origin: EventOrigin
  publisher: Publishing | undefined
  stores: OpenStores
  roles: RunningRoles
  outages: OutageLog
  clientFailures: ClientFailures
  unforeseen: UnforeseenFailures
  signal: AbortSignal
}

/** The HTTP edge, with all that main gives it; without the http role what an operator of the process needs. */
export function httpHandler(parts: HttpParts) {
  const { configuration, ports, models, metrics, publisher, stores, outages, signal } = parts
  const { clock, log } = ports
  const onStoreAway = storeAway({
    outages,
    works: () => Promise.all([durableStoresWork(stores), stores.readStore.checkpoint('bookings')]),
  })
  const stopOrphan = orphanedChannels(ports, signal)
  const push = createGooglePush({ ...ports, metrics, onStoreAway, stopOrphan })
  const events = soonTelling(stores.events, clock)
  const isEdge = configuration.roles.has('http')
  const deliveries = deliveryLog({ now: ports.now })
  const surroundings = ownSurroundings({
    now: ports.now,
    filesTakeWrites: () => filesTakeWrites(stores),
    calcom: parts.calcomApi,
    ...defined({ calcomDatabase: parts.calcomDatabase }),
    deliveries: deliveries.needsPerson,
    clientFailures: parts.clientFailures.needsPerson,
    loops: parts.loops.needsPerson,
    unforeseen: parts.unforeseen.needsPerson,
  })
  if (isEdge) void push.followStops(outages, signal)
  const app = createHttpApp({
    operatorsOnly: !isEdge,
    ports,
    clock,
    log: log.child({ part: 'http' }),
    metrics,
    tokens: { token: parts.token, named: configuration.api.namedTokens },
    sessionKey: derivedKey(stores.secrets[0], 'session'),
    standIns: configuration.standIns,
    caughtUp: (projection, position) => models.caughtUp(projection, position),
    status: orWhyNot(stores.engines, () =>
      statusReport({
        ports: { ...ports, events },
        standIns: configuration.standIns,
        pushes: push.inHand,
        projections: models.lastTold,
        ...defined({ publication: publisher?.lastTold }),
        surroundings,
      }),
    ),
    health: {
      http: isEdge,
      durable: {
        'event store': events.head,
        'signal queue': () => stores.queue.status(),
        'data folder': () => filesTakeWrites(stores),
      },
      others: { 'read models': () => readModelsAnswer(stores, models) },
      roles: roleChecks({
        roles: configuration.roles,
        clock,
        queue: () => stores.queue.status(),
        work: parts.unforeseen.ready,
        failingCrons: parts.roles.failingCrons,
        models,
        publisher: publisher?.ready,
      }),
    },
    onCredentialStored: (credentialId) => void credentialStored(ports, credentialId, parts.roles.wakeCrons),
    onStoreAway,
    first: isEdge ? [googleWebhook({ push, log })] : [],
    open: [
      addressProofRoutes({ secret: parts.addressSecret }),
      ...(isEdge ? [webhookOfCalcom(parts, deliveries)] : []),
    ],
    description: {
      paths: {
        ...addressProofPaths,
        ...adminPaths,
        ...auditPaths,
        ...verifyPaths,
        ...importPaths,
        ...publishingPaths,
      },
    },
    guarded: [
      ...(isEdge ? readersRoutes(parts) : []),
      {
        router: adminRoutes({
          dataFolder: configuration.data.folder,
          backUp: (options) => backUp(stores.backupSources, options),
        }),
        scope: 'operate',
      },
      {
        router: importRoutes({
          dataFolder: configuration.data.folder,
          importBookings: readsBookings(ports, signal),
        }),
        scope: 'operate',
      },
      {
        router: publishingRoutes({
          dataFolder: configuration.data.folder,
          resume: publisher?.resume,
        }),
        scope: 'operate',
      },
      {
        router: verifyRoute({
          clock,
          verify: (told) =>
            withScratch((scratch) => verification({ ...stores, live: stores.readStore, scratch, ...told })),
        }),
        scope: 'audit',
      },
      {
        router: auditRoutes({
          events: stores.events,
          key: signingKeyOf(stores.secrets[0]),
          now: clock.now,
        }),
        scope: 'audit',
      },
    ],
  })
  return app.callback()
}

/** Reads all bookings to come; undefined where Cal.com's API is not configured. */
function readsBookings(ports: ServicePorts, signal: AbortSignal) {
  const { calcom } = ports
  return calcom && (() => readAllBookings(ports, calcom, createCalcomIntake(ports), signal))
}

function webhookOfCalcom(parts: HttpParts, deliveries: DeliveryLog) {
  const { configuration, ports, metrics, stores, outages, roles, signal } = parts
  const takesAll: Pick<CalcomIntake, 'receive'> = {
    receive: (delivery) => storedInPart(ports, (noticed) => createCalcomIntake(noticed).receive(delivery)),
  }
  return calcomWebhookRoutes({
    readDelivery: calcomWebhook({ secrets: configuration.calcom.webhookSecrets }),
    mayBeSigned: mayBeSigned({ secrets: configuration.calcom.webhookSecrets }),
    signatureHeader,
    versionHeader,
    knownVersions,
    deliveries,
    metrics,
    intake: noticingMissed(takesAll, {
      outages,
      works: () => durableStoresWork(stores),
      readBookings: roles.readBookings,
      signal,
    }),
  })
}

/** The feed, and what it refers to. */
function readersRoutes({ ports, stores, origin, signal }: HttpParts) {
  const { clock, log } = ports
  const { events } = stores
  const tail = feedTail({ events, clock, log, signal })
  return [
    { router: feedRoutes({ events, tail, origin, log, signal }), scope: 'read' as const },
    {
      router: publishedSchemaRoutes({ schemas: origin.schemas, version: VERSION }),
      scope: 'read' as const,
    },
  ]
}
