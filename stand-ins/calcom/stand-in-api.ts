import { z } from 'zod'
import { bookingView } from './booking-view.ts'
import type { CalcomCore } from './calcom-core.ts'
import { ApiError, jsonBody, jsonResponse } from './http-json.ts'
import type { Outcome } from './outcome.ts'
import { CalcomFaults, CalcomSettings } from './settings.ts'

/**
 * What a person would do in Cal.com's own pages, and what goes wrong, under `/stand-in/`:
 *
 * - `GET, POST users`; `GET, POST bookings` (`?userId=`), `GET bookings/UID`, `POST bookings/UID/ACTION` with the
 *   action `reschedule`, `cancel`, `request-reschedule`, `confirm` or `reject`. They answer when everything has been
 *   done, or at once where the body says `wait: false`;
 * - `GET, PUT settings`, `GET, PUT faults` (only what is named changes; `DELETE faults` ends them all);
 * - `PUT webhook` {url, secret?}, `POST ping`, `GET deliveries`, `POST deliveries/NUMBER/replay`.
 */
export function standInApi(core: CalcomCore): (request: Request) => Promise<Response> {
  const answer = async (outcome: Outcome, wait: boolean | undefined): Promise<Response> => {
    if (!outcome.ok) throw new ApiError(outcome.status, 'REFUSED', outcome.message)
    if (wait !== false) await outcome.settled
    return jsonResponse(200, bookingView(core, outcome.booking))
  }

  const act = async (uid: string, action: string | undefined, request: Request): Promise<Response> => {
    const body = await read(Action, request)
    switch (action) {
      case 'reschedule': {
        const { start, end, reason, by } = body
        if (start === undefined) throw new ApiError(400, 'BAD_BODY', 'start: a time is needed')
        return answer(core.reschedule(uid, { start, end, reason, by }), body.wait)
      }
      case 'cancel':
        return answer(core.cancel(uid, { reason: body.reason, by: body.by }), body.wait)
      case 'request-reschedule':
        return answer(core.requestReschedule(uid, { reason: body.reason }), body.wait)
      case 'confirm':
        return answer(core.confirm(uid), body.wait)
      case 'reject':
        return answer(core.reject(uid, { reason: body.reason }), body.wait)
      default:
        throw new ApiError(404, 'NOT_FOUND', `There is no action ${action}`)
    }
  }

  const route = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const [, , resource, id, action] = url.pathname.split('/').map(decodeURIComponent)
    const call = [request.method, resource, ...(id === undefined ? [] : ['*'])].join(' ')
    switch (call) {
      case 'GET users':
        return jsonResponse(200, {
          items: core.store.users().map((user) => ({ ...user, eventTypes: core.store.eventTypes(user.id) })),
        })
      case 'POST users': {
        const user = core.createUser(await read(NewUser, request))
        return jsonResponse(201, { ...user, eventTypes: core.store.eventTypes(user.id) })
      }
      case 'GET bookings': {
        const userId = url.searchParams.get('userId')
        const items = core.store
          .bookings()
          .filter((booking) => userId === null || String(booking.userId) === userId)
          .map((booking) => bookingView(core, booking))
        return jsonResponse(200, { items })
      }
      case 'POST bookings': {
        const { wait, ...booking } = await read(NewBooking, request)
        return answer(core.book(booking), wait)
      }
      case 'GET bookings *': {
        const booking = core.store.booking(id ?? '')
        if (booking === undefined) throw new ApiError(404, 'NOT_FOUND', `There is no booking ${id}`)
        return jsonResponse(200, bookingView(core, booking))
      }
      case 'POST bookings *':
        return act(id ?? '', action, request)
      case 'GET settings':
        return jsonResponse(200, core.settings)
      case 'PUT settings':
        return jsonResponse(200, Object.assign(core.settings, await read(CalcomSettings.partial(), request)))
      case 'GET faults':
        return jsonResponse(200, core.faults)
      case 'PUT faults':
        return jsonResponse(200, Object.assign(core.faults, await read(CalcomFaults.partial(), request)))
      case 'DELETE faults':
        core.endFaults()
        return jsonResponse(200, core.faults)
      case 'PUT webhook': {
        const { url, secret } = await read(Webhook, request)
        core.webhooks.target = { url, ...(secret === undefined ? {} : { secret }) }
        return jsonResponse(200, { url })
      }
      case 'POST ping':
        await core.ping()
        return jsonResponse(200, {})
      case 'GET deliveries':
        return jsonResponse(200, { items: core.webhooks.log })
      case 'POST deliveries *':
        if (!(await core.webhooks.replay(Number(id)))) {
          throw new ApiError(404, 'NOT_FOUND', `There is no delivery ${id}, or nobody to deliver to`)
        }
        return jsonResponse(200, {})
      default:
        throw new ApiError(404, 'NOT_FOUND', `There is no ${request.method} ${url.pathname}`)
    }
  }

  return async (request) => {
    try {
      return await route(request)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return jsonResponse(error.status, { code: error.code, message: error.message })
    }
  }
}

async function read<T>(schema: z.ZodType<T>, request: Request): Promise<T> {
  const result = schema.safeParse(await jsonBody(request))
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new ApiError(400, 'BAD_BODY', problems.join('; '))
}

const Time = z.string().transform((text, context) => {
  try {
    return Temporal.Instant.from(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'Expected a time with its offset from UTC' })
    return z.NEVER
  }
})

const NewUser = z.object({
  id: z.number().int().optional(),
  name: z.string().optional(),
  email: z.string().optional(),
  timeZone: z.string().optional(),
  apiKey: z.string().optional(),
  destination: z.object({ externalCalendarId: z.string(), credentialId: z.string().optional() }).optional(),
  eventTypes: z
    .array(
      z.object({
        title: z.string().default('Meeting'),
        lengthMinutes: z.number().positive(),
        requiresConfirmation: z.boolean().default(false),
      }),
    )
    .optional(),
})

const NewBooking = z.object({
  userId: z.coerce.number().int(),
  eventTypeId: z.number().int().optional(),
  start: Time,
  end: Time.optional(),
  title: z.string().optional(),
  attendees: z.array(z.object({ name: z.string(), email: z.string(), timeZone: z.string() })).optional(),
  requiresConfirmation: z.boolean().optional(),
  references: z
    .array(
      z.object({
        externalEventId: z.string(),
        externalCalendarId: z.string().optional(),
        recurringEventId: z.string().optional(),
      }),
    )
    .optional(),
  wait: z.boolean().optional(),
})

const Action = z.object({
  start: Time.optional(),
  end: Time.optional(),
  reason: z.string().optional(),
  by: z.string().optional(),
  wait: z.boolean().optional(),
})

const Webhook = z.object({ url: z.url(), secret: z.string().optional() })
