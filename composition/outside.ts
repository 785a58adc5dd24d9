// Google and Cal.com: the real ones, or the stand-ins.

import { calcomApiKeys } from '../infrastructure/calcom/calcom-api-keys.ts'
import {
  type CalcomBookingDirectory,
  calcomBookingDirectory,
} from '../infrastructure/calcom/calcom-booking-directory.ts'
import { isSecondWriterSeen } from '../infrastructure/calcom/second-writer-probe.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { derivedKey } from '../infrastructure/config/derived-keys.ts'
import { addresses } from '../infrastructure/google/google-addresses.ts'
import { STAND_IN_HOST, type StandIns } from '../stand-ins/stand-ins.ts'
import type { Stores } from './stores.ts'

export const derivedText = (secret: Uint8Array, purpose: string): string =>
  Buffer.from(derivedKey(secret, purpose)).toString('base64url')

/** The stand-in's host has given the service a credential, as a real host would on the connect page. */
export async function lendCredential(vault: Stores['vault']): Promise<void> {
  const { credentialId, refreshToken } = STAND_IN_HOST
  if (!(await vault.has(credentialId))) await vault.put(credentialId, { kind: 'oauth', refreshToken })
}

export const googleOptions = ({ google }: Configuration, standIns: StandIns | undefined) =>
  standIns
    ? { apiUrl: standIns.google.url, tokenUrl: standIns.google.tokenUrl, delegatedDomains: [] }
    : {
        ...(google.apiUrl !== undefined && { apiUrl: google.apiUrl }),
        ...(google.tokenUrl !== undefined && { tokenUrl: google.tokenUrl }),
        ...(google.oauthClient && { oauth: google.oauthClient }),
        ...(google.serviceAccount && { serviceAccount: google.serviceAccount }),
        delegatedDomains: google.delegatedDomains,
      }

/** Where access tokens are asked for. */
export const googleTokenEndpoint = ({ google: { apiUrl, tokenUrl } }: Configuration): string =>
  addresses({ ...(apiUrl !== undefined && { apiUrl }), ...(tokenUrl !== undefined && { tokenUrl }) }).tokenUrl

export function delegated({ google }: Configuration): (externalCalendarId: string) => boolean {
  const domains = new Set(google.serviceAccount ? google.delegatedDomains : [])
  return (id) => domains.has(id.slice(id.lastIndexOf('@') + 1).toLowerCase())
}

export function bookingDirectory(
  { calcom }: Configuration,
  standIns: StandIns | undefined,
): CalcomBookingDirectory | undefined {
  if (standIns) return calcomBookingDirectory({ apiUrl: standIns.calcom.url, apiKey: standIns.calcomApiKey })
  if (calcom.api === undefined) return undefined
  const { url, apiKey, apiKeysFile } = calcom.api
  return calcomBookingDirectory({
    apiUrl: url,
    ...(apiKey !== undefined && { apiKey }),
    ...(apiKeysFile !== undefined && { apiKeysFile }),
  })
}

type CalcomApi = NonNullable<Configuration['calcom']['api']>

/** Every key that is configured, with its owner where it has one. Throws where the file of keys cannot be read. */
export const calcomKeys = ({ apiKey, apiKeysFile }: Omit<CalcomApi, 'url'>) =>
  calcomApiKeys({
    ...(apiKey !== undefined && { apiKey }),
    ...(apiKeysFile !== undefined && { apiKeysFile }),
  }).all()

/** Whether Cal.com's own calendar sync changed one of the newest bookings that this key shows. */
export const showsSecondWriter = (apiUrl: string, key: string): Promise<boolean> =>
  isSecondWriterSeen({ apiUrl }, key)
