import type { CommandPorts } from '../../commands/command.ts'
import { subscriptionsOfOneResource } from '../../projections/subscriptions.ts'
import { NAMED, type NeedsPerson, nameOf } from './need.ts'

/**
 * Calendars that are known under two names: by letter case, since versions up to November 2026 told cases apart, or
 * because their account was renamed, which shows in the one resource id that the provider gives to both.
 */
export async function calendarsNamedTwice({
  readStore,
  calendars,
}: Pick<CommandPorts, 'readStore' | 'calendars'>): Promise<NeedsPerson[]> {
  const renamed = await subscriptionsOfOneResource(readStore)
  const groups = [
    ...(await calendars.namedTwice()),
    ...renamed.map((group) => group.map(({ calendarKey }) => calendarKey)),
  ].map((keys) => keys.toSorted())
  const once = new Map(groups.map((keys) => [keys.join(), keys]))
  return Promise.all(
    [...once.values()].slice(0, NAMED).map(async (keys): Promise<NeedsPerson> => {
      const names = await Promise.all(keys.map((key) => nameOf(calendars, key)))
      const [calendarKey = ''] = keys
      return {
        code: 'CALENDAR_NAMED_TWICE',
        sentence: `One calendar is kept in step under several names (${names.map((name) => name ?? 'forgotten').join(', ')}), each with a channel and a brake of its own.`,
        next: 'Leave both while bookings name either: nothing is lost by it. Then end the calendar sync of the former name with RemoveCalendarSync.',
        calendarKey,
        externalCalendarId: names[0] ?? null,
      }
    }),
  )
}
