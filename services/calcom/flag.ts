import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import type { FlagCode } from '../../domain/booking/decisions.ts'
import { flagBooking } from '../../domain/booking/facts.ts'
import type { ServicePorts } from '../running/service-ports.ts'

/** A person is told of an event in no known calendar after this time: Cal.com, or a registration, may come a moment later. */
export const UNFOUND_MS = 60_000

/** Flags the booking for a person, or lifts the flag. True if that is new. */
export async function flag(
  ports: ServicePorts,
  context: CommandContext,
  bookingUid: string,
  { code, raised }: { code: FlagCode; raised: boolean },
): Promise<boolean> {
  const at = ports.now().toString()
  const flagged = await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    flagBooking(state, { code, raised, at }),
  )
  return flagged.ok && flagged.events.length > 0
}
