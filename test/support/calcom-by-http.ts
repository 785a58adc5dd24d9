import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { GoogleEvent } from '../../stand-ins/google/google-json.ts'
import { STAND_IN_HOST, type StandIns, startStandIns } from '../../stand-ins/stand-ins.ts'
import { scriptedServer } from './http-server.ts'

/** The fields of answers and payloads that tests look at; each is there in some of them. */
export type Json = {
  id: number
  uid: string
  status: string
  start: string
  end: string
  startTime: string
  endTime: string
  code: string
  message: string
  statusCode: number
  rescheduleUid: string
  rescheduleStartTime: string
  rescheduledToUid: string
  rescheduledByEmail: string | null
  recurringEventId: string
  thirdPartyRecurringEventId: string
  recurringEvent: { freq: number; count: number }
  iCalUID: string
  calendarError: string
  bookingId: number
  eventUid: string
  destinationCalendarId: string | null
  externalCalendarId: string
  seatUid: string
  seatsPerTimeSlot: number
  price: number
  deleted: boolean
  email: string
  number: number
  fate: string
  released: number
  changed: string[]
  destinationCalendar: unknown
  organizer: Json
  attendees: Json[]
  references: Json[]
  hosts: Json[]
  items: Json[]
  points: string[]
  waiting: { point: string; bookingUid: string }[]
  pagination: { nextCursor: string | null; hasMore: boolean; hasNextPage: boolean }
  error: Json
  reassignedTo: Json
}
/** An answer of API v2 has its subject in `data`. */
export type Answer = Json & { data: Json & Json[] }

export type CalcomByHttp = {
  standIns: StandIns
  /** One call; paths begin with `/stand-in/`, `/v2/` or `/v1/`. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Answer; text: string }>
  /** The body of a call that is taken; throws with what was answered where it is not. */
  done(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** An event type of the host's. Resolves with its number. */
  eventType(given: object): Promise<number>
  /** What arrived at the receiver of webhooks, oldest first. */
  deliveries(): { trigger: string; payload: Json }[]
  /** The same as it was sent. */
  received(): { body: string; headers: Record<string, unknown> }[]
  /** As Google has it, deleted ones too. */
  event(eventId: string, calendarId?: string): GoogleEvent
}

const tomorrow = systemClock.now().round({ smallestUnit: 'hour' }).add({ hours: 24 })

/** So many hours after an hour of tomorrow, the same one all through a file. */
export const hour = (hours: number): string => tomorrow.add({ minutes: Math.round(hours * 60) }).toString()

/** Whether two texts are the same time. */
export const sameTime = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && Temporal.Instant.from(one).equals(other)

/** Both stand-ins over HTTP with a receiver of webhooks, without races; closed after `work`. */
export async function calcomByHttp(work: (cal: CalcomByHttp) => Promise<void>): Promise<void> {
  const receiver = await scriptedServer(() => ({ status: 200 }))
  const standIns = await startStandIns({
    clock: systemClock,
    calcomApiKey: 'cal_all',
    webhookUrl: `${receiver.url}/webhooks/calcom`,
    webhookSecret: 's',
  })
  const call: CalcomByHttp['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${standIns.calcom.url}${path}`, {
      method,
      headers: { authorization: 'Bearer cal_all', 'content-type': 'application/json', ...headers },
      ...defined({ body: ifDefined(body, JSON.stringify) }),
    })
    const text = await response.text()
    return { status: response.status, body: answerIn(text), text }
  }
  const done: CalcomByHttp['done'] = async (...request) => {
    const { status, body, text } = await call(...request)
    if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${text}`)
    return body
  }
  const races = { beforeReferencesMs: 0, betweenReferencesMs: 0, beforeCancelStoredMs: 0 }
  try {
    await done('PUT', '/stand-in/settings', races)
    await work({
      standIns,
      call,
      done,
      async eventType(given) {
        const made = await done('POST', '/stand-in/event-types', { userId: 1, lengthMinutes: 30, ...given })
        return made.id
      },
      deliveries: () =>
        receiver.received.map(({ body }) => {
          const { triggerEvent, payload } = deliveryIn(String(body))
          return { trigger: triggerEvent, payload }
        }),
      received: () => receiver.received.map(({ body, headers }) => ({ body: String(body), headers })),
      event: (eventId, calendarId = STAND_IN_HOST.calendarId) =>
        standIns.google.core.get(calendarId, eventId),
    })
  } finally {
    await standIns.close()
    await receiver.close()
  }
}

/** Not JSON is no answer: none of its fields is there. */
function answerIn(text: string): Answer {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse('{}')
  }
}

/** A form has neither. */
function deliveryIn(text: string): { triggerEvent: string; payload: Json } {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse('{"triggerEvent":"","payload":{}}')
  }
}
