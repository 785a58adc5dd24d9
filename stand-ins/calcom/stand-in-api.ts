import { defined } from '../../domain/optional-fields.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomUser } from './calcom-state.ts'
import { ApiError, jsonResponse } from './http-json.ts'
import { CalcomFaults, CalcomSettings } from './settings.ts'
import { bookingRoutes } from './stand-in-actions.ts'
import {
  Deliveries,
  HeldPoints,
  NewEventType,
  NewUser,
  OwnSyncSwitch,
  Released,
  read,
  Webhook,
} from './stand-in-shapes.ts'

/**
 * What people do in Cal.com's own pages, how it behaves, and what goes wrong, under `/stand-in/`. All calls are in
 * docs/stand-ins.md. Actions on bookings answer when everything has been done, or at once where the body
 * says `wait: false`.
 */
export function standInApi(core: CalcomCore): (request: Request) => Promise<Response> {
  const bookings = bookingRoutes(core)
  const withTypes = (user: CalcomUser) => ({ ...user, eventTypes: core.store.eventTypes(user.id) })

  const setWebhook = async (request: Request): Promise<Response> => {
    const { url, secret, payloadTemplate, version } = await read(Webhook, request)
    const known = core.webhooks.target
    const target = url === undefined ? known : { ...known, url, secret }
    if (target === undefined) throw new ApiError(400, 'BAD_BODY', 'url: there is none yet')
    core.webhooks.target = {
      ...target,
      ...defined({ secret }),
      ...(payloadTemplate === undefined ? {} : { payloadTemplate: payloadTemplate ?? undefined }),
      ...(version === undefined ? {} : { version: version ?? undefined }),
    }
    const { secret: _, ...shown } = core.webhooks.target
    return jsonResponse(200, shown)
  }

  const route = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const [, , resource, id, action] = url.pathname.split('/').map(decodeURIComponent)
    const below =
      id === undefined ? '' : resource === 'bookings' || resource === 'deliveries' ? '/*' : `/${id}`
    // One delivery is replayed by its number, held ones are let go together.
    const call = `${request.method} ${resource}${resource === 'deliveries' && id === 'release' ? '/release' : below}`
    switch (call) {
      case 'GET users':
        return jsonResponse(200, { items: core.store.users().map(withTypes) })
      case 'POST users':
        return jsonResponse(201, withTypes(core.createUser(await read(NewUser, request))))
      case 'POST event-types': {
        const { userId, ...eventType } = await read(NewEventType, request)
        if (core.store.user(userId) === undefined) {
          throw new ApiError(404, 'NOT_FOUND', `There is no user ${userId}`)
        }
        return jsonResponse(201, core.createEventType(userId, eventType))
      }
      case 'GET bookings':
        return bookings.list(url.searchParams)
      case 'POST bookings':
        return bookings.make(request)
      case 'GET bookings/*':
        return bookings.show(id ?? '')
      case 'DELETE bookings/*':
        if (action !== undefined) break
        return bookings.forget(id ?? '')
      case 'PUT bookings/*':
        if (action !== 'references') break
        return bookings.setReferences(id ?? '', request)
      case 'POST bookings/*':
        return bookings.act(id ?? '', action, request)
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
      case 'GET holds':
        return jsonResponse(200, core.holds.state())
      case 'PUT holds':
        core.holds.hold((await read(HeldPoints, request)).points)
        return jsonResponse(200, core.holds.state())
      case 'POST holds/release':
        return jsonResponse(200, { released: core.holds.release(await read(Released, request)) })
      case 'GET own-sync':
        return jsonResponse(200, core.ownSync.state())
      case 'PUT own-sync':
        core.ownSync.set(await read(OwnSyncSwitch, request))
        return jsonResponse(200, core.ownSync.state())
      case 'POST own-sync/run':
        return jsonResponse(200, { changed: await core.ownSync.run() })
      case 'PUT webhook':
        return setWebhook(request)
      case 'POST ping':
        await core.ping()
        return jsonResponse(200, {})
      case 'GET deliveries':
        return jsonResponse(200, { items: core.webhooks.log })
      case 'POST deliveries/release':
        return jsonResponse(200, {
          released: await core.webhooks.release((await read(Deliveries, request)).numbers),
        })
      case 'POST deliveries/*':
        if (!(await core.webhooks.replay(Number(id)))) {
          throw new ApiError(404, 'NOT_FOUND', `There is no delivery ${id}, or nobody to deliver to`)
        }
        return jsonResponse(200, {})
    }
    throw new ApiError(404, 'NOT_FOUND', `There is no ${request.method} ${url.pathname}`)
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
