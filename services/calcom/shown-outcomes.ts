// Records outcomes that nobody reports, once Cal.com has shown them: by a webhook, an answer, or its list of bookings.
import { bookingAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { reportOutcome } from '../../domain/booking/facts.ts'
import { shownOutcome } from '../../domain/booking/shown-outcome.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { readPublished } from './published-changes.ts'

/** The code of an outcome that Cal.com showed, and nobody reported. */
const SHOWN_BY_CALCOM = 'SHOWN_BY_CALCOM'

/** Records what Cal.com shows of the booking's published changes. A later report of the same outcome adds nothing. */
export async function recordShownOutcomes(
  ports: Pick<ServicePorts, 'events' | 'newId' | 'now'>,
  context: CommandContext,
  bookingUid: string,
): Promise<void> {
  const { state, unreported } = await readPublished(ports, bookingUid)
  if (unreported.length === 0) return
  const next = state.kind === 'CLOSED' ? state.rescheduledToUid : undefined
  const successor = next === undefined ? undefined : (await readPublished(ports, next)).began
  for (const change of unreported) {
    const shown = shownOutcome(state, change, successor)
    if (shown === undefined) continue
    const { id: eventId, sequence } = change
    const at = ports.now().toString()
    await execute(ports, context, bookingAggregate, bookingUid, (booking) =>
      reportOutcome(booking, { bookingUid, eventId, sequence, ...shown, code: SHOWN_BY_CALCOM, at }),
    )
  }
}
