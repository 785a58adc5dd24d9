import type { Stores } from '../../ports/port-groups.ts'
import { syncsOfCalendar } from '../../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../../projections/selected-calendars.ts'

/** Whether any sync (paused ones too: they may be resumed) or selected calendar needs this calendar. */
export async function isCalendarNeeded(
  ports: Pick<Stores, 'readStore'>,
  calendarKey: string,
): Promise<boolean> {
  const syncs = await syncsOfCalendar(ports.readStore, calendarKey)
  if (syncs.some(({ status }) => status !== 'REMOVED')) return true
  return (await selectedCalendarsOf(ports.readStore, calendarKey)).length > 0
}

/** As `isCalendarNeeded`, with certainty: a calendar just registered may not show in the read models yet. */
export async function isCalendarUnneeded(
  ports: Pick<Stores, 'readStore' | 'caughtUp'>,
  calendarKey: string,
): Promise<boolean> {
  if (await isCalendarNeeded(ports, calendarKey)) return false
  await Promise.all([ports.caughtUp('calendar-syncs'), ports.caughtUp('selected-calendars')])
  return !(await isCalendarNeeded(ports, calendarKey))
}
