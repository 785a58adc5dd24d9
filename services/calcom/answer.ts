// What Cal.com's answer about a booking says that is known of it otherwise: who has it, and who writes it.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { noticeSecondWriter, reassignBooking } from '../../domain/booking/facts.ts'
import { NOBODY, type OpenBooking } from '../../domain/booking/state.ts'
import {
  type BookingDirectory,
  type DirectoryAnswer,
  type DirectoryBooking,
  isOthers,
} from '../../ports/booking-directory.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { flag } from './flag.ts'

/** The key that answers for a booking of nobody known is any. */
export const hostOf = ({ userId }: Pick<OpenBooking, 'userId'>): string | undefined =>
  userId === NOBODY ? undefined : userId

/**
 * Cal.com's answer about the booking, by its host's key. Where that key works and has no say over the booking, every key is
 * asked: it may be another host's now. The error is that of the host's own.
 */
export async function answerOfAnyKey(
  calcom: BookingDirectory,
  booking: Pick<OpenBooking, 'bookingUid' | 'userId'>,
  signal: AbortSignal,
): Promise<DirectoryAnswer<DirectoryBooking>> {
  const host = hostOf(booking)
  const answer = await calcom.booking(booking.bookingUid, host, signal)
  if (answer.ok || host === undefined || !isOthers(answer)) return answer
  const other = await calcom.booking(booking.bookingUid, undefined, signal)
  return other.ok ? other : answer
}

/** Records that another host has the booking: whether that is news. */
export async function recordHost(
  ports: ServicePorts,
  context: CommandContext,
  { bookingUid, userId: known }: Pick<OpenBooking, 'bookingUid' | 'userId'>,
  { userId }: Pick<DirectoryBooking, 'userId'>,
): Promise<boolean> {
  if (userId === known || userId === NOBODY) return false
  const at = ports.now().toString()
  const recorded = await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    reassignBooking(state, { userId, at }),
  )
  // The references known so far are of the host before: they decide nothing until Cal.com names the new one's.
  if (known !== NOBODY) await flag(ports, context, bookingUid, { code: 'REASSIGNED', raised: true })
  return recorded.ok && recorded.events.length > 0
}

/** Records once a booking that Cal.com's own calendar sync is on as well. */
export async function recordSecondWriter(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  { secondWriter }: Pick<DirectoryBooking, 'secondWriter'>,
): Promise<void> {
  if (!secondWriter) return
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    noticeSecondWriter(state, { at: ports.now().toString() }),
  )
}
