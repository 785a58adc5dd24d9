import { z } from 'zod'
import { refusedReschedule, unknownFields } from './api-v2-refusals.ts'
import type { ApiVersion } from './api-v2-version.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking } from './calcom-state.ts'
import { ApiError, jsonBody } from './http-json.ts'
import { instantOf } from './instant-of.ts'
import { notFound, type Outcome, refused } from './outcome.ts'

/** `POST /v2/bookings`: the event type says whose, how long, with seats or recurring. */
export function bookByApi(core: CalcomCore, body: Record<string, unknown>): Outcome {
  const start = instantOf(body.start)
  const read = NewBooking.safeParse(body)
  if (start === undefined || !read.success) return refused('start, eventTypeId and attendee are needed')
  const { eventTypeId, attendee, location } = read.data
  const owner = core.store
    .users()
    .find(({ id }) => core.store.eventTypes(id).some((eventType) => eventType.id === eventTypeId))
  if (owner === undefined) return notFound(`Event type with id=${eventTypeId} was not found`)
  return core.book({
    userId: owner.id,
    eventTypeId,
    start,
    attendees: [attendee],
    location: location?.address,
  })
}

/** What API v2 does with one booking; undefined where it offers no such action. */
export async function actByApi(
  core: CalcomCore,
  call: string,
  booking: CalcomBooking,
  request: Request,
  by: { version: ApiVersion; host: boolean },
): Promise<Outcome | undefined> {
  const { uid } = booking
  const body = await jsonBody(request)
  const text = (name: string): string | undefined => {
    const value = body[name]
    return typeof value === 'string' ? value : undefined
  }
  switch (call) {
    case 'POST cancel': {
      const refusal = unknownFields(body, 'cancel', by.version) ?? whyNotCancelled(core, booking)
      if (refusal !== undefined) return refusal
      return core.cancel(uid, {
        reason: text('cancellationReason'),
        seatUid: text('seatUid'),
        ...(body.cancelSubsequentBookings === true ? { remaining: 'SUBSEQUENT' as const } : {}),
      })
    }
    case 'POST reschedule':
      return rescheduleByApi(core, booking, body, by)
    case 'POST request-reschedule':
      return core.requestReschedule(uid, { reason: text('rescheduleReason') })
    case 'POST confirm':
      return core.confirm(uid)
    case 'POST decline':
      return core.reject(uid, { reason: text('reason') })
    case 'POST guests': {
      const { guests } = read(Guests, body)
      const timeZone = core.store.user(booking.userId)?.timeZone ?? 'UTC'
      return core.edit(uid, {
        guests: guests.map(({ email, name }) => ({ email, name: name ?? email, timeZone })),
      })
    }
    case 'PATCH location': {
      const { location } = read(NewLocation, body)
      return core.edit(uid, { location: location.address ?? location.link ?? location.type })
    }
    default:
      return undefined
  }
}

/** No end can be given: the length stays the event type's. */
function rescheduleByApi(
  core: CalcomCore,
  booking: CalcomBooking,
  body: Record<string, unknown>,
  by: { version: ApiVersion; host: boolean },
): Outcome {
  const unknown = unknownFields(body, 'reschedule', by.version)
  if (unknown !== undefined) return unknown
  const start = instantOf(body.start)
  if (start === undefined)
    return refused('start property is wrong,start must be a valid ISO 8601 date string')
  const refusal = refusedReschedule(core, booking, start, {
    // Of anybody but a host these are ignored in silence, as Cal.com's reference says.
    allowConflicts: by.host && body.allowConflicts === true,
    allowBookingOutOfBounds: by.host && body.allowBookingOutOfBounds === true,
  })
  if (refusal !== undefined) return refusal
  return core.reschedule(booking.uid, {
    start,
    ...(typeof body.seatUid === 'string' ? { seatUid: body.seatUid } : {}),
    ...(typeof body.rescheduledBy === 'string' ? { by: body.rescheduledBy } : {}),
    ...(typeof body.reschedulingReason === 'string' ? { reason: body.reschedulingReason } : {}),
  })
}

/** What has been cancelled, and what has ended, is not cancelled any more. */
function whyNotCancelled(core: CalcomCore, { uid, status, end }: CalcomBooking): Outcome | undefined {
  if (status === 'cancelled') {
    return refused(`Can't cancel booking with uid=${uid} because it has been cancelled already.`)
  }
  if (Temporal.Instant.compare(end, core.clock.now()) <= 0) {
    // The core refuses this one, and its error comes without API v2's envelope.
    return { ...refused('Cannot cancel a booking that has already ended'), bare: true }
  }
  return undefined
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new ApiError(400, 'BadRequestException', result.error.issues.map(({ message }) => message).join('; '))
}

const NewBooking = z.object({
  eventTypeId: z.number().int(),
  attendee: z.object({ name: z.string(), email: z.string(), timeZone: z.string() }),
  location: z.object({ address: z.string().optional() }).optional().catch(undefined),
})
const Guests = z.object({
  guests: z.array(z.object({ email: z.string(), name: z.string().optional() })).min(1),
})
const NewLocation = z.object({
  location: z.object({ type: z.string(), address: z.string().optional(), link: z.string().optional() }),
})
