import { present, type Route, read, route } from './admin-route.ts'
import * as shape from './admin-shapes.ts'
import type { CalendarState } from './calendar-state.ts'
import type { EventBody } from './google-json.ts'
import { timeInWords } from './person-actions.ts'

/** What Google does beside plain writes, call by call; `docs/stand-ins.md` says which habit each plays. */
export const habitRoutes: readonly Route[] = [
  route('POST /calendars/:calendarId/events/:id/organiser', ({ core, calendarId, id, request }) => {
    const { email, formerStaysGuest = false } = read(shape.organiserShape, request)
    return core.habits.changeOrganiser(calendarId, id, { email, formerStaysGuest })
  }),
  route('POST /calendars/:calendarId/events/:id/detach', ({ core, calendarId, id }) =>
    core.habits.detach(calendarId, id),
  ),
  route('POST /calendars/:calendarId/events/:id/rewrite', ({ core, calendarId, id, request }) => {
    const { change, ...manner } = read(shape.rewriteShape, request)
    return core.habits.rewrite(calendarId, id, asGiven(core.calendar(calendarId), change), present(manner))
  }),
  route('PUT /calendars/:calendarId/events/:id/twice', ({ core, calendarId, id, request }) =>
    core.habits.listTwice(calendarId, id, read(shape.twiceShape, request).order),
  ),
  route('DELETE /calendars/:calendarId/events/:id/twice', ({ core, calendarId, id }) =>
    core.habits.listTwice(calendarId, id, undefined),
  ),
  route('POST /calendars/:calendarId/import', ({ core, calendarId, request }) => {
    const { events, oneEtag } = read(shape.importShape, request)
    const calendar = core.calendar(calendarId)
    const bodies = events.map((event) => asGiven(calendar, event))
    return { items: core.habits.importEvents(calendarId, bodies, oneEtag) }
  }),
  route('POST /calendars/:calendarId/zone', ({ core, calendarId, request }) => {
    const { timeZone, keep = 'clock', ...manner } = read(shape.zoneShape, request)
    core.habits.changeZone(calendarId, timeZone, { keep, ...present(manner) })
  }),
  route('POST /calendars/:calendarId/rename', ({ core, calendarId, request }) => {
    const { id, formerIds } = core.habits.rename(calendarId, read(shape.renameShape, request).to)
    return { id, formerIds }
  }),
  route('POST /calendars/:calendarId/shift', ({ core, calendarId, request }) => ({
    versions: core.habits.massEdit(calendarId, {
      kind: 'shift',
      ...present(read(shape.shiftShape, request)),
    }),
  })),
  route('POST /calendars/:calendarId/strip-guests', ({ core, calendarId, request }) => ({
    versions: core.habits.massEdit(calendarId, {
      kind: 'strip-guests',
      ...present(read(shape.stripShape, request)),
    }),
  })),
]

/** Fields as they came, but for a start or end in plain text. */
function asGiven(calendar: CalendarState, body: { [field: string]: unknown }): EventBody {
  const time = (name: 'start' | 'end') => {
    const given = body[name]
    return typeof given === 'string' ? { [name]: timeInWords(given, calendar.timeZone) } : {}
  }
  return { ...body, ...time('start'), ...time('end') }
}
