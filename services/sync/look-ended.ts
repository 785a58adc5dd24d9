import { applyLook } from '../../commands/apply-look.ts'
import type { CommandContext } from '../../commands/command.ts'
import { lookContextFor } from '../../commands/look-context.ts'
import type { Sight } from '../../domain/booking/look.ts'
import { type Booking, trackedPart } from '../../domain/booking/state.ts'
import { isBefore } from '../../domain/times.ts'
import { readClaims } from '../../projections/claims.ts'
import { accessTo } from '../calendars/calendar-access.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { done, type SubjectOutcome } from '../running/subject-outcome.ts'

/**
 * Looks whether the events of a cancelled booking that were there again still are: a person is told of them until then. An
 * event that cannot be read says nothing, and is looked at again the next day.
 */
export async function lookAtEnded(
  ports: ServicePorts,
  context: CommandContext,
  booking: Booking,
  signal: AbortSignal,
): Promise<SubjectOutcome> {
  const ended = trackedPart(booking)
  const restored = ended?.references.filter((one) => one.restored) ?? []
  const [first] = restored
  if (ended === undefined || first === undefined || !isBefore(ports.now(), ended.times.start)) return done
  const observedAt = ports.now()
  const sights: Sight[] = []
  for (const { stored } of restored) {
    const { calendarKey, externalEventId } = stored
    const reached = await accessTo(ports, calendarKey)
    if (!reached.ok) continue
    const seen = await ports.provider.event({ ...reached.access, eventId: externalEventId }, signal)
    if (seen.ok) sights.push({ calendarKey, externalEventId, result: { seen: seen.value } })
  }
  if (signal.aborted || sights.length === 0) return done
  const look = { observedAt, sights }
  const base = await lookContextFor(ports, ended, first.stored.calendarKey)
  const claims = await readClaims(ports.readStore, look)
  await applyLook(ports, context, ended.bookingUid, look, { ...base, claims })
  return done
}
