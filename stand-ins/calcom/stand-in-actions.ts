import { bookingView } from './booking-view.ts'
import type { CalcomCore } from './calcom-core.ts'
import { ApiError, jsonResponse } from './http-json.ts'
import type { Outcome } from './outcome.ts'
import { Action, NewBooking, References, read } from './stand-in-shapes.ts'

/** `/stand-in/bookings` and what is below it. */
export function bookingRoutes(core: CalcomCore) {
  const answer = async (outcome: Outcome, wait: boolean | undefined): Promise<Response> => {
    if (!outcome.ok) throw new ApiError(outcome.status, 'REFUSED', outcome.message)
    if (wait !== false) await outcome.settled
    return jsonResponse(200, bookingView(core, outcome.booking))
  }
  const bookingOf = (uid: string) => {
    const booking = core.store.booking(uid)
    if (booking === undefined) throw new ApiError(404, 'NOT_FOUND', `There is no booking ${uid}`)
    return booking
  }

  return {
    list(query: URLSearchParams): Response {
      const [userId, recurringEventId] = [query.get('userId'), query.get('recurringEventId')]
      const items = core.store
        .bookings()
        .filter(
          (booking) =>
            (userId === null || String(booking.userId) === userId) &&
            (recurringEventId === null || booking.recurringEventId === recurringEventId),
        )
        .map((booking) => bookingView(core, booking))
      return jsonResponse(200, { items })
    },

    async make(request: Request): Promise<Response> {
      const { wait, ...booking } = await read(NewBooking, request)
      return answer(core.book(booking), wait)
    },

    show: (uid: string): Response => jsonResponse(200, bookingView(core, bookingOf(uid))),

    forget(uid: string): Response {
      core.store.forget(bookingOf(uid))
      return jsonResponse(200, {})
    },

    async setReferences(uid: string, request: Request): Promise<Response> {
      const booking = bookingOf(uid)
      core.store.replaceReferences(booking, (await read(References, request)).references)
      return jsonResponse(200, bookingView(core, booking))
    },

    async act(uid: string, action: string | undefined, request: Request): Promise<Response> {
      const { wait, ...body } = await read(Action, request)
      switch (action) {
        case 'reschedule': {
          const { start, ...more } = body
          if (start === undefined) throw new ApiError(400, 'BAD_BODY', 'start: a time is needed')
          return answer(core.reschedule(uid, { start, ...more }), wait)
        }
        case 'cancel':
          return answer(core.cancel(uid, body), wait)
        case 'request-reschedule':
          return answer(core.requestReschedule(uid, body), wait)
        case 'confirm':
          return answer(core.confirm(uid), wait)
        case 'reject':
          return answer(core.reject(uid, body), wait)
        case 'pay':
          return answer(core.pay(uid), wait)
        case 'reassign':
          return answer(core.reassign(uid, body), wait)
        case 'edit':
          return answer(core.edit(uid, body), wait)
        case 'fill-references':
          core.store.fillReferences(bookingOf(uid), body.externalEventId)
          return jsonResponse(200, bookingView(core, bookingOf(uid)))
        default:
          throw new ApiError(404, 'NOT_FOUND', `There is no action ${action}`)
      }
    },
  }
}
