import { defined } from '../../domain/optional-fields.ts'
import { isGroupCalendar } from '../../infrastructure/google/google-addresses.ts'
import { errorOfAnswer, unavailable } from '../../infrastructure/google/google-errors.ts'
import { readEvent } from '../../infrastructure/google/google-event.ts'
import { readEventsPage } from '../../infrastructure/google/google-events-page.ts'
import { EVENT_FIELDS, LIST } from '../../infrastructure/google/google-fields.ts'
import type {
  Answer,
  CalendarAccess,
  CalendarProvider,
  ProviderError,
} from '../../ports/calendar-provider.ts'
import type { CredentialVault } from '../../ports/vault/credential-vault.ts'
import type { ApiAnswer } from '../../stand-ins/google/api-answer.ts'
import { answerGoogle } from '../../stand-ins/google/google-api.ts'
import type { GoogleCore } from '../../stand-ins/google/google-core.ts'
import type { VirtualClock } from './virtual-clock.ts'

type Ask = { method?: string; path: string; query?: Record<string, string>; body?: unknown }
type Asked = { syncToken?: boolean; pageToken?: boolean }

/**
 * The stand-in's core plugged in at the port, without HTTP and its real time: the same requests, answers, errors and
 * reading as the adapter's. A fault's delay passes on the virtual clock, a dropped connection is no answer.
 */
export function googleAtThePort(
  core: GoogleCore,
  vault: CredentialVault,
  clock: VirtualClock,
): CalendarProvider {
  async function bearer(credentialId: string): Promise<Answer<string>> {
    const credential = await vault.use(credentialId)
    if (credential?.kind !== 'oauth') return { ok: false, code: 'CREDENTIAL_MISSING' }
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: credential.refreshToken })
    const { status, body } = core.access.grant(form, core.nowMs())
    if (status !== 200) return errorOfAnswer({ status, body }, { now: clock.now() })
    return { ok: true, value: (body as { access_token: string }).access_token } // what a grant answers with 200
  }

  async function ask(credentialId: string, what: Ask, asked: Asked = {}): Promise<Answer<unknown>> {
    const token = await bearer(credentialId)
    if (!token.ok) return token
    const answer: ApiAnswer = answerGoogle(core, {
      method: what.method ?? 'GET',
      url: `/calendar/v3${what.path}?${new URLSearchParams(what.query)}`,
      headers: { authorization: `Bearer ${token.value}` },
      body: what.body === undefined ? '' : JSON.stringify(what.body),
    })
    if (answer.delayMs !== undefined) await clock.delay(answer.delayMs)
    if (answer.drop) return unavailable('noAnswer')
    // What is no JSON is left a text, as Google's client leaves it.
    if (answer.status < 300) return { ok: true, value: answer.text ?? answer.body }
    const retryAfter = answer.headers['retry-after'] ?? null
    return errorOfAnswer(
      { status: answer.status, body: answer.body, retryAfter },
      { now: clock.now(), ...asked },
    )
  }

  const eventsOf = ({ externalCalendarId }: CalendarAccess) =>
    `/calendars/${encodeURIComponent(externalCalendarId)}/events`
  const unreadable: ProviderError = unavailable('unreadableAnswer')
  const page = (pageToken?: string) => defined({ pageToken })

  return {
    name: 'google',
    async watch(request) {
      const { channelId: id, token, address, ttlMs } = request
      const body = { id, type: 'web_hook', token, address, params: { ttl: String(ttlMs / 1000) } }
      const answer = await ask(request.credentialId, {
        method: 'POST',
        path: `${eventsOf(request)}/watch`,
        body,
      })
      if (!answer.ok) return answer
      const { resourceId, expiration } = answer.value as Record<string, string> // Google's channel resource
      if (resourceId === undefined) return unreadable
      return {
        ok: true,
        value: { resourceId, expiresAt: Temporal.Instant.fromEpochMilliseconds(Number(expiration)) },
      }
    },
    async stop({ credentialId, channelId: id, resourceId }) {
      const answer = await ask(credentialId, {
        method: 'POST',
        path: '/channels/stop',
        body: { id, resourceId },
      })
      if (answer.ok) return { ok: true, value: { known: true } }
      return answer.code === 'NOT_FOUND' ? { ok: true, value: { known: false } } : answer
    },
    async changes(request) {
      const { syncToken, pageToken, timeMin } = request
      const query = {
        singleEvents: 'false',
        maxResults: String(LIST.maxResults),
        fields: LIST.fields,
        ...(syncToken !== undefined ? { syncToken } : defined({ timeMin: timeMin?.toString() })),
        ...page(pageToken),
      }
      const asked = { syncToken: syncToken !== undefined, pageToken: pageToken !== undefined }
      const answer = await ask(request.credentialId, { path: eventsOf(request), query }, asked)
      return answer.ok ? pageOf(answer.value, request) : answer
    },
    async event(request) {
      const path = `${eventsOf(request)}/${encodeURIComponent(request.eventId)}`
      const answer = await ask(request.credentialId, { path, query: { fields: EVENT_FIELDS } })
      if (!answer.ok) return answer
      const reading = readEvent(answer.value, 'UTC', { ...sourceOf(request), byId: true })
      return reading.ok ? { ok: true, value: reading.event } : unavailable(reading.problem)
    },
    async instances(request) {
      const path = `${eventsOf(request)}/${encodeURIComponent(request.eventId)}/instances`
      const query = {
        timeMin: request.from.toString(),
        timeMax: request.to.toString(),
        showDeleted: 'true',
        fields: LIST.fields,
      }
      const answer = await ask(request.credentialId, { path, query })
      return eventsOfOnePage(answer, request)
    },
    async search(request) {
      const query = {
        q: request.text,
        timeMin: request.from.toString(),
        timeMax: request.to.toString(),
        singleEvents: 'true',
        fields: LIST.fields,
      }
      const answer = await ask(request.credentialId, { path: eventsOf(request), query })
      return eventsOfOnePage(answer, request)
    },
  }

  function eventsOfOnePage(
    answer: Answer<unknown>,
    request: CalendarAccess,
  ): Answer<ReturnType<typeof eventsIn>> {
    const read = answer.ok ? pageOf(answer.value, request) : answer
    return read.ok ? { ok: true, value: read.value.events } : read
  }

  function pageOf(
    body: unknown,
    request: CalendarAccess,
  ): Answer<{ events: ReturnType<typeof eventsIn>; nextPageToken?: string; nextSyncToken?: string }> {
    const read = readEventsPage(body, sourceOf(request))
    if (read === undefined) return unreadable
    const { nextPageToken, nextSyncToken } = read
    return {
      ok: true,
      value: {
        events: eventsIn(read),
        ...defined({ nextPageToken, nextSyncToken }),
      },
    }
  }
}

const sourceOf = ({ externalCalendarId }: CalendarAccess) => ({
  ofGroup: isGroupCalendar(externalCalendarId),
})
const eventsIn = ({ events }: NonNullable<ReturnType<typeof readEventsPage>>) => events
