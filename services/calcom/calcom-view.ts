import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import type { StoredReference } from '../../domain/booking/events.ts'
import { closeBooking, recordBookingTimes } from '../../domain/booking/facts.ts'
import { replaceReferences } from '../../domain/booking/links.ts'
import type { Reference } from '../../domain/booking/references.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { sameTimes } from '../../domain/times.ts'
import type { DirectoryBooking, DirectoryError, DirectoryReference } from '../../ports/booking-directory.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/**
 * `agrees`: Cal.com says what we know. `news`: it said something else, which is recorded now: look again. `unconfirmed`:
 * it does not name the event yet, which it stores only after it has written it: what the calendar shows may be from
 * before. `none`: there is no view of this booking. `failed`: it could not be asked; nothing may be decided.
 */
export type CalcomView =
  | { kind: 'agrees' | 'news' | 'unconfirmed' | 'none' }
  | { kind: 'failed'; code: string; retryAfterMs?: number }

/**
 * Asks Cal.com for the booking and its references before a change is carried to it. Cal.com writes its database before
 * it writes Google, so this ends echoes and races. A key that does not answer for this booking is no view.
 */
export async function consultCalcom(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  reference: Reference,
  signal: AbortSignal,
): Promise<CalcomView> {
  if (ports.calcom === undefined) return { kind: 'none' }
  const answer = await ports.calcom.booking(booking.bookingUid, booking.userId, signal)
  if (!answer.ok)
    return answer.code === 'NOT_FOUND' || answer.code === 'REFUSED' ? { kind: 'none' } : failed(answer)
  if (await recordedNews(ports, context, booking, answer.value)) return { kind: 'news' }

  const references = await ports.calcom.references(booking.bookingUid, booking.userId, signal)
  if (!references.ok) {
    if (references.code !== 'NOT_FOUND' && references.code !== 'REFUSED') return failed(references)
    return { kind: reference.confirmed ? 'agrees' : 'none' }
  }
  const changed = await recordReferences(ports, context, booking, reference, references.value)
  if (changed) return { kind: 'news' }
  return { kind: reference.confirmed ? 'agrees' : 'unconfirmed' }
}

const failed = ({ code, retryAfterMs }: DirectoryError): CalcomView => ({
  kind: 'failed',
  code,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
})

async function recordedNews(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  told: DirectoryBooking,
): Promise<boolean> {
  const { bookingUid } = booking
  const at = ports.now().toString()
  if (told.status === 'CANCELLED' || told.rescheduledToUid !== undefined) {
    const to = told.rescheduledToUid
    const reason = to === undefined ? 'CANCELLED_IN_CALCOM' : 'RESCHEDULED'
    await execute(ports, context, bookingAggregate, bookingUid, (state) =>
      closeBooking(state, { bookingUid, reason, ...(to !== undefined && { rescheduledToUid: to }), at }),
    )
    return true
  }
  const { status } = told
  const times = { start: told.start, end: told.end }
  // What Cal.com still says from before is no news: what we decided since may just not be applied yet.
  const newTimes = !sameTimes(times, booking.basis)
  if (!newTimes && status === booking.status) return false
  const result = await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    recordBookingTimes(state, { times, status, at }),
  )
  return result.ok && result.events.length > 0
}

async function recordReferences(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking,
  reference: Reference,
  told: readonly DirectoryReference[],
): Promise<boolean> {
  const references = await Promise.all(
    told.map(async (named): Promise<StoredReference> => {
      const { provider } = reference.stored
      const { externalCalendarId, externalEventId, recurringEventId } = named
      const calendarKey =
        externalCalendarId === undefined
          ? reference.stored.calendarKey
          : await ports.calendars.keyOf({ provider, externalCalendarId })
      return {
        provider,
        calendarKey,
        externalEventId,
        ...(recurringEventId !== undefined && { recurringEventId }),
      }
    }),
  )
  const at = ports.now().toString()
  const result = await execute(ports, context, bookingAggregate, booking.bookingUid, (state) =>
    replaceReferences(state, { references, at }),
  )
  return result.ok && result.events.length > 0
}
