import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RolesOptions } from '../../composition/roles.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { SyncMode } from '../../domain/sync-mode.ts'
import { calcomBookingDirectory } from '../../infrastructure/calcom/calcom-booking-directory.ts'
import { calcomWebhook, signatureHeader } from '../../infrastructure/calcom/webhook.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalQueue } from '../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { sqliteVault } from '../../infrastructure/sqlite/sqlite-vault.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { createCalcomIntake } from '../../services/calcom/intake.ts'
import { createGooglePush } from '../../services/channels/google-push.ts'
import { orphanedChannels } from '../../services/channels/orphaned-channels.ts'
import { requestForParked } from '../../services/read-models/parked-requests.ts'
import { type ProjectionRunner, startProjections } from '../../services/read-models/projection-runner.ts'
import type { ServicePorts } from '../../services/running/service-ports.ts'
import { calcomApiV2 } from '../../stand-ins/calcom/api-v2.ts'
import { calcomCore } from '../../stand-ins/calcom/calcom-core.ts'
import { writesIntoGoogle } from '../../stand-ins/calcom/writes-into-google.ts'
import type { ApiMethod } from '../../stand-ins/google/faults.ts'
import { createGoogleCore } from '../../stand-ins/google/google-core.ts'
import type { Push } from '../../stand-ins/google/push-channels.ts'
import { seededRandom } from '../../stand-ins/google/seeded-random.ts'
import { googleAtThePort } from './google-at-the-port.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { virtualClock } from './virtual-clock.ts'

export type SyncWorldOptions = {
  seed?: number
  settings?: Partial<ServicePorts['settings']>
  /** Whether Cal.com's API is there to be asked (it is). */
  view?: boolean
  /** The users whose own keys are configured, in place of one key for all. */
  keysOf?: readonly string[]
  /** What Cal.com takes each request's `cal-api-version` for. */
  apiVersion?: string
  /** More requests to Cal.com than this are a loop; a thousand, unless a story takes days. */
  askedAtMost?: number
  /** Bookings a page of Cal.com's API. */
  pageSize?: number
  /** A file of keys of Cal.com's API, in place of the one key that answers for all. */
  apiKeysFile?: string
  /** Whether Google can push (it can). */
  push?: boolean
  channelTtlMs?: number
  bookingReconcileMs?: number
  /** Whether the service itself applies events through Cal.com's API, as CALCOM_APPLY says (it does not). */
  calcomApply?: 'api' | 'none'
  mode?: SyncMode
  /** Which roles run; all unless given. */
  roles?: readonly ('crons' | 'sync' | 'projections')[]
  /** Told of each subject worked on. */
  onWorked?: RolesOptions['onWorked']
  /** Puts something between the services and their ports. */
  wrap?(ports: ServicePorts): ServicePorts
}

/** What Cal.com signs its deliveries with. */
export const SECRET = 'webhook-secret'
const API_KEY = 'cal_key'
/** Far more requests to Cal.com than any story needs. */
const ASKED_WITHOUT_END = 1_000
/** A user's own key of Cal.com's API. */
export const keyOfUser = (userId: string | number): string => `cal_key_of_${userId}`

/**
 * What the services live in: embedded stores in memory with their projections, both stand-ins' cores plugged in at the
 * ports, webhooks and pushes that arrive, on one virtual clock. The same options and calls give the same story.
 */
export function syncWorld(options: SyncWorldOptions) {
  const clock = virtualClock()
  const random = seededRandom(options.seed ?? 1)
  let ids = 0
  // The count in front: a channel's id takes only the first digits of one.
  const newId = () => `${(++ids).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`
  const logged: { [name: string]: unknown }[] = []
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })

  const [database, vaultDatabase] = [openDatabase(':memory:'), openDatabase(':memory:')]
  const events = sqliteEventStore(database, { clock })
  const readStore = sqliteReadStore(database)
  const queue = sqliteSignalQueue(database, { clock, newId })
  const vault = sqliteVault(vaultDatabase, { keys: [new Uint8Array(32)], newId })
  const google = createGoogleCore({ clock, seed: options.seed ?? 1 })
  const asked: { method: ApiMethod; calendarId: string | undefined; at: Temporal.Instant }[] = []
  const takeFault = google.faults.take
  google.faults.take = (method, calendarId) => {
    asked.push({ method, calendarId, at: clock.now() })
    return takeFault(method, calendarId)
  }
  const searched: { calendarId: string; query: URLSearchParams; at: Temporal.Instant }[] = []
  const listEvents = google.list
  google.list = (calendarId, given, emptyPage) => {
    const query = new URLSearchParams(given)
    if (query.has('q')) searched.push({ calendarId, query, at: clock.now() })
    return listEvents(calendarId, given, emptyPage)
  }
  const stopping = new AbortController()
  let models = startModels()
  const projections = {
    caughtUp: (projection: string) => models.runner.caughtUp(projection),
    stopped: () => models.runner.stopped,
  }

  function startModels(): { runner: ProjectionRunner; ended: AbortController } {
    const ended = new AbortController()
    const signal = AbortSignal.any([stopping.signal, ended.signal])
    const given = { events, readStore, projections: allProjections, clock, log, signal }
    return { runner: startProjections(given), ended }
  }

  const calcom = calcomCore({
    clock,
    newId: () => `b${(++ids).toString(36)}`,
    google: writesIntoGoogle(google),
    fetch: deliver,
  })
  calcom.webhooks.target = { url: 'http://calendar-sync/webhooks/calcom', secret: SECRET }
  // A key that Cal.com does not know is told to the operator: each is a user's of theirs.
  for (const id of options.keysOf ?? [])
    calcom.createUser({ id: Number(id), name: 'Host', apiKey: keyOfUser(id) })
  const keys = options.keysOf && keysFile(options.keysOf)
  const keysFileNamed = options.apiKeysFile ?? keys?.file
  const askedOfCalcom: string[] = []
  const api = calcomApiV2(calcom, { apiKey: API_KEY })
  const askCalcom = (request: Request): Promise<Response> => {
    askedOfCalcom.push(`${request.method} ${new URL(request.url).pathname}`)
    if (askedOfCalcom.length > (options.askedAtMost ?? ASKED_WITHOUT_END))
      throw new Error('a loop asks Cal.com without end')
    if (options.apiVersion !== undefined) request.headers.set('cal-api-version', options.apiVersion)
    return api(request)
  }
  const calcomApi =
    options.view === false
      ? undefined
      : calcomBookingDirectory({
          apiUrl: 'http://cal.example',
          ...(keysFileNamed === undefined ? { apiKey: API_KEY } : { apiKeysFile: keysFileNamed }),
          ...defined({ pageSize: options.pageSize }),
          fetch: askCalcom,
        })
  const plain: ServicePorts = {
    events,
    readStore,
    queue,
    vault,
    calendars: vault.calendars,
    provider: googleAtThePort(google, vault, clock),
    isDelegated: () => false,
    now: () => clock.now(),
    newId,
    caughtUp: (projection) => projections.caughtUp(projection),
    requestForParked: (request) => requestForParked({ readStore, queue }, request),
    push:
      options.push === false
        ? undefined
        : {
            address: 'https://calendar-sync.example/webhooks/google',
            ttlMs: options.channelTtlMs ?? 7 * 86_400_000,
            tokensFor: (id) => [`token-of-${id}`],
          },
    defaultMode: options.mode ?? 'apply',
    clock,
    log,
    random: random.next,
    calcom: calcomApi,
    writer: options.calcomApply === 'api' ? calcomApi?.writer : undefined,
    settings: {
      settleMs: 2_000,
      reconcileMs: 900_000,
      cronMs: 60_000,
      cancelGraceMs: 0,
      echoGraceMs: 0,
      massChangeLimit: 25,
      ...options.settings,
    },
  }
  const ports = options.wrap?.(plain) ?? plain
  const intake = createCalcomIntake(ports)
  const readDelivery = calcomWebhook({ secrets: [SECRET] })
  const googlePush = createGooglePush({
    ...ports,
    metrics: { pushAnswered() {} },
    onStoreAway() {},
    stopOrphan: orphanedChannels(ports, stopping.signal),
  })
  google.onPush((push) => void arrive(push))

  async function deliver(request: Request): Promise<Response> {
    const read = readDelivery(
      new Uint8Array(await request.arrayBuffer()),
      request.headers.get(signatureHeader) ?? undefined,
    )
    if (!read.ok) return new Response(null, { status: read.code === 'WRONG_SIGNATURE' ? 401 : 400 })
    await intake.receive(read.delivery)
    return new Response(null, { status: 200 })
  }

  /** A body as Cal.com would send it, signed. */
  const calcomDelivers = (body: string): Promise<Response> =>
    deliver(
      new Request('http://calendar-sync/webhooks/calcom', {
        method: 'POST',
        headers: { [signatureHeader]: createHmac('sha256', SECRET).update(body).digest('hex') },
        body,
      }),
    )

  async function arrive(push: Push): Promise<void> {
    if (push.afterMs > 0) await clock.delay(push.afterMs, stopping.signal)
    for (let tries = 0; tries < 8 && !stopping.signal.aborted; tries++) {
      const { status } = await googlePush.receive(push.headers)
      if (status !== 503) return
      await clock.delay(1_000 * 2 ** tries, stopping.signal)
    }
  }

  return {
    clock,
    random,
    logged,
    asked,
    /** What Google was asked to find by its words, oldest first. */
    searched,
    /** What Cal.com's API was asked, oldest first. */
    askedOfCalcom,
    google,
    calcom,
    calcomApi,
    ports,
    projections,
    intake,
    googlePush,
    calcomDelivers,
    /** No key opens what the vault holds of the calendar and the credential; or the key is there again. */
    async sealElsewhere(
      { calendarKey, credentialId }: { calendarKey: string; credentialId: string },
      is = true,
    ) {
      const [from, to] = is ? ['', '~'] : ['~', '']
      const { sql, write } = vaultDatabase
      await write(() => {
        for (const [table, name, key] of [
          ['calendar', 'calendar_key', calendarKey],
          ['credential', 'id', credentialId],
        ])
          sql
            .prepare(`UPDATE ${table} SET key_id = :to || substr(key_id, :from) WHERE ${name} = :key`)
            .run({ to: to ?? '', from: (from ?? '').length + 1, key: key ?? '' })
      })
    },
    /** All but the events and the vault is gone, and the read models begin anew. To be called while no service runs. */
    async loseReadModels(): Promise<void> {
      models.ended.abort()
      await models.runner.stopped
      for (const table of ['read_document', 'read_key', 'read_checkpoint', 'signal'])
        database.sql.exec(`DELETE FROM ${table}`)
      models = startModels()
    },
    /** Ends everything; `services` are those that were started on the ports. */
    async close(services: Promise<unknown>): Promise<void> {
      stopping.abort()
      await Promise.all([services, projections.stopped(), calcom.close()])
      await queue.close()
      await events.close()
      await Promise.all([database.close(), vaultDatabase.close()])
      keys?.remove()
    },
  }
}

/** A file that gives each of the users their own key. */
function keysFile(userIds: readonly string[]) {
  const { path, remove } = temporaryFolder()
  const file = join(path, 'keys.json')
  writeFileSync(file, JSON.stringify(Object.fromEntries(userIds.map((id) => [id, keyOfUser(id)]))))
  return { file, remove }
}
