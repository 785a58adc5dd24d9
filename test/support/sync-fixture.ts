import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext, CommandResult } from '../../commands/command.ts'
import { load } from '../../commands/execute.ts'
import { RegisterCalendarSync } from '../../commands/register-calendar-sync.ts'
import { type RunningRoles, startRoles } from '../../composition/roles.ts'
import type { Booking } from '../../domain/booking/state.ts'
import { streamName } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import { decodeAny, type StoredEvent } from '../../ports/event-store/event-codec.ts'
import { START } from '../../ports/event-store/event-store.ts'
import type { ServicePorts } from '../../services/running/service-ports.ts'
import type { ApiMethod } from '../../stand-ins/google/faults.ts'
import { keyOfUser, type SyncWorldOptions, syncWorld } from './sync-world.ts'

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
const context: CommandContext = { actor: 'test', causationId: 'causation', correlationId: 'correlation' }
type Handled<Body> = {
  schema: { parse(body: unknown): Body }
  handle(body: Body, ports: ServicePorts, context: CommandContext): Promise<CommandResult>
}

/**
 * All that runs besides HTTP, over embedded stores in memory, with both stand-ins' cores plugged in at the ports, on one
 * virtual clock. The same options and the same calls give the same story.
 */
export async function syncFixture(options: SyncWorldOptions = {}) {
  const world = syncWorld(options)
  const { clock, google, calcom, ports, projections } = world
  const { events, queue, vault, calendars } = ports
  const dailyLooks: string[] = []
  let roles = start()

  function start(): { running: RunningRoles; ended: AbortController } {
    const ended = new AbortController()
    const running = startRoles(ports, {
      roles: new Set([
        ...(options.roles ?? ['crons', 'sync', 'projections']),
        ...(options.calcomApply === 'api' ? ['applier'] : []),
      ]),
      bookingReconcileMs: options.bookingReconcileMs ?? 3_600_000,
      leaseMs: 60_000,
      onWorked: options.onWorked ?? (() => {}),
      onDailyLooks: (why, looks) => void dailyLooks.push(...Array(looks).fill(why)),
      runProjections: (also) => also(ended.signal),
      runPublisher: async () => {},
      runApplier: (run) => run(ended.signal),
      mayStart: Promise.resolve(true),
      signal: ended.signal,
    })
    return { running, ended }
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
    ...world,
    /** What Google was asked by one method, of one calendar or of all, oldest first. */
    asked: (method: ApiMethod, calendarId?: string) =>
      world.asked.filter(
        (one) => one.method === method && (calendarId === undefined || one.calendarId === calendarId),
      ),
    /** Why looks were asked for that no change did, oldest first. */
    dailyLooks,
    during,
    settle,
    /** Lets so much time pass. */
    pass: (ms: number) => clock.advance(ms),
    wakeCrons: () => roles.running.wakeCrons(),

    /** A user of Cal.com's with a calendar of their own, which is registered (unless not), and a stored credential. */
    async host(
      id = 1,
      given: { credential?: boolean; registered?: boolean; apiKey?: string } = {},
    ): Promise<Host> {
      const [calendarId, credentialId, userId] = [`host-${id}@example.com`, `credential-${id}`, String(id)]
      google.createCalendar({ id: calendarId, timeZone: 'Europe/London' })
      const destination = { externalCalendarId: calendarId, credentialId }
      const { apiKey = keyOfUser(id) } = given
      calcom.createUser({
        id,
        name: 'Host',
        email: calendarId,
        timeZone: 'Europe/London',
        destination,
        apiKey,
      })
      if (given.credential !== false)
        await vault.put(credentialId, { kind: 'oauth', refreshToken: REFRESH_TOKEN })
      const calendarKey = await calendars.keyOf({ provider: 'google', externalCalendarId: calendarId })
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
      const to = { start: start.toString(), ...defined({ end: end?.toString() }) }
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
    /** The same, with all but the events and the vault lost in between. */
    async restartWithoutReadModels(): Promise<void> {
      roles.ended.abort()
      await during(roles.running.stopped)
      await during(world.loseReadModels())
      roles = start()
    },
    async close(): Promise<void> {
      roles.ended.abort()
      await during(world.close(roles.running.stopped))
    },
  }
  await clock.advance(0)
  return fixture
}

/** Runs a story in a fixture of its own, which is closed whatever comes of it. */
export const inSync =
  (options: SyncWorldOptions, story: (sync: SyncFixture) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const sync = await syncFixture(options)
    try {
      await story(sync)
    } finally {
      await sync.close()
    }
  }
