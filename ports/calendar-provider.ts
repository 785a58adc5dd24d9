import type { ExternalEvent } from '../domain/external-event.ts'

/** A calendar, and the credential that opens it. */
export type CalendarAccess = { credentialId: string; externalCalendarId: string }

/** An error, decided on the provider's own reason. Only NOT_FOUND and GONE say something about the thing asked. */
export type ProviderError = {
  ok: false
  code:
    | 'SYNC_TOKEN_EXPIRED'
    | 'CREDENTIAL_MISSING'
    | 'CREDENTIAL_REFUSED'
    | 'NOT_FOUND'
    | 'GONE'
    | 'FORBIDDEN'
    | 'RATE_LIMITED'
    | 'UNAVAILABLE'
    | 'PUSH_NOT_SUPPORTED'
    | 'CHANNEL_ID_NOT_UNIQUE'
    | 'PUSH_ADDRESS_REFUSED'
    | 'BAD_REQUEST'
  /** The provider's reason code, never a message that could hold personal data. */
  reason?: string
  status?: number
  /** The wait that the provider asked for (Retry-After). */
  retryAfterMs?: number
}
export type Answer<T> = { ok: true; value: T } | ProviderError

export type WatchRequest = CalendarAccess & {
  channelId: string
  token: string
  address: string
  /** The life asked for; the answer may cut it. */
  ttlMs: number
}
export type WatchAnswer = { resourceId: string; expiresAt: Temporal.Instant }

/** One page of changes. Only the last page has `nextSyncToken`. Cancelled entries are tombstones. */
export type ChangesPage = { events: ExternalEvent[]; nextPageToken?: string; nextSyncToken?: string }

/** The calendar's side. Methods never throw for what the provider answers: errors are values. `signal` ends a call. */
export interface CalendarProvider {
  readonly name: string
  watch(request: WatchRequest, signal?: AbortSignal): Promise<Answer<WatchAnswer>>
  /**
   * Also ok if the provider no longer knows the channel (`known: false`). Give the calendar if it is known: a calendar in a
   * delegated domain has no stored credential.
   */
  stop(
    request: { credentialId: string; externalCalendarId?: string; channelId: string; resourceId: string },
    signal?: AbortSignal,
  ): Promise<Answer<{ known: boolean }>>
  /** Page by page: with `syncToken` the changes since then, without it everything from `timeMin` on. */
  changes(
    request: CalendarAccess & { syncToken?: string; timeMin?: Temporal.Instant; pageToken?: string },
    signal?: AbortSignal,
  ): Promise<Answer<ChangesPage>>
  /** Cancelled events are answered too, with status `cancelled`. */
  event(request: CalendarAccess & { eventId: string }, signal?: AbortSignal): Promise<Answer<ExternalEvent>>
  /** The instances of a series, cancelled ones included, that lie between `from` and `to`, all pages. */
  instances(
    request: CalendarAccess & { eventId: string; from: Temporal.Instant; to: Temporal.Instant },
    signal?: AbortSignal,
  ): Promise<Answer<ExternalEvent[]>>
  /**
   * The events that hold `text` as a word, in their description or elsewhere, and take place between `from` and `to`, all
   * pages. Of a series its instances; cancelled events are left out.
   */
  search(
    request: CalendarAccess & { text: string; from: Temporal.Instant; to: Temporal.Instant },
    signal?: AbortSignal,
  ): Promise<Answer<ExternalEvent[]>>
}
