// The common part of every vault's store: how a credential and a calendar's address become sealed records and back.
import { type CalendarAddress, inOneCase } from '../../ports/vault/calendar-address.ts'
import { type Credential, VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'
import { type KeyRing, keyRing, type Sealed } from './encryption.ts'

/** An address under lock, with the keyed fingerprint that it is found by. */
export type SealedAddress = Sealed & { fingerprint: Uint8Array }

/**
 * Seals with the newest key and opens with any; each record is bound to its id. `open…` throws VaultKeyUnknown where
 * no key opens it; `reseal…` gives undefined there.
 */
export type SealedRecords = {
  /** The id of the key that seals. A record of another one is to be sealed again. */
  readonly newest: string
  sealCredential(credentialId: string, credential: Credential): Sealed
  openCredential(credentialId: string, sealed: Sealed): Credential
  resealCredential(credentialId: string, sealed: Sealed): Sealed | undefined
  /** Under the newest key. */
  fingerprintOf(address: CalendarAddress): Uint8Array
  sealAddress(calendarKey: string, address: CalendarAddress): SealedAddress
  openAddress(calendarKey: string, sealed: Sealed): CalendarAddress
  /** The addresses in those of these records that a key opens, by calendar key. */
  openAddresses(
    records: readonly (readonly [calendarKey: string, sealed: Sealed])[],
  ): Map<string, CalendarAddress>
  resealAddress(calendarKey: string, sealed: Sealed): SealedAddress | undefined
  /** The same calendar under the name that all letter cases of it share. */
  resealInOneCase(calendarKey: string, sealed: Sealed): SealedAddress | undefined
}

/** `keys`: 32 bytes each, the newest first; throws RangeError for others. */
export function sealedRecords(keys: readonly Uint8Array[]): SealedRecords {
  const ring = keyRing(keys)
  const withFingerprint = (calendarKey: string, text: string): SealedAddress => ({
    ...ring.seal(text, calendarContext(calendarKey)),
    fingerprint: ring.fingerprint(text),
  })

  return {
    newest: ring.newest,

    sealCredential: (id, credential) => ring.seal(JSON.stringify(credential), credentialContext(id)),
    openCredential: (id, sealed) =>
      // Sealed by `sealCredential`: a Credential's JSON.
      JSON.parse(opened(ring, sealed, credentialContext(id))) as Credential,
    resealCredential(id, sealed) {
      const text = ring.open(sealed, credentialContext(id))
      return text === undefined ? undefined : ring.seal(text, credentialContext(id))
    },

    fingerprintOf: (address) => ring.fingerprint(addressText(address)),
    sealAddress: (calendarKey, address) => withFingerprint(calendarKey, addressText(address)),
    openAddress: (calendarKey, sealed) => addressIn(opened(ring, sealed, calendarContext(calendarKey))),
    openAddresses(records) {
      const addresses = new Map<string, CalendarAddress>()
      for (const [calendarKey, sealed] of records) {
        const text = ring.open(sealed, calendarContext(calendarKey))
        if (text !== undefined) addresses.set(calendarKey, addressIn(text))
      }
      return addresses
    },
    resealAddress(calendarKey, sealed) {
      const text = ring.open(sealed, calendarContext(calendarKey))
      return text === undefined ? undefined : withFingerprint(calendarKey, text)
    },
    resealInOneCase(calendarKey, sealed) {
      const text = ring.open(sealed, calendarContext(calendarKey))
      if (text === undefined) return undefined
      return withFingerprint(calendarKey, addressText(inOneCase(addressIn(text))))
    },
  }
}

/** A calendar's key: random, of 32 lower-case hex characters. `newId` gives random UUIDs (version 4). */
export const newCalendarKey = (newId: () => string): string => newId().replaceAll('-', '')

export const keyUnknown = () =>
  new VaultKeyUnknown('no configured encryption key opens a record of the vault')

const credentialContext = (credentialId: string) => `credential ${credentialId}`
const calendarContext = (calendarKey: string) => `calendar ${calendarKey}`
const addressText = ({ provider, externalCalendarId }: CalendarAddress) =>
  JSON.stringify([provider, externalCalendarId])

function addressIn(text: string): CalendarAddress {
  // Written by `addressText`.
  const [provider, externalCalendarId] = JSON.parse(text) as [string, string]
  return { provider, externalCalendarId }
}

function opened(ring: KeyRing, sealed: Sealed, context: string): string {
  const text = ring.open(sealed, context)
  if (text === undefined) throw keyUnknown()
  return text
}
