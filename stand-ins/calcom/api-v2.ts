import { bookingOutput, referencesOutput } from './api-v2-outputs.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'
import { ApiError, jsonBody, jsonResponse } from './http-json.ts'
import type { Outcome } from './outcome.ts'

/** The connection ended without an answer. */
export class NoAnswer extends Error {}

/** Who asks: a user's key answers for that user's bookings, the stand-in's own for all. */
type Caller = { userId?: number }

/**
 * API v2 (2024-08-13) as far as this service uses it. `apiKey` answers for every user; without any key anywhere each
 * key does. Throws NoAnswer while the API is down.
 */
export function calcomApiV2(
  core: CalcomCore,
  options: { apiKey?: string },
): (request: Request) => Promise<Response> {
  const { faults, store } = core

  const callerOf = (request: Request): Caller => {
    const key = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    if (key === undefined) throw new ApiError(401, 'UnauthorizedException', 'No authentication method')
    const owner = store.users().find(({ apiKey }) => apiKey === key)
    if (owner !== undefined) return { userId: owner.id }
    if (options.apiKey === undefined || options.apiKey === key) return {}
    throw new ApiError(401, 'UnauthorizedException', 'Your api key is not valid')
  }

  const bookingOf = (uid: string, caller: Caller): CalcomBooking => {
    const booking = store.booking(uid)
    if (booking === undefined || (caller.userId !== undefined && booking.userId !== caller.userId)) {
      throw new ApiError(404, 'NotFoundException', `Booking with uid=${uid} was not found in the database`)
    }
    return booking
  }

  const done = async (outcome: Outcome): Promise<Response> => {
    if (!outcome.ok) {
      const code = outcome.status === 404 ? 'NotFoundException' : 'BadRequestException'
      throw new ApiError(outcome.status, code, outcome.message)
    }
    await outcome.settled
    return success(bookingOutput(core, outcome.booking))
  }

  const route = async (request: Request, url: URL): Promise<Response> => {
    const [, , resource, uid, action] = url.pathname.split('/').map(decodeURIComponent)
    const call = `${request.method} ${[resource, uid && '{uid}', action].filter(Boolean).join('/')}`
    switch (call) {
      case 'GET bookings':
        return bookingsPage(core, callerOf(request), url.searchParams)
      case 'GET bookings/{uid}':
        return success(bookingOutput(core, bookingOf(uid ?? '', callerOf(request))))
      case 'GET bookings/{uid}/references': {
        const caller = callerOf(request)
        const booking = store.booking(uid ?? '')
        if (booking === undefined || faults.referencesMissing) {
          throw new ApiError(404, 'NotFoundException', `Booking with uid ${uid} not found`)
        }
        if (caller.userId !== undefined && caller.userId !== booking.userId) {
          throw new ApiError(400, 'BadRequestException', `Booking with uid ${uid} does not belong to user`)
        }
        return success(referencesOutput(core, booking, url.searchParams.get('type')))
      }
      case 'POST bookings/{uid}/cancel': {
        const booking = bookingOf(uid ?? '', callerOf(request))
        const { cancellationReason: reason } = await jsonBody(request)
        return done(core.cancel(booking.uid, typeof reason === 'string' ? { reason } : {}))
      }
      case 'POST bookings/{uid}/reschedule': {
        const booking = bookingOf(uid ?? '', callerOf(request))
        return done(rescheduleByApi(core, booking, await jsonBody(request)))
      }
      default:
        return jsonResponse(404, {
          message: `Cannot ${request.method} ${url.pathname}`,
          error: 'Not Found',
          statusCode: 404,
        })
    }
  }

  return async (request) => {
    if (faults.apiDown) throw new NoAnswer('The API of Cal.com takes no connection')
    if (faults.apiDelayMs > 0) await core.clock.delay(faults.apiDelayMs, request.signal)
    const url = new URL(request.url)
    try {
      if (faults.apiFailures > 0) {
        faults.apiFailures -= 1
        throw new ApiError(faults.apiStatus, 'StandInFault', 'A fault that was asked for')
      }
      return await route(request, url)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return errorResponse(core, url, error)
    }
  }
}

/** No end can be given: the length stays the event type's. */
function rescheduleByApi(core: CalcomCore, booking: CalcomBooking, body: Record<string, unknown>): Outcome {
  const start = instantOf(body.start)
  if (start === undefined) {
    throw new ApiError(400, 'BadRequestException', 'start must be a valid ISO 8601 date string')
  }
  if (Temporal.Instant.compare(start, core.clock.now()) < 0) {
    throw new ApiError(400, 'BadRequestException', 'Attempting to book a meeting in the past.')
  }
  const end = start.add({ minutes: core.store.eventTypeOf(booking).lengthMinutes })
  if (body.allowConflicts !== true && hasConflict(core, booking, start, end)) {
    throw new ApiError(
      400,
      'BadRequestException',
      'User either already has booking at this time or is not available',
    )
  }
  return core.reschedule(booking.uid, {
    start,
    ...(typeof body.rescheduledBy === 'string' ? { by: body.rescheduledBy } : {}),
    ...(typeof body.reschedulingReason === 'string' ? { reason: body.reschedulingReason } : {}),
  })
}

function hasConflict(
  core: CalcomCore,
  moved: CalcomBooking,
  start: Temporal.Instant,
  end: Temporal.Instant,
): boolean {
  return core.store
    .bookings()
    .some(
      (other) =>
        other.uid !== moved.uid &&
        other.userId === moved.userId &&
        other.status === 'accepted' &&
        Temporal.Instant.compare(other.start, end) < 0 &&
        Temporal.Instant.compare(start, other.end) < 0,
    )
}

function bookingsPage(core: CalcomCore, caller: Caller, query: URLSearchParams): Response {
  const statuses = (query.get('status') ?? '').split(',').filter(Boolean)
  const unknown = statuses.find((status) => !knownStatuses.includes(status))
  if (unknown !== undefined) {
    throw new ApiError(400, 'BadRequestException', `Invalid status. Allowed are ${knownStatuses.join(', ')}`)
  }
  const take = Number(query.get('take') ?? 100)
  const skip = Number(query.get('skip') ?? 0)
  if (!(take >= 1 && take <= 250) || !(skip >= 0)) {
    throw new ApiError(400, 'BadRequestException', 'take must not be greater than 250, skip not less than 0')
  }
  const afterStart = instantOf(query.get('afterStart'))
  const now = core.clock.now()
  const direction = query.get('sortStart') === 'desc' ? -1 : 1
  const all = core.store
    .bookings()
    .filter(
      (booking) =>
        (caller.userId === undefined || booking.userId === caller.userId) &&
        (statuses.length === 0 || statuses.some((status) => isOf(status, booking, now))) &&
        (afterStart === undefined || Temporal.Instant.compare(booking.start, afterStart) >= 0),
    )
    .sort((a, b) => direction * (Temporal.Instant.compare(a.start, b.start) || a.id - b.id))
  const items = all.slice(skip, skip + take)
  return jsonResponse(200, {
    status: 'success',
    data: items.map((booking) => bookingOutput(core, booking)),
    pagination: {
      totalItems: all.length,
      remainingItems: Math.max(0, all.length - skip - items.length),
      returnedItems: items.length,
      itemsPerPage: take,
      currentPage: Math.floor(skip / take) + 1,
      totalPages: Math.ceil(all.length / take),
      hasNextPage: skip + items.length < all.length,
      hasPreviousPage: skip > 0,
    },
  })
}

const knownStatuses = ['upcoming', 'recurring', 'past', 'cancelled', 'unconfirmed']

function isOf(status: string, booking: CalcomBooking, now: Temporal.Instant): boolean {
  const ended = booking.status === 'cancelled' || booking.status === 'rejected'
  const over = Temporal.Instant.compare(booking.end, now) < 0
  if (status === 'cancelled') return ended
  if (status === 'past') return over && !ended
  if (status === 'unconfirmed') return !over && booking.status === 'pending'
  // No booking of the stand-in recurs.
  return status === 'upcoming' && !over && !ended
}

function success(data: unknown): Response {
  return jsonResponse(200, { status: 'success', data })
}

function errorResponse(core: CalcomCore, url: URL, error: ApiError): Response {
  const { apiBareErrors, apiRetryAfterSeconds } = core.faults
  const headers =
    apiRetryAfterSeconds !== undefined && (error.status === 429 || error.status === 503)
      ? { 'retry-after': String(apiRetryAfterSeconds) }
      : {}
  if (apiBareErrors) {
    return jsonResponse(error.status, { statusCode: error.status, message: error.message }, headers)
  }
  return jsonResponse(
    error.status,
    {
      status: 'error',
      timestamp: core.clock.now().toString(),
      path: url.pathname,
      error: {
        code: error.code,
        message: error.message,
        details: {
          message: error.message,
          error: error.code.replace('Exception', ''),
          statusCode: error.status,
        },
      },
    },
    headers,
  )
}

function instantOf(value: unknown): Temporal.Instant | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return Temporal.Instant.from(value)
  } catch {
    return undefined
  }
}
