import { calendarFeedAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { type HoldReason, holdChanges } from '../../domain/calendar/feed.ts'
import { calendarFeedByKey } from '../../projections/calendar-feeds.ts'
import { cancellationsSince } from '../../projections/publications.ts'
import type { ServicePorts } from '../running/service-ports.ts'

const WINDOW_MS = 3_600_000

/**
 * How many cancellations this calendar may still see within the sliding hour before a person is asked: none while a
 * mass change waits for one, which further ones join.
 */
export async function cancellationsLeft(ports: ServicePorts, calendarKey: string): Promise<number> {
  await Promise.all([ports.caughtUp('publications'), ports.caughtUp('calendar-feeds')])
  const feed = await calendarFeedByKey(ports.readStore, calendarKey)
  if (feed?.held.some(({ reason }) => reason === 'MASS_CHANGE')) return 0
  const since = ports.now().subtract({ milliseconds: WINDOW_MS })
  return ports.settings.massChangeLimit - (await cancellationsSince(ports.readStore, calendarKey, since))
}

/** What is under way in this process, by calendar. */
const turns = new WeakMap<ServicePorts, Map<string, Promise<unknown>>>()

/**
 * Carries out one cancellation unless it is one too many: then the booking is held and the result undefined. Those of
 * one calendar take turns, so that each is counted before the next is weighed (another process may be one ahead).
 */
export function underBrake<Result>(
  ports: ServicePorts,
  context: CommandContext,
  { calendarKey, bookingUid }: { calendarKey: string; bookingUid: string },
  cancel: () => Promise<Result>,
): Promise<Result | undefined> {
  const calendars = turns.get(ports) ?? new Map<string, Promise<unknown>>()
  turns.set(ports, calendars)
  const weighed = async () => {
    if ((await cancellationsLeft(ports, calendarKey)) > 0) return cancel()
    await hold(ports, context, calendarKey, 'MASS_CHANGE', [bookingUid])
    return undefined
  }
  const before = calendars.get(calendarKey) ?? Promise.resolve()
  const result = before.then(weighed, weighed)
  const turn = result
    .catch(() => undefined)
    .then(() => {
      if (calendars.get(calendarKey) === turn) calendars.delete(calendarKey)
    })
  calendars.set(calendarKey, turn)
  return result
}

/** Sets changes aside until an operator releases or discards them; `since`: see holdChanges. */
export const hold = (
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  reason: HoldReason,
  bookingUids: readonly string[],
  since?: string,
) =>
  execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    holdChanges(state, { calendarKey, reason, bookingUids, at: ports.now().toString() }, since),
  )
