import { calendarFeedAggregate } from '../../commands/aggregates.ts'
import type { CommandContext } from '../../commands/command.ts'
import { execute } from '../../commands/execute.ts'
import { type HeldCode, holdOf } from '../../domain/booking/decisions.ts'
import { holdChanges } from '../../domain/calendar/feed.ts'
import { turnsByKey } from '../../ports/turns.ts'
import { type CalendarFeedDocument, calendarFeedByKey } from '../../projections/calendar-feeds.ts'
import { cancellationsSince, movedSince, movesSince } from '../../projections/publications.ts'
import type { ServicePorts } from '../running/service-ports.ts'
import { changesUnderWay } from './changes-under-way.ts'

const WINDOW_MS = 3_600_000

export type Change = 'CANCELLATION' | 'MOVE'

/** The reason of a hold, by the kind of change. */
const holdReasons = { CANCELLATION: 'MASS_CHANGE', MOVE: 'MASS_MOVE' } as const

export type Weighed = { calendarKey: string; bookingUid: string; change: Change; released: boolean }

/** Holds what would change many bookings at once. */
export type Brake = {
  /**
   * Carries out one change, or holds and records it if it is one too many. Changes of one calendar are weighed one
   * after another, those under way counted with them. Another process may be ahead by those that it has under way. A
   * released change is not weighed.
   */
  weigh<Result>(
    context: CommandContext,
    change: Weighed,
    carryOut: () => Promise<Result>,
    recordHeld: (reason: HeldCode) => Promise<Result>,
  ): Promise<Result>
}

export function createBrake(ports: ServicePorts): Brake {
  const inTurn = turnsByKey()
  const underWay = changesUnderWay(ports)

  /** Counts one that is published meanwhile twice rather than never, and exactly before it says that none is left. */
  async function isOneLeft({ calendarKey, bookingUid, change }: Weighed): Promise<boolean> {
    const others = underWay.like({ calendarKey, change })
    if ((await changesLeft(ports, calendarKey, change, bookingUid)) > others.length) return true
    if (others.length === 0) return false
    await underWay.counted(others)
    return (await changesLeft(ports, calendarKey, change, bookingUid)) > 0
  }

  return {
    async weigh(context, weighed, carryOut, recordHeld) {
      const { calendarKey, bookingUid, change, released } = weighed
      if (released) return carryOut()
      // Only the weighing takes turns: changes carried out together are stored together.
      const { recorded } = await inTurn(calendarKey, async () => {
        if (await isOneLeft(weighed))
          return { recorded: underWay.carryOut({ calendarKey, change }, carryOut) }
        const feed = await calendarFeedByKey(ports.readStore, calendarKey)
        const reason = reasonOfLoss(feed, change) ?? holdReasons[change]
        await hold(ports, context, calendarKey, reason, [bookingUid])
        return { recorded: recordHeld(reason) }
      })
      return recorded
    },
  }
}

/**
 * The number of bookings of this calendar that may still be changed this way within the sliding hour. While a hold for the
 * same reason waits for a person, there are none, and further changes join it. A booking that moved before (`moved`) is not
 * counted again.
 */
export async function changesLeft(
  ports: ServicePorts,
  calendarKey: string,
  change: Change,
  moved?: string,
): Promise<number> {
  // The next move sets a move too many right. Waiting before each would slow a busy calendar down.
  if (change === 'CANCELLATION' || moved === undefined)
    await Promise.all([ports.caughtUp('publications'), ports.caughtUp('calendar-feeds')])
  const feed = await calendarFeedByKey(ports.readStore, calendarKey)
  if (feed?.held.some(({ reason }) => reason === holdReasons[change])) return 0
  if (reasonOfLoss(feed, change) !== undefined) return 0
  const since = ports.now().subtract({ milliseconds: WINDOW_MS })
  const limit = ports.settings.massChangeLimit
  if (change === 'CANCELLATION')
    return limit - (await cancellationsSince(ports.readStore, calendarKey, since))
  if (moved === undefined) return limit - (await movedSince(ports.readStore, calendarKey, since)).size
  // Mostly there are fewer moves than the limit. Then the bookings that moved need not be read.
  const moves = await movesSince(ports.readStore, calendarKey, since)
  if (moves < limit) return limit - moves
  const others = new Set(await movedSince(ports.readStore, calendarKey, since))
  others.delete(moved)
  return limit - others.size
}

/** Holds deletions of a lost calendar, also after its return, until a person has spoken. */
function reasonOfLoss(feed: CalendarFeedDocument | undefined, change: Change): HeldCode | undefined {
  if (change !== 'CANCELLATION') return undefined
  if (feed?.failing?.code === 'CALENDAR_GONE') return 'CALENDAR_GONE'
  return feed?.held.map(({ reason }) => reason).find(isLoss)
}

const isLoss = (reason: HeldCode): boolean => holdOf(reason).lost === true

/** Holds all changes that a fetch found, if they are more than are left. Returns the reason of the hold, or undefined. */
export async function holdIfTooMany(
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  change: Change,
  bookingUids: readonly string[],
): Promise<HeldCode | undefined> {
  if (bookingUids.length === 0) return undefined
  if (bookingUids.length <= (await changesLeft(ports, calendarKey, change))) return undefined
  const feed = await calendarFeedByKey(ports.readStore, calendarKey)
  const reason = reasonOfLoss(feed, change) ?? holdReasons[change]
  await hold(ports, context, calendarKey, reason, bookingUids)
  return reason
}

/** Sets changes aside until an operator releases or discards them; `since`: see holdChanges. */
export const hold = (
  ports: ServicePorts,
  context: CommandContext,
  calendarKey: string,
  reason: HeldCode,
  bookingUids: readonly string[],
  since?: string,
) =>
  execute(ports, context, calendarFeedAggregate, calendarKey, (state) =>
    holdChanges(state, { calendarKey, reason, bookingUids, at: ports.now().toString() }, since),
  )
