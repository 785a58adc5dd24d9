// Records Cal.com's news about a booking: who has it, and who else writes it.
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

/** The user whose key is asked. Undefined while the host is unknown: then any key may answer. */
export const hostOf = ({ userId }: Pick<OpenBooking, 'userId'>): string | undefined =>
  userId === NOBODY ? undefined : userId

/**
 * Cal.com's answer about the booking, to its host's key. If that key works and may not read the booking, every key is
 * asked. The booking may be another host's now. The error is the one that the host's key got.
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

/** Records that another host has the booking. True if that is news. */
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
  // The known references are the former host's. They decide nothing until Cal.com names the new host's events.
  if (known !== NOBODY) await flag(ports, context, bookingUid, { code: 'REASSIGNED', raised: true })
  return recorded.ok && recorded.events.length > 0
}

/** Records once that Cal.com's own calendar sync writes the booking too. */
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
