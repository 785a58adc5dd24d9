import * as z from 'zod'
import { habitRoutes } from './admin-habits.ts'
import { type AdminParts, eventIn, present, type Route, read, route, timesIn } from './admin-route.ts'
import * as shape from './admin-shapes.ts'
import { type ApiAnswer, type ApiRequest, bodyOf } from './api-answer.ts'
import { ApiError } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import { isLive } from './event-lookup.ts'
import type { GoogleCore } from './google-core.ts'
import type { GoogleSnapshot } from './snapshot.ts'

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
  ...habitRoutes,
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

const scripted = (page: { status: number; body?: unknown }) => ({ status: page.status, body: page.body })

/** A calendar even where it is marked as gone. */
function known(core: GoogleCore, id: string): CalendarState {
  const found = core.named(id)
  if (!found) throw new ApiError(404, 'notFound', `no calendar ${id}`)
  return found
}

function calendarJson(calendar: CalendarState): object {
  const { id, formerIds, summary, timeZone, owner, sharedWith, settings, entries, lastPosition } = calendar
  return {
    id,
    formerIds,
    summary,
    timeZone,
    owner,
    sharedWith,
    settings,
    events: entries.size,
    changes: lastPosition,
  }
}
