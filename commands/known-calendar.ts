import type { CalendarAddress } from '../ports/vault/calendar-address.ts'
import type { CalendarDirectory } from '../ports/vault/credential-vault.ts'
import { type CommandResult, notFound } from './command.ts'

/** Runs `handle` with the key of a calendar that is known here; 404 CALENDAR_UNKNOWN otherwise. Makes no key. */
export async function withKnownCalendar(
  calendars: CalendarDirectory,
  address: CalendarAddress,
  handle: (calendarKey: string) => Promise<CommandResult>,
): Promise<CommandResult> {
  const calendarKey = await calendars.find(address)
  return calendarKey === undefined
    ? notFound('CALENDAR_UNKNOWN', 'No calendar of this name is known here.')
    : handle(calendarKey)
}
