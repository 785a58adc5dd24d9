import { defined } from '../../domain/optional-fields.ts'
import type { Bearer } from './access-tokens.ts'
import { answerConsent, answerToken } from './accounts-api.ts'
import { type ApiAnswer, type ApiRequest, answerWith, bodyOf, refuseWith } from './api-answer.ts'
import { refusal } from './api-error.ts'
import { calendarJson, calendarList, idOf, listEntry, visible } from './calendar-list-api.ts'
import { checkSyncToken } from './event-list.ts'
import { isZone } from './event-times.ts'
import { withFault } from './fault-answer.ts'
import type { ApiMethod } from './faults.ts'
import type { GoogleCore } from './google-core.ts'
import type { GoogleEvent } from './google-json.ts'
import { idOfImported } from './imported-id.ts'
import { channelAnswer } from './push-channels.ts'

type Call = {
  core: GoogleCore
  request: ApiRequest
  query: URLSearchParams
  bearer: Bearer
  /** The parts of the path that its pattern names. */
  calendarId: string
  eventId: string
}
type Route = { method: ApiMethod; verb: string; path: RegExp; run: (call: Call) => ApiAnswer }

const calendarPath = '/calendar/v3/calendars/(?<calendarId>[^/]+)'
const eventPath = `${calendarPath}/events/(?<eventId>[^/]+)`
const route = (method: ApiMethod, verb: string, path: string, run: Route['run']): Route => ({
  method,
  verb,
  path: new RegExp(`^${path}$`),
  run,
})

/** The API as far as the stand-in has it; first match wins. */
const routes: readonly Route[] = [
  route('list', 'GET', `${calendarPath}/events`, list),
  route('insert', 'POST', `${calendarPath}/events`, ({ core, calendarId, request, bearer, query }) =>
    answerWith(core.insert(calendarId, bodyOf(request), actor(bearer)), query),
  ),
  route('import', 'POST', `${calendarPath}/events/import`, importEvent),
  route('watch', 'POST', `${calendarPath}/events/watch`, watch),
  route('get', 'GET', eventPath, get),
  route('patch', 'PATCH', eventPath, (call) => write(call, 'patch')),
  route('update', 'PUT', eventPath, (call) => write(call, 'update')),
  route('delete', 'DELETE', eventPath, ({ core, calendarId, eventId, request }) => {
    core.delete(calendarId, eventId, ifMatch(request))
    return { status: 204, headers: {} }
  }),
  route('instances', 'GET', `${eventPath}/instances`, ({ core, calendarId, eventId, query }) =>
    answerWith(core.instances(calendarId, eventId, query), query),
  ),
  route('move', 'POST', `${eventPath}/move`, ({ core, calendarId, eventId, query, bearer }) => {
    const destination = query.get('destination')
    if (!destination) throw refusal('required', { locationType: 'parameter', location: 'destination' })
    return answerWith(core.transfer(calendarId, eventId, visible(core, bearer, destination).id), query)
  }),
  route('calendars', 'GET', calendarPath, ({ core, calendarId, query }) =>
    answerWith(calendarJson(core.calendar(calendarId)), query),
  ),
  route('calendars', 'PATCH', calendarPath, changeCalendar),
  route('calendars', 'PUT', calendarPath, changeCalendar),
  route('calendarList', 'GET', '/calendar/v3/users/me/calendarList', calendarList),
  route('calendarList', 'GET', '/calendar/v3/users/me/calendarList/(?<calendarId>[^/]+)', (call) =>
    answerWith(listEntry(call.core.calendar(call.calendarId), call.bearer), call.query),
  ),
  route('stop', 'POST', '/calendar/v3/channels/stop', stop),
]

/**
 * One request to Google's API, its token endpoint or its consent page. Never throws for what Google would answer.
 * Bearer check, then faults, then the work.
 */
export function answerGoogle(core: GoogleCore, request: ApiRequest): ApiAnswer {
  const [path = '', search] = splitOnce(request.url, '?')
  const query = new URLSearchParams(search)
  try {
    if (request.method === 'POST' && (path === '/token' || path === '/oauth2/token'))
      return answerToken(core, request)
    if (request.method === 'GET' && path === '/o/oauth2/v2/auth') return answerConsent(query)
    for (const candidate of routes) {
      if (candidate.verb !== request.method) continue
      const match = candidate.path.exec(path)
      if (match) return answerRoute(core, candidate, match.groups ?? {}, request, query)
    }
    throw refusal('notFound')
  } catch (error) {
    return refuseWith(error)
  }
}

function answerRoute(
  core: GoogleCore,
  found: Route,
  groups: { [name: string]: string },
  request: ApiRequest,
  query: URLSearchParams,
): ApiAnswer {
  const bearer = core.access.bearer(request.headers.authorization, core.nowMs())
  if (!bearer) throw refusal('authError')
  const named = groups.calendarId === undefined ? undefined : decoded(groups.calendarId)
  const asked = named === undefined ? undefined : idOf(core, bearer, named)
  const eventId = decoded(groups.eventId ?? '')
  return withFault(core, found.method, asked, (emptyPage) => {
    const calendarId = asked === undefined ? '' : visible(core, bearer, asked).id
    const call = { core, request, query, bearer, calendarId, eventId }
    if (!emptyPage) return found.run(call)
    const page =
      found.method === 'instances'
        ? core.instances(calendarId, eventId, query, true)
        : core.list(calendarId, query, true)
    return answerWith(page, query)
  })
}

function list({ core, calendarId, query }: Call): ApiAnswer {
  const scripted = core.calendar(calendarId).script.shift()
  if (scripted) return { status: scripted.status, headers: {}, body: scripted.body }
  const page = core.list(calendarId, query)
  return answerWith({ ...page, items: page.items.map((event) => guestsCut(event, query)) }, query)
}

function get({ core, calendarId, eventId, query, request }: Call): ApiAnswer {
  const event = core.get(calendarId, eventId)
  if (event.etag !== undefined && request.headers['if-none-match'] === event.etag) {
    return { status: 304, headers: { etag: event.etag } }
  }
  return answerWith(guestsCut(event, query), query)
}

/** With `maxAttendees` below the number of guests only the own entry is given. */
function guestsCut(event: GoogleEvent, query: URLSearchParams): GoogleEvent {
  const most = query.get('maxAttendees')
  if (most === null || (event.attendees?.length ?? 0) <= Number(most)) return event
  return { ...event, attendees: event.attendees?.filter(({ self }) => self) ?? [], attendeesOmitted: true }
}

function write({ core, calendarId, eventId, request, query }: Call, how: 'patch' | 'update'): ApiAnswer {
  return answerWith(core.patch(calendarId, eventId, bodyOf(request), { how, ...ifMatch(request) }), query)
}

const ifMatch = (request: ApiRequest): { ifMatch?: string } => {
  const etag = request.headers['if-match']
  return defined({ ifMatch: etag })
}

const actor = ({ user }: Bearer): { actor?: string } => defined({ actor: user })

function importEvent({ core, calendarId, request, query }: Call): ApiAnswer {
  const body = bodyOf(request)
  if (typeof body.iCalUID !== 'string') throw refusal('required')
  const id = idOfImported(body.iCalUID)
  return answerWith(core.insert(calendarId, { ...body, id }, { asGiven: true }), query)
}

/** `calendars.patch` and `calendars.update`, as far as name and zone go. */
function changeCalendar({ core, calendarId, request, query }: Call): ApiAnswer {
  const { summary, timeZone } = bodyOf(request)
  if (typeof timeZone === 'string') {
    if (!isZone(timeZone)) throw refusal('invalid', { message: 'Invalid time zone definition.' })
    core.changeCalendar(calendarId, { timeZone })
  }
  if (typeof summary === 'string') core.changeCalendar(calendarId, { summary })
  return answerWith(calendarJson(core.calendar(calendarId)), query)
}

function watch({ core, calendarId, request, query, bearer }: Call): ApiAnswer {
  checkSyncToken(core.calendar(calendarId), query, { nowMs: core.nowMs() })
  const user = bearer.serviceAccount ? undefined : bearer.user
  const channel = core.watch(calendarId, bodyOf(request), query, user)
  return { ...answerWith(channelAnswer(channel)), opened: channel.id }
}

function stop({ core, request, bearer }: Call): ApiAnswer {
  const { id, resourceId } = bodyOf(request)
  if (typeof id !== 'string' || typeof resourceId !== 'string') throw refusal('required')
  core.stop(id, resourceId, bearer.serviceAccount ? undefined : bearer.user)
  return { status: 204, headers: {} }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw refusal('invalid')
  }
}
