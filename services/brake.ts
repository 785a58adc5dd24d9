import { calendarFeedAggregate } from '../commands/aggregates.ts'
import type { CommandContext } from '../commands/command.ts'
import { execute } from '../commands/execute.ts'
import { type HoldReason, holdChanges } from '../domain/calendar-feed.ts'
import { cancellationsSince } from '../projections/decisions.ts'
import type { ServicePorts } from './service-ports.ts'

const WINDOW_MS = 3_600_000

/** How many cancellations this calendar may still see within the sliding hour before a person is asked. */
export async function cancellationsLeft(ports: ServicePorts, calendarKey: string): Promise<number> {
  await ports.caughtUp('decisions')
  const since = ports.now().subtract({ milliseconds: WINDOW_MS })
  return ports.settings.massChangeLimit - (await cancellationsSince(ports.readStore, calendarKey, since))
}

/** True if one more cancellation is too many: then the booking is held instead. */
export async function brakeHolds(
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  bookingUid: string,
): Promise<boolean> {
  if ((await cancellationsLeft(ports, calendarKey)) > 0) return false
  await hold(ports, context, calendarKey, 'MASS_CHANGE', [bookingUid])
  return true
}

/** Sets changes aside until an operator releases or discards them. */
export const hold = (
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  reason: HoldReason,
  bookingUids: readonly string[],
) =>
  execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    holdChanges(state, { calendarKey, reason, bookingUids, at: ports.now().toString() }),
  )
