// Ends a booking that ended in Cal.com, for webhook, look and reconciler alike. A webhook announces the end, and Cal.com's
// answer confirms it. Only then are references passed on to the successor. Cal.com sends its webhook before it stores the
// change. For a booking with seats it sends one for each guest who leaves. The next look corrects a booking wrongly kept
// open; nothing corrects one wrongly closed.

import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute, load } from '../../commands/execute.ts'
import { waitAgain } from '../../domain/backoff.ts'
import {
  type AnnouncedEnd,
  announceClosing,
  closeBooking,
  keepOpen,
  recordBookingTimes,
} from '../../domain/booking/facts.ts'
import { linkReferences, passedOnReferences } from '../../domain/booking/links.ts'
import { leavesBehind, tellOvertaken } from '../../domain/booking/overtaken.ts'
import { findByAnyName } from '../../domain/booking/references.ts'
import type { Booking, Closing, OpenBooking } from '../../domain/booking/state.ts'
import { accept } from '../../domain/decision.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { DirectoryBooking, DirectoryError } from '../../ports/booking-directory.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Cal.com's answer may lag this long behind its webhook. A booking with seats mostly goes on, and waits less. */
const CLOSING_MS = 60_000
const CLOSING_SEATS_MS = 10_000

export type End = Pick<AnnouncedEnd, 'reason' | 'rescheduledToUid' | 'seats'>

/** Cal.com cannot be asked: no key answers for the booking, or the API's version is gone. */
export const cannotBeAsked = ({ code }: DirectoryError): boolean => code === 'NOT_FOUND' || code === 'REFUSED'

/** Whether Cal.com says that the booking is over. A booking that was rescheduled away may still be ACCEPTED there. */
export const isOver = ({ status, rescheduledToUid }: DirectoryBooking): boolean =>
  status === 'CANCELLED' || rescheduledToUid !== undefined

/** The end of a booking, by Cal.com's answer. */
export const endOf = ({ rescheduledToUid }: DirectoryBooking): End =>
  rescheduledToUid === undefined
    ? { reason: 'CANCELLED_IN_CALCOM' }
    : { reason: 'RESCHEDULED', rescheduledToUid }

/**
 * Takes in that Cal.com announced the end of a booking. With Cal.com's API an open booking becomes closing, and is looked
 * at. Without the API the announcement decides.
 */
export async function announceEnd(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  end: End,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  const { calcom } = ports
  if (state.kind === 'UNTRACKED' && calcom !== undefined) {
    const answer = await calcom.booking(bookingUid, undefined)
    const over = answer.ok ? isOver(answer.value) : cannotBeAsked(answer) && !end.seats
    if (over) await closeAndHandOn(ports, context, bookingUid, end)
    return
  }
  if (calcom === undefined || state.kind !== 'OPEN')
    return end.seats
      ? keptBySeats(ports, context, bookingUid, end)
      : closeAndHandOn(ports, context, bookingUid, end)
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    announceClosing(booking, { bookingUid, ...end, at: ports.now().toString() }),
  )
  await ports.queue.signal(
    { kind: 'booking', key: bookingUid },
    { cause: context.cause ?? { poll: true }, dueInMs: 0, atOnce: true },
  )
}

/** Without Cal.com's API, a guest who leaves a booking with seats does not end it. The seats are recorded. */
async function keptBySeats(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  end: End,
): Promise<void> {
  const at = ports.now().toString()
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    announceClosing(booking, { bookingUid, ...end, at }),
  )
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    keepOpen(booking, { reason: 'SEATS', seats: true, at }),
  )
}

/** `resolved`: the booking is closed, or stays open. */
export type ClosingOutcome =
  | { kind: 'resolved' }
  | { kind: 'again'; inMs: number }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/** Asks Cal.com whether a booking whose end was announced is over. */
export async function resolveClosing(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking & { closing: Closing },
  signal: AbortSignal,
): Promise<ClosingOutcome> {
  const { bookingUid, userId, closing, seats: known } = booking
  const { reason, rescheduledToUid, since } = closing
  const seats = closing.seats ?? known
  const end: End = {
    reason,
    ...defined({ rescheduledToUid, seats }),
  }
  const answer = await ports.calcom?.booking(bookingUid, userId, signal)
  if (answer === undefined || (!answer.ok && cannotBeAsked(answer))) {
    if (seats) await keep(ports, context, bookingUid, { reason: 'SEATS', seats })
    else await closeAndHandOn(ports, context, bookingUid, end)
    return { kind: 'resolved' }
  }
  if (!answer.ok) {
    const { code, retryAfterMs } = answer
    return { kind: 'failed', code, ...defined({ retryAfterMs }) }
  }
  if (isOver(answer.value)) {
    await closeAndHandOn(ports, context, bookingUid, { ...end, ...withSuccessor(answer.value) })
    return { kind: 'resolved' }
  }
  const waitedMs = ports.now().since(since).total('milliseconds')
  const longestMs = seats ? CLOSING_SEATS_MS : CLOSING_MS
  if (waitedMs < longestMs) return { kind: 'again', inMs: waitAgain(waitedMs, { firstMs: 500, longestMs }) }
  await keep(ports, context, bookingUid, { reason: 'OPEN_IN_CALCOM', ...defined({ seats }) })
  return { kind: 'resolved' }
}

const withSuccessor = ({ rescheduledToUid }: DirectoryBooking) =>
  rescheduledToUid === undefined ? {} : { reason: 'RESCHEDULED', rescheduledToUid }

async function keep(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  how: { reason: string; seats?: true },
): Promise<void> {
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    keepOpen(state, { ...how, at: ports.now().toString() }),
  )
}

/**
 * Closes a booking. Its successor takes over references, watermarks and former names, unconfirmed until Cal.com names them.
 * A successor with events takes over only facts about those events. With seats nothing is taken over: the event stays with
 * the booking that the guests left.
 */
export async function closeAndHandOn(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  { reason, rescheduledToUid, seats }: End,
): Promise<void> {
  const at = ports.now().toString()
  const to = defined({ rescheduledToUid })
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    closeBooking(state, { bookingUid, reason, ...to, at }),
  )
  if (rescheduledToUid === undefined || rescheduledToUid === bookingUid || seats) return
  const { state: before } = await load(ports.events, bookingAggregate, bookingUid)
  const passedOn = passedOnReferences(before)
  if (passedOn.length === 0) return
  const successor = await lastOfChain(ports, rescheduledToUid)
  await execute(ports, context, bookingAggregate, successor, (state) => {
    if (state.kind !== 'OPEN') return { ok: true, events: [] }
    const own = state.references.length > 0
    const references = own ? passedOn.filter((one) => findByAnyName(state, one) !== undefined) : passedOn
    const linked = linkReferences(state, { references, times: state.basis, at })
    // A publication for the successor is newer than the changes that the former booking left behind.
    const behind = state.sequence === 0 && leavesBehind(before, state.basis)
    return linked.ok && behind ? accept(...linked.events, ...tellOvertaken(state, true, at)) : linked
  })
}

/** The booking that this one goes on as: reschedules may be told of in another order. */
async function lastOfChain(ports: ServicePorts, bookingUid: string): Promise<string> {
  const chain = new Set<string>()
  for (let uid: string | undefined = bookingUid; uid !== undefined && !chain.has(uid); ) {
    chain.add(uid)
    const { state }: { state: Booking } = await load(ports.events, bookingAggregate, uid)
    uid = state.kind === 'CLOSED' ? state.rescheduledToUid : undefined
  }
  return [...chain].at(-1) ?? bookingUid
}

/** Records that Cal.com rejected a booking that waited for acceptance. */
export async function recordRejection(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, bookingUid)
  if (state.kind !== 'OPEN') return closeAndHandOn(ports, context, bookingUid, { reason: 'REJECTED' })
  await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
    booking.kind === 'OPEN'
      ? recordBookingTimes(booking, { times: booking.basis, status: 'REJECTED', at: ports.now().toString() })
      : { ok: true, events: [] },
  )
}
