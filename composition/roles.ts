import type { BookingWriter } from '../ports/booking-writer.ts'
import type { Kind } from '../ports/signal-queue/signal-queue.ts'
import { runApplier } from '../services/applying/applier.ts'
import { createCalcomIntake } from '../services/calcom/intake.ts'
import { bookingReconciler } from '../services/calcom/reconciler.ts'
import { oneCalendarCron } from '../services/channels/one-calendar.ts'
import { registrationCron } from '../services/channels/registration-cron.ts'
import { subscriptionCron } from '../services/channels/subscription-cron.ts'
import type { WorkedOutcome } from '../services/running/counted-outcomes.ts'
import { type Crons, startCrons } from '../services/running/crons.ts'
import { failureFacts, outageLog } from '../services/running/outage-log.ts'
import type { ServicePorts } from '../services/running/service-ports.ts'
import { type DailyLook, dailyLooks } from '../services/signals/daily-looks.ts'
import { runReactions } from '../services/signals/reactions.ts'
import { reconciler, signalUnknownCalendars } from '../services/signals/reconciler.ts'
import { signalSetAside } from '../services/signals/set-aside-looks.ts'
import { runChangeSyncWorker } from '../services/sync/change-sync-worker.ts'

export type RolesOptions = {
  roles: ReadonlySet<'crons' | 'sync' | 'projections' | 'publisher' | (string & {})>
  /** False if the deployment guard refused this process: then nothing starts. */
  mayStart: Promise<boolean>
  bookingReconcileMs: number
  /** Lease of a subject, in milliseconds. */
  leaseMs: number
  /** Called for every subject worked on. */
  onWorked(kind: Kind, outcome: WorkedOutcome): void
  /** Called with the number of bookings that the daily looks signalled. */
  onDailyLooks?(why: DailyLook, looks: number): void
  /** Runs the read models, and `also` with them, while this process has their lease. */
  runProjections(also: (signal: AbortSignal) => Promise<void>): Promise<void>
  runPublisher(): Promise<void>
  /** Runs the applier while this process has its lease. */
  runApplier(run: (signal: AbortSignal) => Promise<void>): Promise<void>
  signal: AbortSignal
}

export type RunningRoles = {
  /** Something changed that the crons may act on: they run now. */
  wakeCrons(): void
  /** Deliveries of Cal.com's were missed: this process, where it runs the crons, reads the bookings now. */
  readBookings(): void
  /** The crons whose last run failed. */
  failingCrons(): readonly string[]
  /** Resolves when everything under way has ended. */
  stopped: Promise<void>
}

/** How many subjects one process works on at a time. */
const WIDTH = 16

/** Starts the roles besides HTTP once the deployment guard allows it. They end when `signal` aborts. */
export function startRoles(ports: ServicePorts, options: RolesOptions): RunningRoles {
  const { roles, signal } = options
  const outages = outageLog({ ...ports, signal })
  let crons: Crons | undefined
  const bookings = bookingReconciler(ports, createCalcomIntake(ports), options.bookingReconcileMs)

  async function run(): Promise<void> {
    if (!(await options.mayStart)) return
    const running: Promise<unknown>[] = []
    if (roles.has('crons')) {
      crons = startCrons(
        ports,
        [
          registrationCron(ports),
          subscriptionCron(ports),
          oneCalendarCron(ports),
          reconciler(ports),
          dailyLooks(ports, options.onDailyLooks),
          bookings,
        ],
        signal,
      )
      running.push(crons.stopped)
    }
    // The reactions go with the read models: one leased instance, fed from the same events.
    if (roles.has('projections'))
      running.push(options.runProjections((leased) => runReactions(ports, { signal: leased, wakeCrons })))
    if (roles.has('sync'))
      running.push(
        runWorker(ports, options),
        outages.untilItAnswers('signal queue for calendars never read', () => signalUnknownCalendars(ports)),
        outages.untilItAnswers('signal queue for changes set aside', () => signalSetAside(ports)),
      )
    if (roles.has('publisher')) running.push(options.runPublisher())
    const { writer } = ports
    if (roles.has('applier') && writer !== undefined)
      running.push(options.runApplier((leased) => applyFrom(ports, writer, { ...options, signal: leased })))
    await Promise.all(running)
  }

  const wakeCrons = () => crons?.wake()
  const readBookings = () => {
    bookings.readAtNextRun()
    wakeCrons()
  }
  return { wakeCrons, readBookings, failingCrons: () => crons?.failing() ?? [], stopped: run() }
}

async function runWorker(ports: ServicePorts, { leaseMs, signal, onWorked }: RolesOptions): Promise<void> {
  await untilMade(ports, signal)
  await runChangeSyncWorker(ports, { width: WIDTH, leaseMs, signal, observe: onWorked })
}

async function applyFrom(
  ports: ServicePorts,
  writer: BookingWriter,
  { leaseMs, signal, onWorked }: RolesOptions,
): Promise<void> {
  await untilMade(ports, signal)
  const outages = outageLog({ ...ports, signal })
  await runApplier(ports, writer, { leaseMs, signal, observe: onWorked, outages })
}

const ASK_EVERY_MS = 1_000

/**
 * Waits until the read models hold every event that was there at the start. Before that they know neither the policies
 * nor which booking refers to an event.
 */
async function untilMade(
  ports: Pick<ServicePorts, 'caughtUp' | 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted)
    try {
      return await ports.caughtUp('all')
    } catch (error) {
      ports.log.info(failureFacts(error), 'read models not caught up, no calendar is read yet')
      await ports.clock.delay(ASK_EVERY_MS, signal)
    }
}
