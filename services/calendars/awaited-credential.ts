import type { Outside, Stores } from '../../ports/port-groups.ts'
import type { CalendarSyncDocument } from '../../projections/calendar-syncs.ts'

/**
 * Whether nothing opens the sync's calendar: neither a stored credential of its own nor delegation. `name` is asked for
 * what the calendar is called (null once it was forgotten), and only where it matters.
 */
export async function waitsForCredential(
  { vault, isDelegated }: Pick<Stores, 'vault'> & Pick<Outside, 'isDelegated'>,
  { status, credentialId }: Pick<CalendarSyncDocument, 'status' | 'credentialId'>,
  name: () => string | null | Promise<string | null>,
): Promise<boolean> {
  if (status === 'REMOVED') return false
  if (credentialId !== undefined && (await vault.has(credentialId))) return false
  const externalCalendarId = await name()
  return externalCalendarId === null || !isDelegated(externalCalendarId)
}
