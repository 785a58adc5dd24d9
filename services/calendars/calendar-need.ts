import { calendarSyncIdOf } from '../../commands/calendar-sync-id.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Stores } from '../../ports/port-groups.ts'
import { syncsOfCalendar, syncsOfUser } from '../../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../../projections/selected-calendars.ts'
import { policyLayers } from '../../projections/sync-policies.ts'

type Reads = Pick<Stores, 'readStore'>

/**
 * Whether any sync (paused ones too: they may be resumed) or selected calendar needs this calendar. The needs of a user
 * whose mode for the calendar was set to `off` do not count. The emergency stop and SYNC_MODE take no need away.
 */
export async function isCalendarNeeded(ports: Reads, calendarKey: string): Promise<boolean> {
  for (const { status, userId, organizationId } of await syncsOfCalendar(ports.readStore, calendarKey))
    if (status !== 'REMOVED' && !(await isOff(ports, calendarKey, { userId, organizationId }))) return true
  for (const { userId } of await selectedCalendarsOf(ports.readStore, calendarKey)) {
    const organizationId = await organizationOf(ports, userId, calendarKey)
    if (!(await isOff(ports, calendarKey, { userId, organizationId }))) return true
  }
  return false
}

/** As `isCalendarNeeded`, with certainty: a calendar just registered may not show in the read models yet. */
export async function isCalendarUnneeded(
  ports: Pick<Stores, 'readStore' | 'caughtUp'>,
  calendarKey: string,
): Promise<boolean> {
  if (await isCalendarNeeded(ports, calendarKey)) return false
  const asked = ['calendar-syncs', 'selected-calendars', 'sync-policies']
  await Promise.all(asked.map((name) => ports.caughtUp(name)))
  return !(await isCalendarNeeded(ports, calendarKey))
}

/** Whether the narrowest scope of this user with a mode says `off`. */
async function isOff(
  { readStore }: Reads,
  calendarKey: string,
  { userId, organizationId }: { userId: string; organizationId: string | undefined },
): Promise<boolean> {
  const calendarSyncId = calendarSyncIdOf(userId, calendarKey)
  const modes = await policyLayers(readStore, { userId, calendarSyncId, ...defined({ organizationId }) })
  return (modes.calendarSync ?? modes.user ?? modes.organization) === 'off'
}

/** The organisation that the user's sync of this calendar names, else any other sync of theirs. */
async function organizationOf(
  { readStore }: Reads,
  userId: string,
  calendarKey: string,
): Promise<string | undefined> {
  const named = (await syncsOfUser(readStore, userId)).filter((one) => one.organizationId !== undefined)
  return (named.find((one) => one.calendarKey === calendarKey) ?? named[0])?.organizationId
}
