import type { CommandPorts } from '../../commands/command.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { subscriptionsOfOneResource } from '../../projections/subscriptions.ts'

/**
 * Calendars that have several keys, each as its keys: by letter case, since versions up to November 2026 told cases apart,
 * or because their account was renamed, which shows in the one resource id that the provider gives to all names. Without
 * those that were joined since, and without `primary`, which is no name of one calendar.
 */
export async function keysOfOneCalendar({
  readStore,
  calendars,
}: Pick<CommandPorts, 'readStore' | 'calendars'>): Promise<string[][]> {
  const joined = new Set((await calendars.joined()).map(([calendarKey]) => calendarKey))
  const watched = await subscriptionsOfOneResource(readStore)
  const all = [
    ...(await calendars.namedTwice()),
    ...watched.map((group) => group.map(({ calendarKey }) => calendarKey)),
  ]
  const addresses = await calendars.addressesOf([...new Set(all.flat())])
  const isName = (calendarKey: string): boolean => {
    const address = addresses.get(calendarKey)
    return address !== undefined && !isPrimary(address) && !joined.has(calendarKey)
  }
  const groups = all.map((keys) => keys.filter(isName).toSorted()).filter(({ length }) => length > 1)
  return [...new Map(groups.map((keys) => [keys.join(), keys])).values()]
}
