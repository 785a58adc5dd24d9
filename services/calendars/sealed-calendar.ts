import type { Outside } from '../../ports/port-groups.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'

/**
 * Does the work that concerns one calendar of many. If no encryption key opens the calendar, that is logged and the
 * calendar left alone: the others need not wait for the key.
 */
export async function unlessSealed(
  { log }: Pick<Outside, 'log'>,
  calendarKey: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof VaultKeyUnknown)) throw error
    log.warn({ calendarKey, code: error.code }, 'calendar skipped, no encryption key opens its name')
  }
}
