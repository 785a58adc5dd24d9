// The composition root: configuration → adapters → roles. The only place that knows every adapter.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { PushSettings } from './commands/command.ts'
import { calcomBookingDirectory } from './infrastructure/calcom/calcom-booking-directory.ts'
import { calcomWebhook, signatureHeader } from './infrastructure/calcom/webhook.ts'
import { type Clock, systemClock } from './infrastructure/clock/clock.ts'
import { operatorToken } from './infrastructure/config/api-token.ts'
import type { Configuration } from './infrastructure/config/configuration.ts'
import { openDataFolder } from './infrastructure/config/data-folder.ts'
import { channelTokensUnder, derivedKey } from './infrastructure/config/derived-keys.ts'
import { keptSecret } from './infrastructure/config/secret-file.ts'
import { forgetServiceAddress, keepServiceAddress } from './infrastructure/config/service-address.ts'
import { sqliteEventStore } from './infrastructure/event-store/sqlite-event-store.ts'
import { googleCalendarProvider } from './infrastructure/google/google-calendar-provider.ts'
import { createLogger, type Logger } from './infrastructure/logging/logger.ts'
import { createMetrics, type Metrics } from './infrastructure/metrics/metrics.ts'
import { sqliteReadStore } from './infrastructure/read-store/sqlite-read-store.ts'
import { sqliteSignalQueue } from './infrastructure/signal-queue/sqlite-signal-queue.ts'
import { DataFolderInUse, openDatabase } from './infrastructure/sqlite/database.ts'
import { encryptionKeys } from './infrastructure/vault/key-file.ts'
import { sqliteVault } from './infrastructure/vault/sqlite-vault.ts'
import { allProjections } from './projections/all-projections.ts'
import { createCalcomIntake } from './services/calcom-intake.ts'
import { credentialStored } from './services/credential-stored.ts'
import { feedTail } from './services/feed-tail.ts'
import { createGooglePush } from './services/google-push.ts'
import { createHttpApp } from './services/http/app.ts'
import { calcomWebhookRoutes } from './services/http/calcom-webhook.ts'
import { feedRoutes } from './services/http/feed.ts'
import { GOOGLE_WEBHOOK_PATH, googleWebhook } from './services/http/google-webhook.ts'
import { listen } from './services/http/listener.ts'
import { outageLog } from './services/outage-log.ts'
import { type ProjectionRunner, startProjections } from './services/projection-runner.ts'
import { type RunningRoles, startRoles } from './services/roles.ts'
import type { ServicePorts } from './services/service-ports.ts'
import { statusReport } from './services/status-report.ts'
import { STAND_IN_HOST, type StandIns, startStandIns } from './simulator/stand-ins.ts'

export type Service = {
  /** Where it listens. */
  url: string
  /** What operators sign in with; `tokenIsNew` at the first start on a data folder. */
  token: string
  tokenIsNew: boolean
  standIns: StandIns | undefined
  ports: ServicePorts
  /** Takes nothing more, finishes or gives back what is under way, closes the stores. Safe to call twice. */
  stop(): Promise<void>
}

/** The service cannot start; `message` is for the operator. Nothing is left open. */
export class StartRefused extends Error {}

/** Starts everything that the configuration names. Rejects with StartRefused for what the operator can mend. */
export async function startService(
  configuration: Configuration,
  options: { clock?: Clock; log?: Logger } = {},
): Promise<Service> {
  const clock = options.clock ?? systemClock
  const log = options.log ?? createLogger({ level: configuration.log.level })
  const opened = closers(log)
  try {
    return await assemble(configuration, clock, log, opened)
  } catch (error) {
    await opened.closeAll()
    throw error
  }
}

async function assemble(
  configuration: Configuration,
  clock: Clock,
  log: Logger,
  opened: Closers,
): Promise<Service> {
  const { standIns: withStandIns, calcom, sync } = configuration
  const newId = randomUUID
  const stopping = new AbortController()
  const { signal } = stopping

  const stores = openStores(configuration, clock, newId, opened)
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
        webhookSecret: calcom.webhookSecrets[0] ?? '',
      })
    : undefined
  if (standIns) {
    opened.add('stand-ins', standIns.close)
    await lendCredential(stores.vault)
  }

  const projections = startProjections({
    events: stores.events,
    readStore: stores.readStore,
    projections: allProjections,
    clock,
    log: log.child({ part: 'projections' }),
    signal,
  })
  opened.add('projections', () => projections.stopped)
  const metrics = createMetrics()
  const ports: ServicePorts = {
    events: stores.events,
    readStore: stores.readStore,
    queue: stores.queue,
    vault: stores.vault,
    directory: stores.vault.directory,
    provider: googleCalendarProvider({
      ...googleOptions(configuration, standIns),
      vault: stores.vault,
      clock,
      log: log.child({ part: 'google' }),
    }),
    isDelegated: delegated(configuration),
    now: () => clock.now(),
    newId,
    caughtUp: (projection) => projections.caughtUp(projection),
    parked: { retry: projections.retryParked, skip: projections.skipParked },
    push: publicUrl === undefined ? undefined : pushSettings(publicUrl, sync.channelTtlMs, stores.secrets),
    onDecision: metrics.decided,
    defaultMode: sync.mode,
    clock,
    log,
    random: Math.random,
    bookings: bookingDirectory(configuration, standIns),
    settings: sync,
  }

  const roles = startRoles(ports, {
    roles: configuration.roles,
    bookingReconcileMs: calcom.bookingReconcileMs,
    onFetch: metrics.fetched,
    signal,
  })
  opened.add('roles', () => roles.stopped)
  listener.serve(
    httpHandler({
      configuration,
      ports,
      projections,
      metrics,
      token,
      publicUrl: publicUrl ?? listener.url,
      stores,
      roles,
      signal,
    }),
  )
  keepServiceAddress(configuration.data.folder, listener.url)
  opened.add('address', async () => forgetServiceAddress(configuration.data.folder))

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopping.abort()
    stopped ??= opened.closeAll()
    return stopped
  }
  return { url: listener.url, token, tokenIsNew, standIns, ports, stop }
}

/** What was opened, closed in the opposite order; one that fails to close does not keep the others open. */
type Closers = { add(name: string, close: () => Promise<unknown>): void; closeAll(): Promise<void> }

function closers(log: Logger): Closers {
  const open: { name: string; close: () => Promise<unknown> }[] = []
  return {
    add: (name, close) => void open.push({ name, close }),
    async closeAll() {
      for (let one = open.pop(); one !== undefined; one = open.pop())
        try {
          await one.close()
        } catch (error) {
          log.error({ err: error, part: one.name }, 'a part did not close as it should')
        }
    },
  }
}

type Stores = ReturnType<typeof openStores>

/** The embedded stores, on this process's own data folder. */
function openStores(configuration: Configuration, clock: Clock, newId: () => string, opened: Closers) {
  const { folder, encryptionKey: configured } = configuration.data
  const stamped = openDataFolder(folder, configuration.google.root)
  if (!stamped.ok) throw new StartRefused(stamped.message)
  const database = openExclusively(join(folder, 'calendar-sync.sqlite'), folder)
  opened.add('database', database.close)
  const vaultDatabase = openExclusively(join(folder, 'vault.sqlite'), folder)
  opened.add('vault', vaultDatabase.close)
  const keys = encryptionKeys({ configured, dataDir: folder })
  if (!keys.ok) throw new StartRefused(keys.message)
  const [newest, ...older] = keys.keys
  if (newest === undefined) throw new StartRefused('There is no encryption key.')
  const events = sqliteEventStore(database, { clock })
  opened.add('event store', events.close)
  const queue = sqliteSignalQueue(database, { clock, newId })
  opened.add('signal queue', queue.close)
  return {
    events,
    queue,
    readStore: sqliteReadStore(database),
    vault: sqliteVault(vaultDatabase, { keys: keys.keys, newId }),
    /** The newest first. */
    secrets: [newest, ...older] as const,
    /** Names this deployment for as long as its data lives. */
    deploymentId: keptSecret(folder, 'deployment-id', newId).secret,
  }
}

function openExclusively(path: string, folder: string) {
  try {
    return openDatabase(path)
  } catch (error) {
    if (!(error instanceof DataFolderInUse)) throw error
    throw new StartRefused(
      `The data folder ${folder} is in use by another process: stop that one, or choose another DATA_DIR.`,
      { cause: error },
    )
  }
}

async function listenAsConfigured(configuration: Configuration) {
  const { host, port } = configuration.http
  try {
    return await listen(configuration.http)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    throw new StartRefused(`Cannot listen on ${host}:${port}: ${reason}. Set PORT or HOST.`, { cause: error })
  }
}

const derivedText = (secret: Uint8Array, purpose: string): string =>
  Buffer.from(derivedKey(secret, purpose)).toString('base64url')

/** The stand-in's host has given the service a credential, as a real host would on the connect page. */
async function lendCredential(vault: Stores['vault']): Promise<void> {
  const { credentialId, refreshToken } = STAND_IN_HOST
  if (!(await vault.has(credentialId))) await vault.put(credentialId, { kind: 'oauth', refreshToken })
}

const googleOptions = ({ google }: Configuration, standIns: StandIns | undefined) =>
  standIns
    ? { apiUrl: standIns.google.url, tokenUrl: standIns.google.tokenUrl, delegatedDomains: [] }
    : {
        ...(google.apiUrl !== undefined && { apiUrl: google.apiUrl }),
        ...(google.tokenUrl !== undefined && { tokenUrl: google.tokenUrl }),
        ...(google.oauthClient && { oauth: google.oauthClient }),
        ...(google.serviceAccount && { serviceAccount: google.serviceAccount }),
        delegatedDomains: google.delegatedDomains,
      }

function delegated({ google }: Configuration): (externalCalendarId: string) => boolean {
  const domains = new Set(google.serviceAccount ? google.delegatedDomains : [])
  return (id) => domains.has(id.slice(id.lastIndexOf('@') + 1).toLowerCase())
}

function bookingDirectory({ calcom }: Configuration, standIns: StandIns | undefined) {
  if (standIns) return calcomBookingDirectory({ apiUrl: standIns.calcom.url, apiKey: standIns.calcomApiKey })
  if (calcom.api === undefined) return undefined
  const { url, apiKey, apiKeysFile } = calcom.api
  return calcomBookingDirectory({
    apiUrl: url,
    ...(apiKey !== undefined && { apiKey }),
    ...(apiKeysFile !== undefined && { apiKeysFile }),
  })
}

const pushSettings = (publicUrl: string, ttlMs: number, secrets: Stores['secrets']): PushSettings => ({
  address: `${publicUrl}${GOOGLE_WEBHOOK_PATH}`,
  ttlMs,
  tokensFor: channelTokensUnder(secrets),
})

type HttpParts = {
  configuration: Configuration
  ports: ServicePorts
  projections: ProjectionRunner
  metrics: Metrics
  token: string
  publicUrl: string
  stores: Stores
  roles: RunningRoles
  signal: AbortSignal
}

function httpHandler(parts: HttpParts) {
  const { configuration, ports, projections, metrics, stores, signal } = parts
  const { clock, log } = ports
  const outages = outageLog({ clock, log, signal })
  const push = createGooglePush({ ...ports, metrics })
  void push.followStops(outages, signal)
  const origin = { source: `urn:uuid:${stores.deploymentId}`, schemas: `${parts.publicUrl}/schemas` }
  const tail = feedTail({ events: stores.events, clock, log, signal })
  const app = createHttpApp({
    ports,
    clock,
    log: log.child({ part: 'http' }),
    metrics,
    tokens: { token: parts.token, named: configuration.api.namedTokens },
    sessionKey: derivedKey(stores.secrets[0], 'session'),
    standIns: configuration.standIns,
    caughtUp: (projection, position) => projections.caughtUp(projection, position),
    status: () => statusReport({ ports, standIns: configuration.standIns, projections: projections.status }),
    health: {
      durable: { 'event store': () => stores.events.head(), 'signal queue': () => stores.queue.status() },
      others: {},
      roles: {},
    },
    onCredentialStored: (credentialId) => void credentialStored(ports, credentialId, parts.roles.wakeCrons),
    first: [googleWebhook({ push, log })],
    open: [
      calcomWebhookRoutes({
        readDelivery: calcomWebhook({ secrets: configuration.calcom.webhookSecrets }),
        signatureHeader,
        intake: createCalcomIntake(ports),
      }),
    ],
    guarded: [{ router: feedRoutes({ events: stores.events, tail, origin, log, signal }), scope: 'read' }],
  })
  return app.callback()
}
