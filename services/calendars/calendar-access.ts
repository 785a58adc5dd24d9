import { type CredentialPorts, credentialForCalendar } from '../../commands/calendar-credential.ts'
import type { CalendarAccess, ProviderError } from '../../ports/calendar-provider.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'

/** How to reach a calendar now, or why it cannot be reached. */
export async function accessTo(
  ports: CredentialPorts,
  calendarKey: string,
): Promise<{ ok: true; access: CalendarAccess } | ProviderError> {
  try {
    const address = await ports.calendars.addressOf(calendarKey)
    if (address === undefined) return { ok: false, code: 'NOT_FOUND', reason: 'forgotten' }
    const credentialId = await credentialForCalendar(ports, calendarKey)
    if (credentialId === undefined) return { ok: false, code: 'CREDENTIAL_MISSING' }
    return { ok: true, access: { credentialId, externalCalendarId: address.externalCalendarId } }
  } catch (error) {
    if (!(error instanceof VaultKeyUnknown)) throw error
    return { ok: false, code: 'CREDENTIAL_MISSING', reason: error.code }
  }
}

/** Whether no encryption key opens the calendar's address, or the credential that it would be read with. */
export async function isSealed(ports: CredentialPorts, calendarKey: string): Promise<boolean> {
  const reached = await accessTo(ports, calendarKey)
  if (!reached.ok) return reached.reason === 'VAULT_KEY_UNKNOWN'
  try {
    await ports.vault.use(reached.access.credentialId)
    return false
  } catch (error) {
    if (!(error instanceof VaultKeyUnknown)) throw error
    return true
  }
}
