import type { Outside, Stores } from '../ports/port-groups.ts'
import { syncsOfCalendar } from '../projections/calendar-syncs.ts'
import { selectedCalendarsOf } from '../projections/selected-calendars.ts'

/** Ports for finding a credential. */
export type CredentialPorts = Pick<Stores, 'readStore' | 'vault' | 'calendars'> & Pick<Outside, 'isDelegated'>

/**
 * The credential to read and watch a calendar with: the first that is stored. Credentials of the calendar's syncs come
 * first, active ones before others, then those of users who selected it, then delegation. Undefined while there is none.
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

/** The id of delegation, for the service account that acts as the calendar's owner. Nothing is stored under it. */
const DELEGATED = 'delegated'
