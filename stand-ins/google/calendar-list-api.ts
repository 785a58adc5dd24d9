import type { Bearer } from './access-tokens.ts'
import { type ApiAnswer, answerWith } from './api-answer.ts'
import { refusal } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import type { GoogleCore } from './google-core.ts'

/** `primary` is the user's own calendar, or the first where no user is known. */
export function idOf(core: GoogleCore, bearer: Bearer, id: string): string {
  if (id !== 'primary') return id
  const own = core.calendars().filter((one) => bearer.user === undefined || one.owner === bearer.user)
  return (own.find((one) => one.id === bearer.user) ?? own[0])?.id ?? id
}

/** The calendar, if it is there and shared with the user; else 404, as Google answers both. */
export function visible(core: GoogleCore, bearer: Bearer, id: string): CalendarState {
  const calendar = core.calendar(id)
  if (!maySee(calendar, bearer)) throw refusal('notFound')
  return calendar
}

const maySee = (calendar: CalendarState, { user }: Bearer) =>
  user === undefined || calendar.owner === user || calendar.id === user || calendar.sharedWith.includes(user)

/** `calendarList.list`: all on one page. */
export function calendarList({
  core,
  bearer,
  query,
}: {
  core: GoogleCore
  bearer: Bearer
  query: URLSearchParams
}): ApiAnswer {
  const items = core
    .calendars()
    .filter((calendar) => !calendar.settings.gone && maySee(calendar, bearer))
    .map((calendar) => listEntry(calendar, bearer))
  const etag = `"p3${core.revision().toString(32)}o"`
  return answerWith(
    { kind: 'calendar#calendarList', etag, nextSyncToken: `CM${core.revision()}`, items },
    query,
  )
}

/** A calendar as an entry of the user's list. */
export function listEntry(calendar: CalendarState, { user }: Bearer): { [field: string]: unknown } {
  return {
    ...calendarJson(calendar),
    kind: 'calendar#calendarListEntry',
    selected: true,
    accessRole: user === undefined || calendar.owner === user || calendar.id === user ? 'owner' : 'writer',
    defaultReminders: [],
    ...(calendar.id === (user ?? calendar.owner) && { primary: true }),
  }
}

/** A calendar as `calendars.get` answers it. */
export const calendarJson = (calendar: CalendarState) => ({
  kind: 'calendar#calendar',
  etag: `"${calendar.resourceId}"`,
  id: calendar.id,
  summary: calendar.summary,
  timeZone: calendar.timeZone,
  conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
})
