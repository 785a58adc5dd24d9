import type { CalendarAddress } from './calendar-address.ts'
import type { Credential } from './credential-vault.ts'

/**
 * All that a vault holds, opened: for moving it to another vault and for nothing else. Iterating throws VaultKeyUnknown
 * at the first record that no given key opens.
 */
export type VaultContents = {
  credentials(): Iterable<{ credentialId: string; credential: Credential }>
  /** `joinedTo`: see CalendarDirectory.join. */
  calendars(): Iterable<{ calendarKey: string; address: CalendarAddress; joinedTo?: string }>
}
