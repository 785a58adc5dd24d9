// Reads the bookings to come from Cal.com, and brings what is known here up to date. Where nothing is news, nothing is stored.
import { bookingAggregate } from '../../commands/aggregates.ts'
import { execute, load } from '../../commands/execute.ts'
import { trackBooking } from '../../domain/booking/facts.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import type { Cause } from '../../domain/event-metadata.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { BookingDirectory, DirectoryBooking, DirectoryError } from '../../ports/booking-directory.ts'
import { nextTurn } from '../../ports/turns.ts'
import { type BookingReferencesDocument, openBookings } from '../../projections/booking-references.ts'
import { unreportedToCome } from '../../projections/publications.ts'
import { contextOf, type ServicePorts } from '../running/service-ports.ts'
import { hostOf, recordHost, recordSecondWriter } from './answer.ts'
import { closeAndHandOn, endOf, isOver, recordRejection } from './closing.ts'
import type { CalcomIntake } from './intake.ts'
import { askOnceMore } from './late-references.ts'

const CAUSE: Cause = { poll: true, reason: 'RECONCILE' }

/** What was read: the bookings that Cal.com listed, and how many of them were not known here. */
export type BookingsRead = { listed: number; added: number }

const ENDED: DirectoryError = { ok: false, code: 'UNAVAILABLE' }

/** `after`: the page that the reading would go on with. */
export type ReadingFailed = { error: DirectoryError; after: string | undefined }

/** Reads the list of all hosts, and asks Cal.com about each booking that is open here and not listed. */
export async function readAllBookings(
  ports: ServicePorts,
  calcom: BookingDirectory,
  intake: CalcomIntake,
  signal: AbortSignal,
): Promise<BookingsRead | ReadingFailed> {
  const from = ports.now()
  const listed = new Set<string>()
  const read = await readFuture(ports, calcom, intake, { from }, signal, (uid) => listed.add(uid))
  if ('error' in read) return read
  await readMissing(ports, calcom, listed, from, signal)
  await readUnapplied(ports, calcom, listed, from, signal)
  return read
}

/**
 * Reads the whole list, one page after the other, of all hosts or of one. `onListed` is told of each booking. Gives an error
 * where a page could not be read, or the signal ended the reading.
 */
export async function readFuture(
  ports: ServicePorts,
  calcom: BookingDirectory,
  intake: CalcomIntake,
  request: Parameters<BookingDirectory['futureBookings']>[0],
  signal: AbortSignal,
  onListed?: (bookingUid: string) => void,
): Promise<BookingsRead | ReadingFailed> {
  const read: BookingsRead = { listed: 0, added: 0 }
  let { after } = request
  do {
    const page = await calcom.futureBookings({ ...request, ...defined({ after }) }, signal)
    if (!page.ok) return { error: page, after }
    for (const booking of page.value.bookings) {
      // Where nothing is news nothing is written, and reading alone gives nobody else a turn.
      await nextTurn()
      if (signal.aborted) return { error: ENDED, after }
      onListed?.(booking.bookingUid)
      read.listed += 1
      if (await bringUpToDate(ports, intake, booking)) read.added += 1
    }
    after = page.value.next
  } while (after !== undefined)
  return read
}

/** Brings one booking up to date. True if it was not known here. */
async function bringUpToDate(
  ports: ServicePorts,
  intake: CalcomIntake,
  stated: DirectoryBooking,
): Promise<boolean> {
  const { bookingUid, userId, status, start, end, rescheduledFromUid } = stated
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind === 'CLOSED') return false
  if (state.kind === 'UNTRACKED') {
    const { rescheduledToUid: _, rescheduledFromUid: __, destination, ...rest } = stated
    const destinations = destination ? [{ provider: 'google' as const, ...destination }] : []
    const booking = { ...rest, destinations }
    const delivery =
      rescheduledFromUid === undefined
        ? ({ trigger: 'BOOKING_CREATED', booking } as const)
        : ({ trigger: 'BOOKING_RESCHEDULED', booking, rescheduledFromUid } as const)
    await intake.receive(delivery, CAUSE)
    return true
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
  if (state.kind !== 'OPEN' || (await recordHost(ports, context, state, stated))) return false
  if (state.references.length === 0 && mayYetBeLinked(state, ports.now()))
    await askOnceMore(ports, bookingUid, CAUSE)
  return false
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

/** Asks for bookings with a published change that has no outcome: one that is cancelled here may be over in Cal.com. */
async function readUnapplied(
  ports: ServicePorts,
  calcom: BookingDirectory,
  listed: ReadonlySet<string>,
  from: Temporal.Instant,
  signal: AbortSignal,
): Promise<void> {
  await ports.caughtUp('publications')
  const asked = new Set(listed)
  let after: string | undefined
  do {
    const page = await unreportedToCome(ports.readStore, from, { limit: 500, ...defined({ after }) })
    for (const { bookingUid, userId } of page.items) {
      if (signal.aborted) return
      if (!asked.has(bookingUid)) await askFor(ports, calcom, { bookingUid, userId }, signal)
      asked.add(bookingUid)
    }
    after = page.next ?? undefined
  } while (after !== undefined && !signal.aborted)
}

async function askFor(
  ports: ServicePorts,
  calcom: BookingDirectory,
  { bookingUid, userId }: Pick<BookingReferencesDocument, 'bookingUid' | 'userId'>,
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
