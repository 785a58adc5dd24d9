import type { Outside, Stores } from '../ports/port-groups.ts'
import { syncsOfCalendar } from '../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../projections/selected-calendars.ts'

/** The ports that a credential is looked for in. */
export type CredentialPorts = Pick<Stores, 'readStore' | 'vault' | 'calendars'> & Pick<Outside, 'isDelegated'>

/**
 * The credential that a calendar is read and watched with: the first that is stored. Asked first are the calendar's
 * syncs, active ones before others, then the users who selected it, then delegation. Undefined while there is no way
 * in.
 */
export async function credentialForCalendar(
  ports: CredentialPorts,
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
  const address = await ports.calendars.addressOf(calendarKey)
  return address && ports.isDelegated(address.externalCalendarId) ? DELEGATED : undefined
}

/** Stands for the service account acting as the calendar's owner: nothing is stored under this id. */
const DELEGATED = 'delegated'
