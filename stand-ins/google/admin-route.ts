import type * as z from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import type { Clock } from '../../ports/clock.ts'
import { eventShape } from './admin-shapes.ts'
import { type ApiRequest, bodyOf } from './api-answer.ts'
import type { CalendarState } from './calendar-state.ts'
import type { GoogleCore } from './google-core.ts'
import type { EventBody, EventTime } from './google-json.ts'
import { timeInWords } from './person-actions.ts'
import type { Delivery } from './push-delivery.ts'

/** A request as the shell received it. `at` is RFC 3339 in UTC, by the stand-in's clock. */
export type LoggedRequest = { method: string; path: string; query: string; at: string; status: number }

/** What the admin API works on. */
export type AdminParts = {
  core: GoogleCore
  clock: Clock & { advance?: (ms: number) => Promise<void> }
  requests: LoggedRequest[]
  deliveries: () => Delivery[]
}

/** One request, with what its path names. */
export type Call = AdminParts & {
  request: ApiRequest
  query: URLSearchParams
  calendarId: string
  /** The id of an event, a fault or a channel. */
  id: string
}
export type Route = { line: string; verb: string; pattern: URLPattern; run: (call: Call) => unknown }

/** A route of the admin API: `VERB /path`, below `/stand-in`. An answer of undefined is 204. */
export const route = (line: string, run: Route['run']): Route => {
  const [verb = '', path = ''] = line.split(' ')
  return {
    line: `${verb} /stand-in${path}`,
    verb,
    pattern: new URLPattern({ pathname: `/stand-in${path}` }),
    run,
  }
}

/** The body, checked. */
export const read = <T extends z.ZodType>(schema: T, request: ApiRequest): z.output<T> =>
  schema.parse(bodyOf(request))

/** Without the fields that are undefined, which zod's optional fields may be by their type. */
export type Present<T> = T extends unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]: Present<Exclude<T[K], undefined>> }
    : T

export function present<T extends object>(value: T): Present<T> {
  // JSON has no undefined: what was parsed from it has no such field, at any depth.
  return value as Present<T>
}

/** The body as an event, its times in words or in Google's JSON. */
export function eventIn(calendar: CalendarState, request: ApiRequest): EventBody {
  return timesIn(calendar, read(eventShape, request))
}

/** An event's times as Google's JSON has them. */
export function timesIn(calendar: CalendarState, body: z.output<typeof eventShape>): EventBody {
  const { start, end, timeZone, ...rest } = body
  const zone = timeZone ?? calendar.timeZone
  const time = (given: string | object | undefined): EventTime | undefined =>
    typeof given === 'string' ? timeInWords(given, zone) : given
  const [from, to] = [time(start), time(end)]
  // The rest was checked as far as the stand-in itself looks at it.
  return { ...(rest as EventBody), ...defined({ start: from, end: to }) }
}
