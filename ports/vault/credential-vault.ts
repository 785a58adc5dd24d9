import type { CalendarAddress } from './calendar-address.ts'

/** How to act for a calendar's owner. Instants are RFC 3339 in UTC. */
export type Credential =
  | { kind: 'oauth'; refreshToken: string; accessToken?: string; expiresAt?: string }
  | { kind: 'service-account'; subject: string }

/**
 * Credentials, encrypted (AES-256-GCM, a fresh nonce each, bound to their id). Kept in a database of its own: it cannot
 * be rebuilt from events. Every method may reject with StoreUnavailable.
 */
export interface CredentialVault {
  put(credentialId: string, credential: Credential): Promise<void>
  /** undefined where there is none; throws VaultKeyUnknown where no configured key opens it. */
  use(credentialId: string): Promise<Credential | undefined>
  has(credentialId: string): Promise<boolean>
  /** Forgets it for good; false where there was none. */
  shred(credentialId: string): Promise<boolean>
}

/** The encryption keys given open none of what is stored. */
export class VaultKeyUnknown extends Error {
  readonly code = 'VAULT_KEY_UNKNOWN'
}

/**
 * The only place that knows which calendar a key means. Beside the vault, for the same reasons. In whatever letter case
 * it is named, a calendar has one key. Versions up to November 2026 gave each case its own: a calendar that has two of
 * them since is found by each case as before, until they are joined.
 */
export interface CalendarDirectory {
  /** The calendar's key: random, URL-safe, made at the first call. */
  keyOf(address: CalendarAddress): Promise<string>
  /**
   * The key that this very letter case has to itself, made at the first call: to take over a directory of a version that
   * gave each its own.
   */
  keyOfCase(address: CalendarAddress): Promise<string>
  /**
   * The calendars that have two keys not joined yet, by the letter case of their names: the second key, and the one it
   * has beside it.
   */
  namedTwice(): Promise<(readonly [calendarKey: string, other: string])[]>
  /**
   * Both keys mean one calendar: whatever name led to the first leads to `into` from now on. The address of each goes on
   * being told by its key.
   */
  join(calendarKey: string, into: string): Promise<void>
  /** The keys that were joined, each with the one that it is joined to. */
  joined(): Promise<(readonly [calendarKey: string, into: string])[]>
  /** The key if there is one; makes none. */
  find(address: CalendarAddress): Promise<string | undefined>
  /** undefined where there is none; throws VaultKeyUnknown where no configured key opens it. */
  addressOf(calendarKey: string): Promise<CalendarAddress | undefined>
  /** The addresses that are there and that a given key opens. */
  addressesOf(calendarKeys: readonly string[]): Promise<Map<string, CalendarAddress>>
  /** Forgets the calendar, by all its names: its key means nothing from now on. False where there was none. */
  forget(calendarKey: string): Promise<boolean>
}
