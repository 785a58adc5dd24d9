import { bookingReconciler } from './booking-reconciler.ts'
import { createCalcomIntake } from './calcom-intake.ts'
import { runChangeSyncWorker } from './change-sync-worker.ts'
import { startCrons } from './crons.ts'
import { runReactions } from './reactions.ts'
import { reconciler, signalUnknownCalendars } from './reconciler.ts'
import { registrationCron } from './registration-cron.ts'
import type { ServicePorts } from './service-ports.ts'
import { subscriptionCron } from './subscription-cron.ts'

export type RolesOptions = {
  roles: ReadonlySet<'crons' | 'sync' | 'projections' | (string & {})>
  bookingReconcileMs: number
  /** Told of every fetch: `done`, or the code of what went wrong. */
  onFetch(outcome: string): void
  /** Runs `also` wherever this process has the role of writing the read models. */
  runProjections(also: (signal: AbortSignal) => Promise<void>): Promise<void>
  signal: AbortSignal
}

export type RunningRoles = {
  /** Something changed that the crons may act on: they run now. */
  wakeCrons(): void
  /** Resolves when everything under way has ended. */
  stopped: Promise<unknown>
}

/** How many subjects one process works on at a time, and for how long one is its own without renewal. */
const WIDTH = 16
const LEASE_MS = 60_000

/** Starts what this process does besides HTTP and projections, until `signal` aborts. */
export function startRoles(ports: ServicePorts, options: RolesOptions): RunningRoles {
  const { roles, signal } = options
  const running: Promise<unknown>[] = []
  let wakeCrons = () => {}
  if (roles.has('crons')) {
    const intake = createCalcomIntake(ports)
    const crons = startCrons(
      ports,
      [
        registrationCron(ports),
        subscriptionCron(ports),
        reconciler(ports),
        bookingReconciler(ports, intake, options.bookingReconcileMs),
      ],
      signal,
    )
    wakeCrons = crons.wake
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
    const worker = runChangeSyncWorker(ports, {
      width: WIDTH,
      leaseMs: LEASE_MS,
      signal,
      observe(kind, outcome, code) {
        if (kind === 'calendar') options.onFetch(code ?? outcome)
      },
    })
    running.push(worker, startReading(ports, signal))
  }
  return { wakeCrons, stopped: Promise.all(running) }
}

async function startReading(ports: ServicePorts, signal: AbortSignal): Promise<void> {
  try {
    await signalUnknownCalendars(ports)
  } catch (error) {
    // The reconciler and the next pushes come to the same, only later.
    if (!signal.aborted) ports.log.warn({ err: error }, 'the calendars could not be signalled at the start')
  }
}
