import type { CommandContext } from '../../commands/command.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import type { InCalendar } from '../../domain/booking/application.ts'
import type { DecisionCode } from '../../domain/booking/decisions.ts'
import { decideLook } from '../../domain/booking/rules.ts'
import type { CancelledBooking, OpenBooking } from '../../domain/booking/state.ts'
import { readClaims } from '../../projections/claims.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { see } from '../sync/sights.ts'

/** Codes by which a look finds the calendar as it was decided on. */
const AS_DECIDED: readonly DecisionCode[] = ['STALE', 'ANSWERS_AGAIN', 'NO_TIME_CHANGE', 'GUESTS_REMOVED']

/**
 * Reads the booking's events again, and compares them with what was published. Nothing is recorded: where a look would
 * decide otherwise now, that look comes first.
 */
export async function eventNow(
  ports: ServicePorts,
  context: CommandContext,
  booking: OpenBooking | CancelledBooking,
  signal: AbortSignal,
): Promise<InCalendar> {
  // Another decision, such as an all-day event, has taken the place of what was published.
  if (booking.kind === 'OPEN' && booking.agreement !== 'AWAITING') return 'UNDONE'
  const sights = await see(ports, context, { ...booking, kind: 'OPEN' }, { seriesEnded: false }, signal)
  if (sights === undefined || sights.failures.length > 0 || signal.aborted) return 'UNREAD'
  const [first] = booking.references
  const base = await lookContextFor(ports, booking, first?.stored.calendarKey ?? '')
  const claims = await readClaims(ports.readStore, sights.look)
  const { code } = decideLook(booking, sights.look, { ...base, claims })
  if (booking.kind === 'OPEN') return AS_DECIDED.includes(code) ? 'AS_DECIDED' : 'CHANGED'
  const isBack = code === 'EVENT_RESTORED' || code === 'STALE'
  return isBack ? 'UNDONE' : 'AS_DECIDED'
}
