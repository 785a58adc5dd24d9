import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext, CommandResult } from '../../commands/command.ts'
import { load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import type { Booking } from '../../domain/booking.ts'
import { streamName } from '../../domain/domain-event.ts'
import type { SyncMode } from '../../domain/sync-policy.ts'
import { calcomBookingDirectory } from '../../infrastructure/calcom/calcom-booking-directory.ts'
import { calcomWebhook, signatureHeader } from '../../infrastructure/calcom/webhook.ts'
import { decodeAny, type StoredEvent } from '../../infrastructure/event-store/event-codec.ts'
import { START } from '../../infrastructure/event-store/event-store.ts'
import { sqliteEventStore } from '../../infrastructure/event-store/sqlite-event-store.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { sqliteReadStore } from '../../infrastructure/read-store/sqlite-read-store.ts'
import { sqliteSignalQueue } from '../../infrastructure/signal-queue/sqlite-signal-queue.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../infrastructure/vault/sqlite-vault.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { createCalcomIntake } from '../../services/calcom-intake.ts'
import { createGooglePush } from '../../services/google-push.ts'
import { startProjections } from '../../services/projection-runner.ts'
import { type RunningRoles, startRoles } from '../../services/roles.ts'
import type { ServicePorts, SyncSettings } from '../../services/service-ports.ts'
import { calcomApiV2 } from '../../simulator/calcom/api-v2.ts'
import { calcomCore } from '../../simulator/calcom/calcom-core.ts'
import type { ApiMethod } from '../../simulator/google/faults.ts'
import { createGoogleCore } from '../../simulator/google/google-core.ts'
import type { Push } from '../../simulator/google/push-channels.ts'
import { seededRandom } from '../../simulator/google/seeded-random.ts'
import { calcomWritesInto } from './calcom-writes-into.ts'
import { googleAtThePort } from './google-at-the-port.ts'
import { virtualClock } from './virtual-clock.ts'

export type SyncFixtureOptions = {
  seed?: number
  settings?: Partial<SyncSettings>
  /** Whether Cal.com's API is there to be asked (it is). */
  view?: boolean
  /** Whether Google can push (it can). */
  push?: boolean
  channelTtlMs?: number
  bookingReconcileMs?: number
  mode?: SyncMode
  /** Which roles run; all unless given. */
  roles?: readonly ('crons' | 'sync' | 'projections')[]
  /** Puts something between the services and their ports. */
  wrap?(ports: ServicePorts): ServicePorts
}

export type SyncFixture = Awaited<ReturnType<typeof syncFixture>>
export type Host = { userId: string; calendarId: string; calendarKey: string; credentialId: string }
export type Linked = {
  uid: string
  eventId: string
  start: Temporal.Instant
  end: Temporal.Instant
  host: Host
}

export const REFRESH_TOKEN = 'refresh-token'
const SECRET = 'webhook-secret'
const API_KEY = 'cal_key'
const context: CommandContext = { actor: 'test', causationId: 'causation', correlationId: 'correlation' }
type Handled<Body> = {
  schema: { parse(body: unknown): Body }
  handle(body: Body, ports: ServicePorts, context: CommandContext): Promise<CommandResult>
}

/**
 * All that runs besides HTTP, over embedded stores in memory, with both stand-ins' cores plugged in at the ports, on one
 * virtual clock. The same options and the same calls give the same story.
 */
export async function syncFixture(options: SyncFixtureOptions = {}) {
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
  const stopping = new AbortController()
  const projections = startProjections({
    events,
    readStore,
    projections: allProjections,
    clock,
    log,
    signal: stopping.signal,
  })
  const calcom = calcomCore({
    clock,
    newId: () => `b${(++ids).toString(36)}`,
    google: calcomWritesInto(google),
    fetch: deliver,
  })
  calcom.webhooks.target = { url: 'http://calendar-sync/webhooks/calcom', secret: SECRET }
  const plain: ServicePorts = {
    events,
    readStore,
    queue,
    vault,
    directory: vault.directory,
    provider: googleAtThePort(google, vault, clock),
    isDelegated: () => false,
    now: () => clock.now(),
    newId,
    caughtUp: (projection) => projections.caughtUp(projection),
    parked: { retry: projections.retryParked, skip: projections.skipParked },
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
    bookings:
      options.view === false
        ? undefined
        : calcomBookingDirectory({
            apiUrl: 'http://cal.example',
            apiKey: API_KEY,
            fetch: calcomApiV2(calcom, { apiKey: API_KEY }),
          }),
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
  const googlePush = createGooglePush({ ...ports, metrics: { pushAnswered() {} } })
  google.onPush((push) => void arrive(push))
  let roles = start()

  function start(): { running: RunningRoles; ended: AbortController } {
    const ended = new AbortController()
    const running = startRoles(ports, {
      roles: new Set(options.roles ?? ['crons', 'sync', 'projections']),
      bookingReconcileMs: options.bookingReconcileMs ?? 3_600_000,
      onFetch() {},
      signal: ended.signal,
    })
    return { running, ended }
  }

  async function deliver(request: Request): Promise<Response> {
    const read = readDelivery(
      new Uint8Array(await request.arrayBuffer()),
      request.headers.get(signatureHeader) ?? undefined,
    )
    if (!read.ok) return new Response(null, { status: 401 })
    await intake.receive(read.delivery)
    return new Response(null, { status: 200 })
  }

  async function arrive(push: Push): Promise<void> {
    if (push.afterMs > 0) await clock.delay(push.afterMs, stopping.signal)
    for (let tries = 0; tries < 8 && !stopping.signal.aborted; tries++) {
      const { status } = await googlePush.receive(push.headers)
      if (status !== 503) return
      await clock.delay(1_000 * 2 ** tries, stopping.signal)
    }
  }

  /** Lets time pass in small steps until the promise is settled. */
  async function during<Result>(work: Promise<Result>, stepMs = 50): Promise<Result> {
    let open = true
    const ended = work.finally(() => {
      open = false
    })
    ended.catch(() => {})
    for (let steps = 0; open && steps < 20_000; steps++) await clock.advance(stepMs)
    return ended
  }

  /** Lets time pass until nothing is under way nor due within `horizonMs`, and every read model has seen all. */
  async function settle(horizonMs = 5_000): Promise<void> {
    for (let step = 0, quiet = 0; quiet < 2 && step < 2_000; step++) {
      await clock.advance(0)
      await projections.caughtUp('all')
      const next = await queue.nextDueInMs()
      const leased = (await queue.status()).some((kind) => kind.leased > 0)
      const idle = !leased && (next === undefined || next > horizonMs)
      quiet = idle ? quiet + 1 : 0
      if (!idle) await clock.advance(Math.max(1, Math.min(leased ? 20 : (next ?? 0), 500)))
    }
  }

  async function streamOf(uid: string): Promise<StoredEvent[]> {
    return (await events.readStream(streamName('booking', uid))).map(decodeAny)
  }

  const fixture = {
    clock,
    random,
    ports,
    google,
    calcom,
    intake,
    googlePush,
    logged,
    /** What Google was asked by one method, of one calendar or of all, oldest first. */
    asked: (method: ApiMethod, calendarId?: string) =>
      asked.filter(
        (one) => one.method === method && (calendarId === undefined || one.calendarId === calendarId),
      ),
    during,
    settle,
    /** Lets so much time pass. */
    pass: (ms: number) => clock.advance(ms),
    wakeCrons: () => roles.running.wakeCrons(),

    /** A user of Cal.com's with a calendar of their own, which is registered (unless not), and a stored credential. */
    async host(id = 1, given: { credential?: boolean; registered?: boolean } = {}): Promise<Host> {
      const [calendarId, credentialId, userId] = [`host-${id}@example.com`, `credential-${id}`, String(id)]
      google.createCalendar({ id: calendarId, timeZone: 'Europe/London' })
      const destination = { externalCalendarId: calendarId, credentialId }
      calcom.createUser({ id, name: 'Host', email: calendarId, timeZone: 'Europe/London', destination })
      if (given.credential !== false)
        await vault.put(credentialId, { kind: 'oauth', refreshToken: REFRESH_TOKEN })
      const calendarKey = await vault.directory.keyOf({ provider: 'google', externalCalendarId: calendarId })
      const host = { userId, calendarId, calendarKey, credentialId }
      if (given.registered !== false) {
        await fixture.command(RegisterCalendarSync, {
          userId,
          provider: 'google',
          externalCalendarId: calendarId,
          credentialId,
        })
        await settle()
      }
      return host
    },

    /** A booking made at Cal.com, its event in the calendar, linked. */
    async book(host: Host, given: { inHours?: number; minutes?: number } = {}): Promise<Linked> {
      const begin = clock.now().round({ smallestUnit: 'hour', roundingMode: 'ceil' })
      const start = begin.add({ hours: given.inHours ?? 48 })
      const end = start.add({ minutes: given.minutes ?? 30 })
      const outcome = calcom.book({ userId: Number(host.userId), start, end })
      if (!outcome.ok) throw new Error(outcome.message)
      await during(outcome.settled)
      await settle()
      const { uid } = outcome.booking
      const eventId = outcome.booking.references[0]?.uid ?? ''
      return { uid, eventId, start, end, host }
    },
    /** Drags the booking's event in Google Calendar. */
    drag({ host, eventId }: Linked, start: Temporal.Instant, end?: Temporal.Instant) {
      const to = { start: start.toString(), ...(end && { end: end.toString() }) }
      return google.drag(host.calendarId, eventId, to)
    },

    command: async <Body>(command: Handled<Body>, body: unknown): Promise<CommandResult> =>
      command.handle(command.schema.parse(body), ports, context),
    booking: async (uid: string): Promise<Booking> => (await load(events, bookingAggregate, uid)).state,
    /** What was decided on the booking, oldest first: published types, and the codes of what was ignored. */
    async decisions(uid: string): Promise<string[]> {
      return (await streamOf(uid)).flatMap((event) =>
        event.type === 'ExternalEventChangeIgnored'
          ? [event.data.code]
          : event.type === 'BookingRescheduled' || event.type === 'BookingCancelled'
            ? [event.type]
            : [],
      )
    },
    /** Everything published, oldest first. */
    async published() {
      const types = ['BookingRescheduled', 'BookingCancelled']
      const page = await events.readAll({ after: START, filter: { types }, limit: 10_000 })
      return page.events
        .map(decodeAny)
        .flatMap((event) =>
          event.type === 'BookingRescheduled' || event.type === 'BookingCancelled' ? [event] : [],
        )
    },
    /** All events of a category, oldest first. */
    async eventsOf(category: string): Promise<StoredEvent[]> {
      const page = await events.readAll({ after: START, filter: { categories: [category] }, limit: 100_000 })
      return page.events.map(decodeAny)
    },
    /** Ends what runs, as at a shutdown, and begins again on the same stores. */
    async restart(): Promise<void> {
      roles.ended.abort()
      await during(roles.running.stopped)
      roles = start()
    },
    async close(): Promise<void> {
      stopping.abort()
      roles.ended.abort()
      await during(Promise.all([roles.running.stopped, projections.stopped, calcom.close()]))
      await queue.close()
      await events.close()
      await Promise.all([database.close(), vaultDatabase.close()])
    },
  }
  await clock.advance(0)
  return fixture
}

/** Runs a story in a fixture of its own, which is closed whatever comes of it. */
export const inSync =
  (options: SyncFixtureOptions, story: (sync: SyncFixture) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const sync = await syncFixture(options)
    try {
      await story(sync)
    } finally {
      await sync.close()
    }
  }
