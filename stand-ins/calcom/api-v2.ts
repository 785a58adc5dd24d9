import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { errorResponse, success, truncated, webPage } from './api-v2-answers.ts'
import { apiCallers } from './api-v2-callers.ts'
import { bookingOutput, eventTypeOutput, referencesOutput } from './api-v2-outputs.ts'
import { bookingsPage } from './api-v2-pages.ts'
import { rateLimit } from './api-v2-rate-limit.ts'
import { type ApiVersion, versionOf } from './api-v2-version.ts'
import { actByApi, bookByApi } from './api-v2-writes.ts'
import type { CalcomCore } from './calcom-core.ts'
import { ApiError, jsonBody, jsonResponse } from './http-json.ts'
import type { Outcome } from './outcome.ts'

/** The connection ended without an answer. */
export class NoAnswer extends Error {}

/**
 * API v2 as far as this service uses it and guests change bookings by it. `apiKey` answers for every user; without any
 * key anywhere each key does. Throws NoAnswer while the API is down.
 */
export function calcomApiV2(
  core: CalcomCore,
  options: { apiKey?: string },
): (request: Request) => Promise<Response> {
  const { faults, store } = core
  const { callerOf, bookingFor, bookingForReferences, adminOnly } = apiCallers(core, options)
  const count = rateLimit(core)

  const done = async (outcome: Outcome, version: ApiVersion): Promise<Response> => {
    if (!outcome.ok) {
      const code = { 400: 'BadRequestException', 404: 'NotFoundException', 409: 'ConflictException' }
      throw new ApiError(outcome.status, code[outcome.status], outcome.message, outcome.bare)
    }
    await outcome.settled
    return success(bookingOutput(core, outcome.booking, version))
  }

  /** The uid of a recurring booking as a whole stands for all of them. */
  const oneOrAll = (request: Request, uid: string, version: ApiVersion): Response => {
    const caller = callerOf(request)
    const all = store.recurrences(uid).map((one) => bookingFor(caller, one.uid))
    return success(
      all.length > 0
        ? all.map((booking) => bookingOutput(core, booking, version))
        : bookingOutput(core, bookingFor(caller, uid), version),
    )
  }

  const reassigned = async (request: Request, uid: string, userId: string | undefined): Promise<Response> => {
    adminOnly(callerOf(request))
    const outcome = core.reassign(uid, defined({ userId: ifDefined(userId, Number) }))
    await done(outcome, '2024-08-13')
    const host = store.user(store.booking(uid)?.userId ?? 0)
    return success({ bookingUid: uid, reassignedTo: { id: host?.id, name: host?.name, email: host?.email } })
  }

  const route = async (request: Request, url: URL, version: ApiVersion): Promise<Response> => {
    const path = url.pathname.split('/').slice(2).map(decodeURIComponent)
    const ofOrganization = path[0] === 'organizations'
    const ofTeam = ofOrganization && path[2] === 'teams'
    const ofUser = ofOrganization && path[2] === 'users' ? Number(path[3]) : undefined
    const below = !ofOrganization ? 0 : ofTeam || ofUser !== undefined ? 4 : 2
    const [resource, uid, action, last] = path.slice(below)
    const call = `${request.method} ${[resource, uid && '{uid}', action].filter(Boolean).join('/')}`
    if (call === 'GET event-types/{uid}')
      return success(eventTypeOutput(core, callerOf(request), Number(uid)))
    if (resource !== 'bookings') return unknownRoute(request, url)
    switch (call) {
      case 'GET bookings': {
        const caller = callerOf(request)
        if (ofOrganization) adminOnly(caller)
        return bookingsPage(core, ofOrganization ? ofUser : caller.userId, url.searchParams, version)
      }
      case 'POST bookings':
        return done(bookByApi(core, await jsonBody(request)), version)
      case 'GET bookings/{uid}':
        return oneOrAll(request, uid ?? '', version)
      case `GET bookings/{uid}/${action}`: {
        if (uid === 'by-seat') {
          return oneOrAll(request, store.bySeat(action ?? '')?.uid ?? action ?? '', version)
        }
        if (action !== 'references') return unknownRoute(request, url)
        const booking = bookingForReferences(callerOf(request), uid ?? '', ofTeam)
        return success(referencesOutput(core, booking, url.searchParams.get('type')))
      }
      case 'POST bookings/{uid}/reassign':
        return reassigned(request, uid ?? '', last)
      case 'POST bookings/{uid}/cancel': {
        const [first] = store.recurrences(uid ?? '').filter(({ status }) => status !== 'cancelled')
        if (first === undefined) break
        const { cancellationReason: reason } = await jsonBody(request)
        bookingFor(callerOf(request), first.uid)
        return done(
          core.cancel(first.uid, { remaining: 'ALL', ...(typeof reason === 'string' ? { reason } : {}) }),
          version,
        )
      }
    }
    if (action === undefined) return unknownRoute(request, url)
    const caller = callerOf(request)
    const booking = bookingFor(caller, uid ?? '')
    // The stand-in's own key stands for whoever is asked for.
    const host = caller.userId === undefined || caller.userId === booking.userId
    const by = { version, host }
    const outcome = await actByApi(core, `${request.method} ${action}`, booking, request, by)
    if (outcome === undefined) return unknownRoute(request, url)
    const answer = await done(outcome, version)
    return action === 'reschedule'
      ? new Response(answer.body, { status: 201, headers: answer.headers })
      : answer
  }

  const fails = (method: string, url: URL): boolean => {
    if (faults.apiFailures === 0) return false
    const kind =
      method !== 'GET'
        ? 'WRITE'
        : /\/references$/.test(url.pathname)
          ? 'REFERENCES'
          : /\/bookings$/.test(url.pathname)
            ? 'LIST'
            : 'BOOKING'
    if (faults.apiFailuresOf !== 'ALL' && faults.apiFailuresOf !== kind) return false
    faults.apiFailures -= 1
    return true
  }

  return async (request) => {
    if (faults.apiDown) throw new NoAnswer('The API of Cal.com takes no connection')
    if (faults.apiDelayMs > 0) await core.clock.delay(faults.apiDelayMs, request.signal)
    const url = new URL(request.url)
    const counted = count(request)
    const failing = fails(request.method, url)
    if (failing && faults.apiFailure === 'HTML') return webPage()
    try {
      if (counted.refused) throw new ApiError(429, 'ThrottlerException', 'Too Many Requests')
      if (failing && faults.apiFailure === 'ERROR') {
        throw new ApiError(faults.apiStatus, 'StandInFault', 'A fault that was asked for')
      }
      const answer = await route(request, url, versionOf(request, url, core.settings))
      if (failing && faults.apiFailure === 'LOST') throw new NoAnswer('What was asked for is done')
      return withHeaders(failing ? await truncated(answer) : answer, counted.headers)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return withHeaders(errorResponse(core, url, error), counted.headers)
    }
  }
}

function withHeaders(answer: Response, headers: Record<string, string>): Response {
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value)
  return answer
}

function unknownRoute(request: Request, url: URL): Response {
  return jsonResponse(404, {
    message: `Cannot ${request.method} ${url.pathname}`,
    error: 'Not Found',
    statusCode: 404,
  })
}
