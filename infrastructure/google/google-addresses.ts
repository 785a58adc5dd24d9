import { GOOGLE_TOKEN_URL } from './google-token-endpoint.ts'

/**
 * Google's addresses. Another root than Google's own is an emulator or a proxy. Its token endpoint is `/token` beneath
 * it unless one is given, and it needs no OAuth client of Google's.
 */
export function addresses(options: { apiUrl?: string; tokenUrl?: string }): {
  apiUrl: string
  tokenUrl: string
  emulated: boolean
} {
  const apiUrl = (options.apiUrl ?? GOOGLE_ROOT).replace(/\/+$/, '')
  const emulated = !/(^|[.])googleapis[.]com$/.test(new URL(apiUrl).hostname)
  return {
    apiUrl,
    emulated,
    tokenUrl: options.tokenUrl ?? (emulated ? `${apiUrl}/token` : GOOGLE_TOKEN_URL),
  }
}

const GOOGLE_ROOT = 'https://www.googleapis.com'

/** The client that an emulator is shown while no OAuth client is configured. */
export const EMULATOR_CLIENT = { clientId: 'calendar-sync', clientSecret: 'calendar-sync' }

/** Whether a calendar is a group's, a room's or a feed's: no person's, whatever credential it is read by. */
export const isGroupCalendar = (externalCalendarId: string): boolean =>
  /[.]calendar[.]google[.]com$/i.test(externalCalendarId)
