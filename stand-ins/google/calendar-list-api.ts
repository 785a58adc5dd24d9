import type { Bearer } from './access-tokens.ts'
import { sameAddress } from './addresses.ts'
import { type ApiAnswer, answerWith } from './api-answer.ts'
import { refusal } from './api-error.ts'
import { isNamed } from './calendar-names.ts'
import type { CalendarState } from './calendar-state.ts'
import type { GoogleCore } from './google-core.ts'

/**
 * The present id of what a request names, in any letter case or by an address from before a renaming.
 * `primary` is the user's own calendar, another for each credential, or the first where no user is known.
 */
export function idOf(core: GoogleCore, bearer: Bearer, id: string): string {
  const { user } = bearer
  if (id !== 'primary') return core.named(id)?.id ?? id
  const own = core.calendars().filter((one) => user === undefined || belongsTo(one, user))
  return (own.find((one) => user !== undefined && isNamed(one, user)) ?? own[0])?.id ?? id
}

const belongsTo = (calendar: CalendarState, user: string) =>
  sameAddress(calendar.owner, user) || isNamed(calendar, user)

/** The calendar, if it is there and shared with the user; else 404, as Google answers both. */
export function visible(core: GoogleCore, bearer: Bearer, id: string): CalendarState {
  const calendar = core.calendar(id)
  if (!maySee(calendar, bearer)) throw refusal('notFound')
  return calendar
}

const maySee = (calendar: CalendarState, { user }: Bearer) =>
  user === undefined || belongsTo(calendar, user) || calendar.sharedWith.some((one) => sameAddress(one, user))

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
    accessRole: user === undefined || belongsTo(calendar, user) ? 'owner' : 'writer',
    defaultReminders: [],
    ...(isNamed(calendar, user ?? calendar.owner) && { primary: true }),
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
