// Asks once for the recurrence rule of a booking's series, to tell a later change of it from a move.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { decideAll } from '../../domain/booking/decide-all.ts'
import type { EventName } from '../../domain/booking/events.ts'
import { noteSeriesRule } from '../../domain/booking/series-change.ts'
import { REPEATS_NO_MORE } from '../../domain/booking/series-pairing.ts'
import type { OpenBooking } from '../../domain/booking/state.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** Notes each series' rule that is not known yet, or was none before. The next look asks again for an unreadable rule. */
export async function learnRules(
  ports: ServicePorts,
  context: CommandContext,
  { bookingUid, references }: OpenBooking,
  signal: AbortSignal,
): Promise<void> {
  const noted: (EventName & { rule: string; at: string })[] = []
  for (const { stored, rule: known } of references) {
    const { calendarKey, externalEventId, recurringEventId } = stored
    const isKnown = known !== undefined && known !== REPEATS_NO_MORE
    if (recurringEventId === undefined || isKnown || signal.aborted) continue
    const reached = await accessTo(ports, calendarKey)
    if (!reached.ok) continue
    const master = await ports.provider.event({ ...reached.access, eventId: recurringEventId }, signal)
    if (!master.ok || master.value.rule === undefined) continue
    const { rule } = master.value
    noted.push({ calendarKey, externalEventId, rule, at: ports.now().toString() })
  }
  if (noted.length === 0) return
  await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    decideAll(state, noted, noteSeriesRule),
  )
}
