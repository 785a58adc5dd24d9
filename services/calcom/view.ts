import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { recordBookingTimes } from '../../domain/booking/facts.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { defined } from '../../domain/optional-fields.ts'
import { sameTimes, type Times } from '../../domain/times.ts'
import { type DirectoryBooking, type DirectoryError, isOthers } from '../../ports/booking-directory.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { answerOfAnyKey, hostOf, recordHost, recordSecondWriter } from './answer.ts'
import { cannotBeAsked, closeAndHandOn, endOf, isOver } from './closing.ts'
import { flag } from './flag.ts'
import { linkNamed } from './link-named.ts'

/**
 * - `agrees`: Cal.com says what is known here.
 * - `news`: Cal.com says something else. It is recorded now, and the booking is looked at again.
 * - `unconfirmed`: Cal.com does not name the event yet. It names an event only after it wrote it.
 * - `none`: no key answers for this booking.
 * - `reassigned`: another host has the booking, and no key answers for that host.
 * - `failed`: Cal.com could not be asked, and nothing may be decided.
 */
export type CalcomView =
  | { kind: 'agrees' | 'news' | 'unconfirmed' | 'none' | 'reassigned' }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/** The change that is to be carried to Cal.com. `next`: the times that the booking would get. `gone`: its event is gone. */
export type ChangeToCarry = { next: Times | undefined; gone: boolean }

/**
 * Asks Cal.com for the booking and its references before a change is carried to Cal.com. Cal.com writes its database
 * before it writes to Google: the answer shows whether the change is an echo. A key that refuses the booking or its
 * references gives `none`. If the event is gone and the key answered before, another host has the booking.
 */
export async function consultCalcom(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  { next, gone }: ChangeToCarry,
  signal: AbortSignal,
): Promise<CalcomView> {
  const { calcom } = ports
  if (calcom === undefined) return { kind: 'none' }
  const { bookingUid } = booking
  const answer = await answerOfAnyKey(calcom, booking, signal)
  if (!answer.ok) {
    if (!cannotBeAsked(answer)) return failed(answer)
    if (!gone || !isOthers(answer) || !wasNamed(booking)) return { kind: 'none' }
    await flag(ports, context, bookingUid, { code: 'REASSIGNED', raised: true })
    return { kind: 'reassigned' }
  }
  const stated = answer.value
  await recordSecondWriter(ports, context, bookingUid, stated)
  if (isOver(stated)) {
    await closeAndHandOn(ports, context, bookingUid, endOf(stated))
    return { kind: 'news' }
  }
  if (await recordHost(ports, context, booking, stated)) return { kind: 'news' }
  if (await recordedTimes(ports, context, booking, stated, next)) return { kind: 'news' }

  const references = await calcom.references(bookingUid, hostOf(booking), signal)
  const reassigned = booking.flags.includes('REASSIGNED')
  if (!references.ok) {
    if (!cannotBeAsked(references)) return failed(references)
    return { kind: reassigned ? 'reassigned' : 'none' }
  }
  const [first] = booking.references
  const destination = first?.stored.calendarKey
  const linked = await linkNamed(ports, context, booking, references.value, { destination, alive: !gone })
  if (linked.changed) return { kind: 'news' }
  if (reassigned) return { kind: 'reassigned' }
  return { kind: booking.references.some(({ confirmed }) => confirmed) ? 'agrees' : 'unconfirmed' }
}

const failed = ({ code, retryAfterMs }: DirectoryError): CalcomView => ({
  kind: 'failed',
  code,
  ...defined({ retryAfterMs }),
})

/** Cal.com has answered for this booking before, to the key of the present host. */
const wasNamed = ({ references }: OpenBooking): boolean =>
  references.some(({ answered, former }) => answered && !former)

/**
 * Records Cal.com's times where they are news. Times from before our decision are no news: Cal.com may not have applied
 * it yet. Times that the calendar shows too are news: nothing is left to carry.
 */
async function recordedTimes(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  stated: DirectoryBooking,
  next: Times | undefined,
): Promise<boolean> {
  const { status, start, end } = stated
  if (status === 'CANCELLED') return false
  const times = { start, end }
  const impossibleTimes = stated.impossibleTimes === true
  const asFlagged = impossibleTimes === booking.flags.includes('NO_LENGTH')
  const alike = next !== undefined && sameTimes(next, times)
  const asKnown = impossibleTimes || (sameTimes(times, booking.basis) && !alike)
  if (asKnown && asFlagged && status === booking.status) return false
  const result = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    recordBookingTimes(state, { times, status, impossibleTimes, at: ports.now().toString() }),
  )
  return result.ok && result.events.length > 0
}
