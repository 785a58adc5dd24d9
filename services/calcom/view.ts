import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { flagBooking, reassignBooking, recordBookingTimes } from '../../domain/booking/facts.ts'
import { linkReferences } from '../../domain/booking/links.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { sameTimes, type Times } from '../../domain/times.ts'
import type { DirectoryBooking, DirectoryError } from '../../ports/booking-directory.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { cannotBeAsked, closeAndHandOn, endOf, isOver } from './closing.ts'
import { namedReferences } from './named-references.ts'

/**
 * `agrees`: Cal.com says what we know. `news`: it said something else, which is recorded now: look again. `unconfirmed`:
 * it does not name the event yet, which it stores only after it has written it: what the calendar shows may be from
 * before. `none`: there is no view of this booking. `reassigned`: another host has it, for whom Cal.com cannot be asked.
 * `failed`: it could not be asked; nothing may be decided.
 */
export type CalcomView =
  | { kind: 'agrees' | 'news' | 'unconfirmed' | 'none' | 'reassigned' }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/** Whose booking it is while nobody has said so. */
export const NOBODY = 'unknown'

/**
 * Asks Cal.com for the booking and its references before a change is carried to it (`next`: the times that it would get).
 * Cal.com writes its database before it writes Google, so this ends echoes and races. A key that does not answer for the
 * booking, or refuses its references, is no view.
 */
export async function consultCalcom(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  next: Times | undefined,
  signal: AbortSignal,
): Promise<CalcomView> {
  if (ports.calcom === undefined) return { kind: 'none' }
  const answer = await ports.calcom.booking(booking.bookingUid, booking.userId, signal)
  if (!answer.ok) return cannotBeAsked(answer) ? { kind: 'none' } : failed(answer)
  const told = answer.value
  if (isOver(told)) {
    await closeAndHandOn(ports, context, booking.bookingUid, endOf(told))
    return { kind: 'news' }
  }
  if (await recordedReassignment(ports, context, booking, told)) return { kind: 'news' }
  if (await recordedTimes(ports, context, booking, told, next)) return { kind: 'news' }

  const references = await ports.calcom.references(booking.bookingUid, booking.userId, signal)
  const reassigned = booking.flags.includes('REASSIGNED')
  if (!references.ok) {
    if (!cannotBeAsked(references)) return failed(references)
    return { kind: reassigned ? 'reassigned' : 'none' }
  }
  const [first] = booking.references
  const { references: named, complete } = await namedReferences(ports, references.value, {
    userId: booking.userId,
    destination: first?.stored.calendarKey,
  })
  const at = ports.now().toString()
  const linked = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    linkReferences(state, { references: named, referencesComplete: complete, times: booking.basis, at }),
  )
  if (reassigned) {
    if (named.length === 0) return { kind: 'reassigned' }
    await flag(ports, context, booking.bookingUid, false)
    return { kind: 'news' }
  }
  if (linked.ok && linked.events.length > 0) return { kind: 'news' }
  return { kind: booking.references.some(({ confirmed }) => confirmed) ? 'agrees' : 'unconfirmed' }
}

const failed = ({ code, retryAfterMs }: DirectoryError): CalcomView => ({
  kind: 'failed',
  code,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
})

/** The references known so far are of the host before, and decide nothing until Cal.com names those of the new one. */
async function recordedReassignment(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { userId }: DirectoryBooking,
): Promise<boolean> {
  if (userId === booking.userId || userId === NOBODY) return false
  const at = ports.now().toString()
  await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    reassignBooking(state, { userId, at }),
  )
  if (booking.userId !== NOBODY) await flag(ports, context, booking.bookingUid, true)
  return true
}

const flag = (ports: ServicePorts, context: CommandContext, bookingUid: string, raised: boolean) =>
  execute(ports, context, bookingAggregate, bookingUid, (state) =>
    flagBooking(state, { code: 'REASSIGNED', raised, at: ports.now().toString() }),
  )

/**
 * What Cal.com still says from before is no news: what we decided since may just not be applied yet. But where calendar and
 * Cal.com both show the same, there is nothing left to carry.
 */
async function recordedTimes(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { status, start, end }: DirectoryBooking,
  next: Times | undefined,
): Promise<boolean> {
  if (status === 'CANCELLED') return false
  const times = { start, end }
  const alike = next !== undefined && sameTimes(next, times)
  if (sameTimes(times, booking.basis) && status === booking.status && !alike) return false
  const result = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    recordBookingTimes(state, { times, status, at: ports.now().toString() }),
  )
  return result.ok && result.events.length > 0
}
