import { syncsOfCalendar } from '../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../projections/selected-calendars.ts'
import type { ServicePorts } from './service-ports.ts'

/** Whether any sync (paused ones too: they may be resumed) or selected calendar needs this calendar. */
export async function isCalendarNeeded(
  ports: Pick<ServicePorts, 'readStore'>,
  calendarKey: string,
): Promise<boolean> {
  const syncs = await syncsOfCalendar(ports.readStore, calendarKey)
  if (syncs.some(({ status }) => status !== 'REMOVED')) return true
  return (await selectedCalendarsOf(ports.readStore, calendarKey)).length > 0
}
