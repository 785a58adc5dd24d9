// Google Calendar and Cal.com in the test's own process, so that they outlive the service that is killed.
import { join } from 'node:path'
import { settled } from '../../cli/demo/story-bookings.ts'
import { type World, worldAt } from '../../cli/demo/world.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { GoogleCore } from '../../stand-ins/google/google-core.ts'
import { STAND_IN_HOST, type StandIns, startStandIns } from '../../stand-ins/stand-ins.ts'
import { freePort, type ServiceProcess, startServiceProcess } from './service-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Cal.com signs its deliveries with it. */
export const WEBHOOK_SECRET = 'a secret of the test'
const SECRETS = { calcomApiKey: 'cal_test', webhookSecret: WEBHOOK_SECRET }
const CALENDAR = STAND_IN_HOST.calendarId

export type OutlivingWorld = {
  standIns: StandIns
  calendar: CalendarOfHost
  folder: string
  /** Starts the service on the same address each time, and on the same folder (`data`), unless `env` names another. */
  start(env?: { [variable: string]: string }): Promise<ServiceProcess>
  /** Of a service that runs. */
  worldOf(service: ServiceProcess): World
  close(): Promise<void>
}

/** What the host does, without HTTP: the service's side alone is on trial. */
export type CalendarOfHost = Pick<GoogleCore, 'faults'> & {
  times(eventId: string): { start: string; end: string }
  change(eventId: string, to: { start: Temporal.Instant; end: Temporal.Instant }): void
}

/** Runs `play` in a world of its own, with `env` added to the service's variables, and leaves nothing of it running, however it ends. */
export async function withOutlivingWorld(
  play: (world: OutlivingWorld) => Promise<void>,
  env: { [variable: string]: string } = {},
): Promise<void> {
  const world = await outlivingWorld(env)
  try {
    await play(world)
  } finally {
    await world.close()
  }
}

async function outlivingWorld(env: { [variable: string]: string }): Promise<OutlivingWorld> {
  const started: ServiceProcess[] = []
  const folder = temporaryFolder()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const standIns = await startStandIns({
    clock: systemClock,
    webhookUrl: `${url}/webhooks/calcom`,
    ...SECRETS,
  })
  const { core } = standIns.google
  return {
    standIns,
    calendar: {
      faults: core.faults,
      times(eventId) {
        const { start, end } = core.get(CALENDAR, eventId)
        const instant = (time: { dateTime?: string } | undefined) =>
          Temporal.Instant.from(time?.dateTime ?? '').toString()
        return { start: instant(start), end: instant(end) }
      },
      change: (eventId, { start, end }) =>
        void core.drag(CALENDAR, eventId, { start: start.toString(), end: end.toString() }),
    },
    folder: folder.path,
    async start(further = {}) {
      const service = await startServiceProcess({
        DATA_DIR: join(folder.path, 'data'),
        PORT: String(port),
        PUBLIC_URL: url,
        GOOGLE_API_URL: standIns.google.url,
        GOOGLE_TOKEN_URL: standIns.google.tokenUrl,
        CALCOM_API_URL: standIns.calcom.url,
        CALCOM_API_KEY: SECRETS.calcomApiKey,
        CALCOM_WEBHOOK_SECRET: SECRETS.webhookSecret,
        SETTLE_MS: '50',
        CANCEL_GRACE_MS: '0',
        MASS_CHANGE_LIMIT: '100000',
        ECHO_GRACE_MS: '0',
        // Pushes to a service that is down are lost: it reads again by itself soon after its start.
        RECONCILE_MINUTES: '0.01',
        CRON_SECONDS: '0.3',
        LOG_LEVEL: 'error',
        ...env,
        ...further,
      })
      started.push(service)
      return service
    },
    worldOf: ({ url: service, token }) =>
      worldAt({ service, token, google: standIns.google.url, calcom: standIns.calcom.url }, 15_000),
    async close() {
      for (const service of started) await service.end('SIGKILL')
      await standIns.close()
      folder.remove()
    },
  }
}

export type Booked = { bookingUid: string; eventId: string }

/** Lets the host connect the calendar, and books `count` meetings with them; resolves when each event was looked at. */
export async function connectAndBook(world: World, count: number): Promise<Booked[]> {
  const { credentialId, refreshToken, userId } = STAND_IN_HOST
  await world.service.put(`/credentials/${credentialId}`, { kind: 'oauth', refreshToken })
  const day = Temporal.Now.instant().add({ hours: 48 }).round('hour')
  const bookings: Booked[] = []
  for (let n = 0; n < count; n++) {
    const start = day.add({ hours: 24 * n }).toString()
    const { uid: bookingUid } = await world.calcom.post<{ uid: string }>('/bookings', {
      userId: Number(userId),
      start,
    })
    const eventId = await world.until(`A look at booking ${n}`, async () => {
      const booking = await world.booking(bookingUid)
      return booking?.lastDecision ? booking.references[0]?.externalEventId : undefined
    })
    bookings.push({ bookingUid, eventId })
  }
  await world.until('A channel', async () =>
    (await world.subscriptions()).some(({ status }) => status === 'ACTIVE') ? true : undefined,
  )
  await settled(world, 'the bookings')
  return bookings
}
