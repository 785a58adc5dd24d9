import { syncsOfCalendar } from '../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../projections/selected-calendars.ts'
import type { CommandPorts } from './command.ts'

/**
 * The credential that a calendar is read and watched with: of its syncs, active ones first, then of the users who
 * selected it, the first that is stored. Undefined while none is.
 */
export async function credentialForCalendar(
  ports: Pick<CommandPorts, 'readStore' | 'vault' | 'caughtUp'>,
  calendarKey: string,
): Promise<string | undefined> {
  const [syncs, selected] = await Promise.all([
    syncsOfCalendar(ports.readStore, calendarKey),
    selectedCalendarsOf(ports.readStore, calendarKey),
  ])
  const active = syncs.filter(({ status }) => status === 'ACTIVE')
  const paused = syncs.filter(({ status }) => status === 'PAUSED')
  for (const { credentialId } of [...active, ...paused, ...selected])
    if (credentialId !== undefined && (await ports.vault.has(credentialId))) return credentialId
  return undefined
}
