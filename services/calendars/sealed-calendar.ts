import type { Outside } from '../../ports/port-groups.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'

/**
 * Does what concerns one calendar of many. Where no encryption key opens what the vault holds of it, that is logged and
 * the calendar left alone, so that the others need not wait for the key.
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
    log.warn({ calendarKey, code: error.code }, 'no encryption key opens what the vault holds of a calendar')
  }
}
