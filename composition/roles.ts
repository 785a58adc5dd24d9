import type { Kind } from '../ports/signal-queue/signal-queue.ts'
import { createCalcomIntake } from '../services/calcom/intake.ts'
import { bookingReconciler } from '../services/calcom/reconciler.ts'
import { registrationCron } from '../services/channels/registration-cron.ts'
import { subscriptionCron } from '../services/channels/subscription-cron.ts'
import { startCrons } from '../services/running/crons.ts'
import { failureFacts } from '../services/running/outage-log.ts'
import { retryDelay } from '../services/running/retry-delay.ts'
import type { ServicePorts } from '../services/running/service-ports.ts'
import { type DailyLook, dailyLooks } from '../services/signals/daily-looks.ts'
import { runReactions } from '../services/signals/reactions.ts'
import { reconciler, signalUnknownCalendars } from '../services/signals/reconciler.ts'
import { signalSetAside } from '../services/signals/set-aside-looks.ts'
import { runChangeSyncWorker } from '../services/sync/change-sync-worker.ts'
import type { WorkedOutcome } from '../services/sync/counted-outcomes.ts'

export type RolesOptions = {
  roles: ReadonlySet<'crons' | 'sync' | 'projections' | (string & {})>
  bookingReconcileMs: number
  /** For how long one subject is this process's own without renewal, in milliseconds (60,000). */
  leaseMs?: number
  /** Told of every subject worked on. */
  onWorked(kind: Kind, outcome: WorkedOutcome): void
  /** Told of how many looks were asked for without a change. */
  onDailyLooks?(why: DailyLook, looks: number): void
  /** Runs `also` wherever this process has the role of writing the read models. */
  runProjections(also: (signal: AbortSignal) => Promise<void>): Promise<void>
  signal: AbortSignal
}

export type RunningRoles = {
  /** Something changed that the crons may act on: they run now. */
  wakeCrons(): void
  /** The crons whose last turn failed. */
  failingCrons(): readonly string[]
  /** Resolves when everything under way has ended. */
  stopped: Promise<unknown>
}

/** How many subjects one process works on at a time. */
const WIDTH = 16

/** As `startRoles`, once `admitted` has resolved with true; never where it resolves with false. */
export function startRolesOnce(admitted: Promise<boolean>, start: () => RunningRoles): RunningRoles {
  let running: RunningRoles | undefined
  return {
    wakeCrons: () => running?.wakeCrons(),
    failingCrons: () => running?.failingCrons() ?? [],
    stopped: admitted.then(async (yes) => {
      if (!yes) return
      running = start()
      await running.stopped
    }),
  }
}

/** Starts what this process does besides HTTP and projections, until `signal` aborts. */
export function startRoles(ports: ServicePorts, options: RolesOptions): RunningRoles {
  const { roles, signal } = options
  const running: Promise<unknown>[] = []
  let wakeCrons = () => {}
  let failingCrons: RunningRoles['failingCrons'] = () => []
  if (roles.has('crons')) {
    const intake = createCalcomIntake(ports)
    const crons = startCrons(
      ports,
      [
        registrationCron(ports),
        subscriptionCron(ports),
        reconciler(ports),
        dailyLooks(ports, options.onDailyLooks),
        bookingReconciler(ports, intake, options.bookingReconcileMs),
      ],
      signal,
    )
    wakeCrons = crons.wake
    failingCrons = crons.failing
    running.push(crons.stopped)
  }
  // The reactions go with the read models: one leased instance, fed from the same events.
  if (roles.has('projections'))
    running.push(
      options.runProjections((leased) =>
        runReactions(ports, { signal: leased, wakeCrons: () => wakeCrons() }),
      ),
    )
  if (roles.has('sync')) {
    const worker = async () => {
      await untilMade(ports, signal)
      await runChangeSyncWorker(ports, {
        width: WIDTH,
        leaseMs: options.leaseMs ?? 60_000,
        signal,
        observe: options.onWorked,
      })
    }
    running.push(
      worker(),
      untilDone(ports, signal, 'the calendars could not be signalled', () => signalUnknownCalendars(ports)),
      untilDone(ports, signal, 'what was set aside could not be signalled', () => signalSetAside(ports)),
    )
  }
  return { wakeCrons, failingCrons, stopped: Promise.all(running) }
}

const LOOK_EVERY_MS = 1_000

/**
 * Read models that are being made anew know neither policies nor which booking refers to an event: nothing is looked at
 * before they have seen all that was there at the start.
 */
async function untilMade(ports: ServicePorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    try {
      return await ports.caughtUp('all')
    } catch (error) {
      ports.log.info(failureFacts(error), 'no calendar is read before the read models have caught up')
      await ports.clock.delay(LOOK_EVERY_MS, signal)
    }
}

/** What is to be done once at the start, as soon as the stores and read models let it. */
async function untilDone(
  ports: ServicePorts,
  signal: AbortSignal,
  failure: string,
  work: () => Promise<void>,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++)
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) return
      ports.log.warn(failureFacts(error), `${failure} at the start; it is tried again`)
      await ports.clock.delay(retryDelay(failures, ports.random), signal)
    }
}
