import { credentialForCalendar } from '../commands/calendar-credential.ts'
import type { CalendarAccess, ProviderError } from '../infrastructure/calendar-provider/calendar-provider.ts'
import type { ServicePorts } from './service-ports.ts'

/** How to reach a calendar now, or why it cannot be reached. */
export async function accessTo(
  ports: ServicePorts,
  calendarKey: string,
): Promise<{ ok: true; access: CalendarAccess } | ProviderError> {
  const address = await ports.directory.addressOf(calendarKey)
  if (address === undefined) return { ok: false, code: 'NOT_FOUND', reason: 'forgotten' }
  const credentialId = await credentialForCalendar(ports, calendarKey)
  if (credentialId === undefined) return { ok: false, code: 'CREDENTIAL_MISSING' }
  return { ok: true, access: { credentialId, externalCalendarId: address.externalCalendarId } }
}
