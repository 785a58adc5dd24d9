import * as z from 'zod'
import type { Clock } from '../../ports/clock.ts'
import * as shape from './admin-shapes.ts'
import { type ApiAnswer, type ApiRequest, bodyOf } from './api-answer.ts'
import { ApiError } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import { isLive } from './event-lookup.ts'
import type { GoogleCore } from './google-core.ts'
import type { EventBody, EventTime } from './google-json.ts'
import { timeInWords } from './person-actions.ts'
import type { Delivery } from './push-delivery.ts'
import type { GoogleSnapshot } from './snapshot.ts'

/** A request as the shell received it. `at` is RFC 3339 in UTC, by the stand-in's clock. */
export type LoggedRequest = { method: string; path: string; query: string; at: string; status: number }

/** What the admin API works on. */
export type AdminParts = {
  core: GoogleCore
  clock: Clock & { advance?: (ms: number) => Promise<void> }
  requests: LoggedRequest[]
  deliveries: () => Delivery[]
}

type Call = AdminParts & {
  request: ApiRequest
  query: URLSearchParams
  calendarId: string
  /** The id of an event, a fault or a channel. */
  id: string
}
type Route = { line: string; verb: string; pattern: URLPattern; run: (call: Call) => unknown }

const route = (line: string, run: Route['run']): Route => {
  const [verb = '', path = ''] = line.split(' ')
  return {
    line: `${verb} /stand-in${path}`,
    verb,
    pattern: new URLPattern({ pathname: `/stand-in${path}` }),
    run,
  }
}

/** Everything that a person, or a test, does to the stand-in from outside. Bodies and answers are JSON. */
const routes: readonly Route[] = [
  route('GET /', () => ({ routes: routes.map(({ line }) => line) })),
  route('GET /calendars', ({ core }) => ({ items: core.calendars().map(calendarJson) })),
  route('POST /calendars', ({ core, request }) =>
    calendarJson(core.createCalendar(present(read(shape.calendarShape, request)))),
  ),
  route('GET /calendars/:calendarId', ({ core, calendarId }) => calendarJson(known(core, calendarId))),
  route('PATCH /calendars/:calendarId', ({ core, calendarId, request }) => {
    const change = present(read(shape.calendarChangeShape, request))
    return calendarJson(core.changeCalendar(calendarId, change))
  }),
  route('DELETE /calendars/:calendarId', ({ core, calendarId }) => core.deleteCalendar(calendarId)),
  route('GET /calendars/:calendarId/events', ({ core, calendarId, query }) => ({
    items: [...core.calendar(calendarId).entries.values()]
      .map((entry) => entry.event)
      .filter((event) => query.get('deleted') === 'true' || isLive(event)),
  })),
  route('POST /calendars/:calendarId/events', ({ core, calendarId, request }) =>
    core.insert(calendarId, eventIn(core.calendar(calendarId), request), { asGiven: true }),
  ),
  route('POST /calendars/:calendarId/clear', ({ core, calendarId }) => ({ deleted: core.clear(calendarId) })),
  route('POST /calendars/:calendarId/notify', ({ core, calendarId }) => core.notify(calendarId)),
  route('POST /calendars/:calendarId/expire-sync-tokens', ({ core, calendarId }) =>
    core.expireSyncTokens(calendarId),
  ),
  route('PUT /calendars/:calendarId/raw', ({ core, calendarId, request }) =>
    core.loadRaw(calendarId, read(shape.rawShape, request).events),
  ),
  route('PUT /calendars/:calendarId/pages', ({ core, calendarId, request }) => {
    const { pages } = read(shape.pagesShape, request)
    core.script(
      calendarId,
      pages.map((page) => ('kind' in page ? { status: 200, body: page } : scripted(page))),
    )
  }),
  route('GET /calendars/:calendarId/events/:id', ({ core, calendarId, id }) => core.get(calendarId, id)),
  route('PATCH /calendars/:calendarId/events/:id', ({ core, calendarId, id, request }) =>
    core.patch(calendarId, id, eventIn(core.calendar(calendarId), request)),
  ),
  route('DELETE /calendars/:calendarId/events/:id', ({ core, calendarId, id }) =>
    core.delete(calendarId, id),
  ),
  route('GET /calendars/:calendarId/events/:id/instances', ({ core, calendarId, id, query }) =>
    core.instances(calendarId, id, query),
  ),
  route('POST /calendars/:calendarId/events/:id/move', ({ core, calendarId, id, request }) =>
    core.drag(calendarId, id, present(read(shape.moveShape, request))),
  ),
  route('POST /calendars/:calendarId/events/:id/resize', ({ core, calendarId, id, request }) =>
    core.resize(calendarId, id, read(shape.resizeShape, request).end),
  ),
  route('POST /calendars/:calendarId/events/:id/respond', ({ core, calendarId, id, request }) =>
    core.respond(calendarId, id, present(read(shape.respondShape, request))),
  ),
  route('POST /calendars/:calendarId/events/:id/decline', ({ core, calendarId, id, request }) =>
    core.respond(calendarId, id, { response: 'declined', ...present(read(shape.declineShape, request)) }),
  ),
  route('POST /calendars/:calendarId/events/:id/split', ({ core, calendarId, id, request }) => {
    const { change, freshId } = read(shape.splitShape, request)
    const timed = change && { change: timesIn(core.calendar(calendarId), change) }
    return core.split(calendarId, id, { ...timed, freshId: freshId ?? false })
  }),
  route('POST /calendars/:calendarId/events/:id/end', ({ core, calendarId, id }) => core.end(calendarId, id)),
  route('POST /calendars/:calendarId/events/:id/restore', ({ core, calendarId, id }) =>
    core.restoreEvent(calendarId, id),
  ),
  route('POST /calendars/:calendarId/events/:id/transfer', ({ core, calendarId, id, request }) =>
    core.transfer(calendarId, id, read(shape.transferShape, request).destination),
  ),
  route('GET /faults', ({ core }) => ({ items: core.faults.list() })),
  route('POST /faults', ({ core, request }) => core.faults.set(present(read(shape.faultShape, request)))),
  route('DELETE /faults', ({ core, query }) => {
    const calendarId = query.get('calendarId')
    return { cleared: core.faults.clear(calendarId === null ? {} : { calendarId }) }
  }),
  route('DELETE /faults/:id', ({ core, id }) => ({ cleared: core.faults.clear({ id }) })),
  route('GET /push', ({ core }) => core.settings.push),
  route('PUT /push', ({ core, request }) =>
    Object.assign(core.settings.push, present(read(shape.pushShape, request))),
  ),
  route('GET /access', ({ core }) => core.access.settings),
  route('PUT /access', ({ core, request }) =>
    Object.assign(core.access.settings, present(read(shape.accessShape, request))),
  ),
  route('POST /access/expire', ({ core }) => core.access.expireAll()),
  route('PUT /settings', ({ core, request }) => {
    const { syncTokenLifeMs } = read(shape.settingsShape, request)
    if (syncTokenLifeMs === null) delete core.settings.syncTokenLifeMs
    else core.settings.syncTokenLifeMs = syncTokenLifeMs
  }),
  route('GET /channels', ({ core }) => ({ items: core.channels() })),
  route('GET /deliveries', ({ deliveries }) => ({ items: deliveries() })),
  route('GET /requests', ({ requests }) => ({ items: requests })),
  route('DELETE /requests', ({ requests }) => void requests.splice(0)),
  route('GET /clock', ({ clock }) => ({
    now: clock.now().toString(),
    adjustable: clock.advance !== undefined,
  })),
  route('POST /clock/advance', async ({ clock, request }) => {
    if (!clock.advance) throw new ApiError(409, 'clockNotAdjustable', 'This clock cannot be put forward.')
    await clock.advance(read(shape.advanceShape, request).ms)
    return { now: clock.now().toString() }
  }),
  route('GET /snapshot', ({ core }) => core.snapshot()),
  // A saved state is the stand-in's own output: only its version is checked.
  route('PUT /snapshot', ({ core, request }) => core.restore(bodyOf(request) as GoogleSnapshot)),
  route('POST /reset', ({ core, requests }) => {
    core.reset()
    requests.splice(0)
  }),
]

/** Answers a request under `/stand-in/`; undefined answers are 204. Errors are `{error: {code, message, problems?}}`. */
export async function answerAdmin(parts: AdminParts, request: ApiRequest): Promise<ApiAnswer> {
  const url = new URL(request.url, 'http://stand-in')
  try {
    for (const { verb, pattern, run } of routes) {
      if (verb !== request.method) continue
      const groups = pattern.exec({ pathname: url.pathname })?.pathname.groups
      if (!groups) continue
      const body = await run({
        ...parts,
        request,
        query: url.searchParams,
        calendarId: decodeURIComponent(groups.calendarId ?? ''),
        id: decodeURIComponent(groups.id ?? ''),
      })
      return body === undefined ? { status: 204, headers: {} } : { status: 200, headers: {}, body }
    }
    throw new ApiError(404, 'noSuchRoute', `${request.method} ${url.pathname} is no route of the admin API`)
  } catch (error) {
    if (error instanceof z.ZodError) {
      const problems = error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
      return failure(400, 'badBody', z.prettifyError(error), { problems })
    }
    if (error instanceof ApiError) return failure(error.status, error.reason, error.message)
    throw error
  }
}

const failure = (status: number, code: string, message: string, more: object = {}): ApiAnswer => ({
  status,
  headers: {},
  body: { error: { code, message, ...more } },
})

const read = <T extends z.ZodType>(schema: T, request: ApiRequest): z.output<T> =>
  schema.parse(bodyOf(request))

/** Without the fields that are undefined, which zod's optional fields may be by their type. */
type Present<T> = T extends unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]: Present<Exclude<T[K], undefined>> }
    : T

function present<T extends object>(value: T): Present<T> {
  // JSON has no undefined: what was parsed from it has no such field, at any depth.
  return value as Present<T>
}

const scripted = (page: { status: number; body?: unknown }) => ({ status: page.status, body: page.body })

/** A calendar even where it is marked as gone. */
function known(core: GoogleCore, id: string): CalendarState {
  const found = core.calendars().find((calendar) => calendar.id === id)
  if (!found) throw new ApiError(404, 'notFound', `no calendar ${id}`)
  return found
}

function calendarJson(calendar: CalendarState): object {
  const { id, summary, timeZone, owner, sharedWith, settings, entries, lastPosition } = calendar
  return { id, summary, timeZone, owner, sharedWith, settings, events: entries.size, changes: lastPosition }
}

function eventIn(calendar: CalendarState, request: ApiRequest): EventBody {
  return timesIn(calendar, read(shape.eventShape, request))
}

function timesIn(calendar: CalendarState, body: z.output<typeof shape.eventShape>): EventBody {
  const { start, end, timeZone, ...rest } = body
  const zone = timeZone ?? calendar.timeZone
  const time = (given: string | object | undefined): EventTime | undefined =>
    typeof given === 'string' ? timeInWords(given, zone) : given
  const [from, to] = [time(start), time(end)]
  // The rest was checked as far as the stand-in itself looks at it.
  return { ...(rest as EventBody), ...(from && { start: from }), ...(to && { end: to }) }
}
