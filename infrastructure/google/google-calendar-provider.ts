import type { ExternalEvent } from '../../domain/external-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type {
  Answer,
  CalendarAccess,
  CalendarProvider,
  ChangesPage,
  ProviderError,
} from '../../ports/calendar-provider.ts'
import type { Clock } from '../../ports/clock.ts'
import { pageLimit } from '../../ports/page-limit.ts'
import type { CredentialVault } from '../../ports/vault/credential-vault.ts'
import { addresses, EMULATOR_CLIENT, isGroupCalendar } from './google-addresses.ts'
import { type Ask, googleCalls } from './google-calls.ts'
import { type AdapterLog, googleCredentials } from './google-credentials.ts'
import { unavailable } from './google-errors.ts'
import { isRecord, readEvent } from './google-event.ts'
import { isTooLong, MOST_EVENTS, readEventsPage } from './google-events-page.ts'
import { EVENT_FIELDS, LIST } from './google-fields.ts'
import type { ServiceAccount } from './google-service-account.ts'
import { googleTokenEndpoint } from './google-token-endpoint.ts'

/** `apiUrl` and `tokenUrl` are Google's own where not given; see `addresses` for an emulator's. */
export type GoogleOptions = {
  apiUrl?: string
  tokenUrl?: string
  oauth?: { clientId: string; clientSecret: string }
  serviceAccount?: ServiceAccount
  delegatedDomains: readonly string[]
  vault: CredentialVault
  clock: Clock
  /** How long one call to the API may take, in milliseconds of the clock (30,000); one for a token, a third of it. */
  timeoutMs?: number
  log?: AdapterLog
}

/**
 * Google Calendar, API v3, read only. Personal data is not even received: a fields mask leaves out titles,
 * descriptions, places, names and addresses.
 */
export function googleCalendarProvider(options: GoogleOptions): CalendarProvider {
  const { vault, clock, log } = options
  const timeoutMs = options.timeoutMs ?? 30_000
  const { apiUrl, tokenUrl, emulated } = addresses(options)
  const oauth = options.oauth ?? (emulated ? EMULATOR_CLIENT : undefined)
  const call = googleCalls({
    rootUrl: apiUrl,
    clock,
    timeoutMs,
    credentials: googleCredentials({
      vault,
      clock,
      tokenEndpoint: googleTokenEndpoint({ url: tokenUrl, clock, timeoutMs: timeoutMs / 3 }),
      ...defined({ oauth, serviceAccount: options.serviceAccount, log }),
      delegatedDomains: options.delegatedDomains,
    }),
  })

  /** The calendar's zone, for the rare event whose times carry none: events.get does not say it, a list does. */
  async function zoneOf(
    access: { credentialId: string; externalCalendarId: string },
    signal: AbortSignal | undefined,
  ): Promise<Answer<string>> {
    const answer = await call(access, signal, (client, common, how) =>
      client.events.list(
        { ...common, calendarId: access.externalCalendarId, maxResults: 1, fields: 'timeZone' },
        how,
      ),
    )
    if (!answer.ok) return answer
    const zone = isRecord(answer.value) ? answer.value.timeZone : undefined
    return typeof zone === 'string' ? { ok: true, value: zone } : unavailable(UNREADABLE)
  }

  /** Every page of a list that is only of use whole. */
  async function allPages(
    request: CalendarAccess,
    signal: AbortSignal | undefined,
    askPage: (pageToken: string | undefined) => Ask,
  ): Promise<Answer<ExternalEvent[]>> {
    const events: ExternalEvent[] = []
    let pageToken: string | undefined
    const pages = pageLimit()
    do {
      const answer = await call(
        { ...request, pageToken: pageToken !== undefined },
        signal,
        askPage(pageToken),
      )
      if (!answer.ok) return answer
      if (isTooLong(answer.value)) return unavailable('TOO_MANY_ENTRIES')
      const page = readEventsPage(answer.value, sourceOf(request))
      if (!page) return unavailable(UNREADABLE)
      // Instances are paired by their order: one left out would shift all that follow. Without times it keeps its place.
      if (page.problems.includes('NOT_AN_EVENT')) return unavailable('NOT_AN_EVENT')
      for (const event of page.events) events.push(event)
      const beyond = pages.beyond(page.nextPageToken)
      if (beyond !== undefined) return unavailable(beyond)
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    return { ok: true, value: events }
  }

  return {
    name: 'google',

    async watch(request, signal) {
      if (!isId(request.externalCalendarId)) return notAnId
      const asked = clock.now()
      const answer = await call(request, signal, (client, common, how) =>
        client.events.watch(
          {
            ...common,
            calendarId: request.externalCalendarId,
            requestBody: {
              id: request.channelId,
              type: 'web_hook',
              address: request.address,
              token: request.token,
              // A length of life, not a date: the two clocks need not agree.
              params: { ttl: String(Math.max(1, Math.ceil(request.ttlMs / 1000))) },
            },
          },
          how,
        ),
      )
      if (!answer.ok) return answer
      if (!isRecord(answer.value) || typeof answer.value.resourceId !== 'string')
        return unavailable(UNREADABLE)
      return {
        ok: true,
        value: {
          resourceId: answer.value.resourceId,
          expiresAt: expiryOf(answer.value.expiration) ?? asked.add({ milliseconds: request.ttlMs }),
        },
      }
    },

    async stop(request, signal) {
      const answer = await call(request, signal, (client, common, how) =>
        client.channels.stop(
          { ...common, requestBody: { id: request.channelId, resourceId: request.resourceId } },
          how,
        ),
      )
      if (answer.ok) return { ok: true, value: { known: true } }
      return answer.code === 'NOT_FOUND' ? { ok: true, value: { known: false } } : answer
    },

    async changes(request, signal): Promise<Answer<ChangesPage>> {
      if (!isId(request.externalCalendarId)) return notAnId
      const { syncToken, pageToken, timeMin } = request
      const answer = await call(
        { ...request, syncToken: syncToken !== undefined, pageToken: pageToken !== undefined },
        signal,
        (client, common, how) =>
          client.events.list(
            {
              ...common,
              ...LIST,
              calendarId: request.externalCalendarId,
              // A sync token remembers the bound that the full list was asked with, and refuses another.
              ...(syncToken !== undefined ? { syncToken } : defined({ timeMin: timeMin?.toString() })),
              ...defined({ pageToken }),
            },
            how,
          ),
      )
      if (!answer.ok) return answer
      if (isTooLong(answer.value)) return unavailable('TOO_MANY_ENTRIES')
      const page = readEventsPage(answer.value, sourceOf(request))
      if (!page) return unavailable(UNREADABLE)
      if (page.problems.length > 0)
        log?.warn(
          { credentialId: request.credentialId, count: page.problems.length, codes: distinct(page.problems) },
          'calendar events not read in full',
        )
      const value: ChangesPage = { events: page.events }
      if (page.nextPageToken !== undefined) value.nextPageToken = page.nextPageToken
      if (page.nextSyncToken !== undefined) value.nextSyncToken = page.nextSyncToken
      return { ok: true, value }
    },

    async event(request, signal): Promise<Answer<ExternalEvent>> {
      if (!isId(request.externalCalendarId) || !isId(request.eventId)) return notAnId
      const answer = await call(request, signal, (client, common, how) =>
        client.events.get(
          {
            ...common,
            calendarId: request.externalCalendarId,
            eventId: request.eventId,
            fields: EVENT_FIELDS,
          },
          how,
        ),
      )
      if (!answer.ok) return answer
      const source = { ...sourceOf(request), byId: true }
      const reading = readEvent(answer.value, undefined, source)
      if (reading.ok) return { ok: true, value: reading.event }
      if (reading.problem !== 'ZONE_UNKNOWN') return unavailable(reading.problem)
      const zone = await zoneOf(request, signal)
      if (!zone.ok) return zone
      const again = readEvent(answer.value, zone.value, source)
      return again.ok ? { ok: true, value: again.event } : unavailable(again.problem)
    },

    async instances(request, signal): Promise<Answer<ExternalEvent[]>> {
      if (!isId(request.externalCalendarId) || !isId(request.eventId)) return notAnId
      return allPages(
        request,
        signal,
        (pageToken) => (client, common, how) =>
          client.events.instances(
            {
              ...common,
              calendarId: request.externalCalendarId,
              eventId: request.eventId,
              ...between(request),
              showDeleted: true,
              maxResults: MOST_EVENTS,
              fields: LIST.fields,
              ...defined({ pageToken }),
            },
            how,
          ),
      )
    },

    async search(request, signal): Promise<Answer<ExternalEvent[]>> {
      if (!isId(request.externalCalendarId)) return notAnId
      return allPages(
        request,
        signal,
        (pageToken) => (client, common, how) =>
          client.events.list(
            {
              ...common,
              calendarId: request.externalCalendarId,
              q: request.text,
              ...between(request),
              singleEvents: true,
              maxResults: MOST_EVENTS,
              fields: LIST.fields,
              ...defined({ pageToken }),
            },
            how,
          ),
      )
    },
  }
}

const between = ({ from, to }: { from: Temporal.Instant; to: Temporal.Instant }) => ({
  timeMin: from.toString(),
  timeMax: to.toString(),
})

const UNREADABLE = 'unreadableAnswer'

const sourceOf = ({ externalCalendarId }: { externalCalendarId: string }) => ({
  ofGroup: isGroupCalendar(externalCalendarId),
})

const notAnId: ProviderError = { ok: false, code: 'BAD_REQUEST', reason: 'notAnId' }

/** '.' and '..' would climb in the URL's path, and an empty id would ask for another resource. */
const isId = (id: string) => id !== '' && id !== '.' && id !== '..'

/** Epoch milliseconds, as the text that Google sends. */
function expiryOf(expiration: unknown): Temporal.Instant | undefined {
  if (typeof expiration !== 'string' && typeof expiration !== 'number') return undefined
  const milliseconds = Number(expiration)
  return Number.isSafeInteger(milliseconds) && milliseconds > 0 && milliseconds < 8.64e15
    ? Temporal.Instant.fromEpochMilliseconds(milliseconds)
    : undefined
}

const distinct = <T>(values: readonly T[]) => [...new Set(values)]
