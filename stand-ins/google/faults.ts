import { defined } from '../../domain/optional-fields.ts'
import { type ApiError, refusal, refusalOfStatus } from './api-error.ts'
import type { SeededRandom } from './seeded-random.ts'

/** The requests that faults can be set for. */
export const apiMethods = [
  'list',
  'get',
  'instances',
  'insert',
  'import',
  'patch',
  'update',
  'delete',
  'move',
  'watch',
  'stop',
  'calendars',
  'calendarList',
  'token',
] as const
export type ApiMethod = (typeof apiMethods)[number]

/** Bodies that proxies and overload were reported to put in place of Google's. */
export const hangups = ['html', 'truncated', 'huge'] as const
export type Hangup = (typeof hangups)[number]

/**
 * What is to go wrong, and for which requests: all, or those of a calendar, or of some methods. It holds `times` times
 * or until cleared. Without status, reason, `drop`, `emptyPage` and `hangup` it only slows the answer down.
 */
export type Fault = {
  id: string
  calendarId?: string
  methods?: ApiMethod[]
  times?: number
  /** Of the requests meant, the share that it hits, by the seed. */
  share?: number
  status?: number
  /** Google's reason; the status follows from it where none is given. */
  reason?: string
  message?: string
  /** The newer envelope, as Google's gateway answers project quotas in. */
  envelope?: 'newer'
  retryAfterSeconds?: number
  delayMs?: number
  /** The connection is cut without an answer. */
  drop?: boolean
  /** A list or instances page without items, with a next page token. */
  emptyPage?: boolean
  /** Status 200 with a web page, with JSON cut in the middle, or with 10 MB. */
  hangup?: Hangup
  /** The request takes effect and only its answer is lost. */
  afterEffect?: boolean
}

export type Faults = {
  /** Sets a fault; later ones come after earlier ones. */
  set(fault: Omit<Fault, 'id'> & { id?: string }): Fault
  /** Takes out one, all of a calendar, or all. Answers how many. */
  clear(which?: { id?: string; calendarId?: string }): number
  list(): Fault[]
  /** The fault that hits this request, counted down. */
  take(method: ApiMethod, calendarId: string | undefined): Fault | undefined
}

/** Faults in the order in which they were set: the first that fits hits. */
export function faults(random: SeededRandom): Faults {
  let all: Fault[] = []
  let number = 0
  return {
    set(given) {
      const fault = { ...given, id: given.id ?? `fault-${++number}` }
      all.push(fault)
      return fault
    },
    clear(which = {}) {
      const before = all.length
      const meant = (fault: Fault) =>
        (which.id === undefined || fault.id === which.id) &&
        (which.calendarId === undefined || fault.calendarId === which.calendarId)
      all = all.filter((fault) => !meant(fault))
      return before - all.length
    },
    list: () => all,
    take(method, calendarId) {
      const fault = all.find(
        (one) =>
          (one.calendarId === undefined || one.calendarId === calendarId) &&
          (one.methods?.includes(method) ?? true) &&
          (one.share === undefined || random.next() < one.share),
      )
      if (fault?.times !== undefined && --fault.times <= 0) all = all.filter((one) => one !== fault)
      return fault
    },
  }
}

/** The error that a fault answers with; undefined for one that has none. */
export function errorOf(fault: Fault): ApiError | undefined {
  const { status, reason, message, envelope } = fault
  if (status === undefined && reason === undefined) return undefined
  const detail = defined({ envelope, message })
  if (reason === undefined) return refusalOfStatus(status ?? 500, detail)
  return refusal(reason, { ...detail, ...defined({ status }) })
}
