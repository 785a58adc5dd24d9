// Reads future bookings from Cal.com now and then, to make up for missed webhooks.
import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute, load } from '../../commands/execute.ts'
import { waitAfter } from '../../domain/backoff.ts'
import { trackBooking } from '../../domain/booking/facts.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { BookingDirectory, DirectoryBooking } from '../../ports/booking-directory.ts'
import { nextTurn } from '../../ports/turns.ts'
import { type BookingReferencesDocument, openBookings } from '../../projections/booking-references.ts'
import type { Cron } from '../running/crons.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { hostOf, recordHost, recordSecondWriter } from './answer.ts'
import { closeAndHandOn, endOf, isOver, recordRejection } from './closing.ts'
import type { CalcomIntake } from './intake.ts'
import { askOnceMore } from './late-references.ts'

const CAUSE: Cause = { poll: true, reason: 'RECONCILE' }

/**
 * Reads at most every `everyMs`, whatever wakes the crons, and at once after an outage of the stores. A reading that failed
 * is tried again at the next run, then with growing delay, `everyMs` at most. Without Cal.com's API the cron does nothing.
 */
export function bookingReconciler(
  ports: ServicePorts,
  intake: CalcomIntake,
  everyMs: number,
): Cron & {
  /** Deliveries were missed: the next run reads, whenever the last one did. */
  readAtNextRun(): void
} {
  let next: Temporal.Instant | undefined
  let failures = 0
  /** Deliveries may have been missed since the last reading began. */
  let isMissing = false

  /** An outage that this process sees is one of the processes that take deliveries too. */
  async function storesAnswer(): Promise<void> {
    try {
      await Promise.all([ports.events.head(), ports.queue.status()])
    } catch (error) {
      isMissing = true
      throw error
    }
  }

  return {
    name: 'booking-reconciler',
    readAtNextRun() {
      isMissing = true
    },
    async run(signal) {
      const { calcom } = ports
      const now = ports.now()
      if (calcom === undefined) return
      await storesAnswer()
      if (!isMissing && next !== undefined && Temporal.Instant.compare(now, next) < 0) return
      isMissing = false
      const retryMs = waitAfter({ firstMs: ports.settings.cronMs, longestMs: everyMs }, failures++)
      next = now.add({ milliseconds: Math.round(retryMs) })
      const listed = await readFuture(ports, calcom, intake, now, signal)
      if (listed === undefined) return
      await readMissing(ports, calcom, listed, now, signal)
      failures = 0
      next = now.add({ milliseconds: Math.round(everyMs) })
    },
  }
}

/** The uids that Cal.com listed; undefined if the list could not be read to its end. */
async function readFuture(
  ports: ServicePorts,
  calcom: BookingDirectory,
  intake: CalcomIntake,
  from: Temporal.Instant,
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const listed = new Set<string>()
  let after: string | undefined
  do {
    const page = await calcom.futureBookings({ from, ...defined({ after }) }, signal)
    if (!page.ok) {
      if (!signal.aborted)
        ports.log.warn(
          { code: page.code, ...defined({ reason: page.reason }) },
          'Cal.com bookings not read, retrying',
        )
      return undefined
    }
    for (const booking of page.value.bookings) {
      listed.add(booking.bookingUid)
      // Where nothing is news nothing is written, and reading alone gives nobody else a turn.
      await nextTurn()
      if (signal.aborted) return undefined
      await bringUpToDate(ports, intake, booking)
    }
    after = page.value.next
  } while (after !== undefined)
  return listed
}

async function bringUpToDate(
  ports: ServicePorts,
  intake: CalcomIntake,
  stated: DirectoryBooking,
): Promise<void> {
  const { bookingUid, userId, status, start, end, rescheduledFromUid } = stated
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind === 'CLOSED') return
  if (state.kind === 'UNTRACKED') {
    const { rescheduledToUid: _, rescheduledFromUid: __, destination, ...rest } = stated
    const destinations = destination ? [{ provider: 'google' as const, ...destination }] : []
    const booking = { ...rest, destinations }
    const delivery =
      rescheduledFromUid === undefined
        ? ({ trigger: 'BOOKING_CREATED', booking } as const)
        : ({ trigger: 'BOOKING_RESCHEDULED', booking, rescheduledFromUid } as const)
    return intake.receive(delivery, CAUSE)
  }
  const context = contextOf(ports, 'CRON:booking-reconciler', CAUSE)
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    trackBooking(booking, {
      bookingUid,
      userId,
      status,
      times: { start, end },
      impossibleTimes: stated.impossibleTimes === true,
      references: [],
      at: ports.now().toString(),
    }),
  )
  await recordSecondWriter(ports, context, bookingUid, stated)
  if (state.kind !== 'OPEN' || (await recordHost(ports, context, state, stated))) return
  if (state.references.length === 0 && mayYetBeLinked(state, ports.now()))
    await askOnceMore(ports, bookingUid, CAUSE)
}

/** Missing references are asked for during these hours after the booking was made, and before its start. */
const LATE_HOURS = 6

function mayYetBeLinked({ trackedAt, times }: OpenBooking, now: Temporal.Instant): boolean {
  const hours = (from: Temporal.Instant, to: Temporal.Instant) => from.until(to).total('hours')
  return hours(trackedAt, now) < LATE_HOURS || hours(now, times.start) < LATE_HOURS
}

/** Asks Cal.com by uid for each booking that is open here and not listed. */
async function readMissing(
  ports: ServicePorts,
  calcom: BookingDirectory,
  listed: ReadonlySet<string>,
  from: Temporal.Instant,
  signal: AbortSignal,
): Promise<void> {
  await ports.caughtUp('booking-references')
  let after: string | undefined
  do {
    const page = await openBookings(ports.readStore, from, {
      limit: 500,
      ...defined({ after }),
    })
    for (const booking of page.items) {
      if (signal.aborted) return
      if (!listed.has(booking.bookingUid)) await askFor(ports, calcom, booking, signal)
    }
    after = page.next ?? undefined
  } while (after !== undefined && !signal.aborted)
}

async function askFor(
  ports: ServicePorts,
  calcom: BookingDirectory,
  { bookingUid, userId }: BookingReferencesDocument,
  signal: AbortSignal,
): Promise<void> {
  const answer = await calcom.booking(bookingUid, hostOf({ userId }), signal)
  if (!answer.ok) return
  const stated = answer.value
  const context = contextOf(ports, 'CRON:booking-reconciler', CAUSE)
  if (isOver(stated)) {
    await recordSecondWriter(ports, context, bookingUid, stated)
    await closeAndHandOn(ports, context, bookingUid, endOf(stated))
  } else if (stated.status === 'REJECTED') await recordRejection(ports, context, bookingUid)
  else await recordHost(ports, context, { bookingUid, userId }, stated)
}
