import { defined } from '../../domain/optional-fields.ts'
import type { Caller } from './api-v2-callers.ts'
import type { ApiVersion } from './api-v2-version.ts'
import type { CalcomCore } from './calcom-core.ts'
import type { CalcomBooking, CalcomUser } from './calcom-state.ts'
import { ApiError } from './http-json.ts'

/** A booking as API v2 shows it; from 2026-02-25 on with who ended or moved it. */
export function bookingOutput(core: CalcomCore, booking: CalcomBooking, version: ApiVersion = '2024-08-13') {
  const host: CalcomUser | undefined = core.store.user(booking.userId)
  const next = core.store.replacementOf(booking.uid)
  const eventType = core.store.eventTypeOf(booking)
  const start = Temporal.Instant.from(booking.start)
  const end = Temporal.Instant.from(booking.end)
  return {
    id: booking.id,
    uid: booking.uid,
    title: booking.title,
    description: '',
    hosts: [
      host === undefined
        ? { id: 'unknown', name: 'unknown', email: 'unknown', username: 'unknown' }
        : { id: host.id, name: host.name, email: host.email, timeZone: host.timeZone },
    ],
    status: next === undefined ? booking.status : core.settings.statusOfRescheduled,
    ...(booking.status === 'cancelled' ? { cancellationReason: booking.reason ?? '' } : {}),
    ...defined({ rescheduledFromUid: booking.fromReschedule, rescheduledToUid: next?.uid }),
    ...(version === '2024-08-13'
      ? {}
      : { cancelledByEmail: booking.cancelledBy ?? null, rescheduledByEmail: booking.rescheduledBy ?? null }),
    ...defined({ recurringBookingUid: booking.recurringEventId }),
    start: start.toString({ smallestUnit: 'millisecond' }),
    end: end.toString({ smallestUnit: 'millisecond' }),
    duration: end.since(start).total('minutes'),
    eventTypeId: eventType.id,
    eventType: { id: eventType.id, slug: eventType.title.toLowerCase().replaceAll(' ', '-') },
    location: booking.location ?? '',
    absentHost: false,
    createdAt: booking.createdAt,
    updatedAt: booking.updatedAt,
    metadata: booking.metadata ?? {},
    rating: null,
    icsUid: booking.iCalUID,
    attendees: booking.attendees.map((attendee) => ({ ...attendee, language: 'en', absent: false })),
    bookingFieldsResponses: {},
  }
}

/** An event type, for its owner or an admin (Cal.com's reference, "Get an event type", version 2024-06-14). */
export function eventTypeOutput(core: CalcomCore, { userId, admin }: Caller, id: number) {
  const owner = core.store.users().find((user) => core.store.eventTypes(user.id).some((one) => one.id === id))
  const eventType = owner && core.store.eventTypes(owner.id).find((one) => one.id === id)
  if (owner === undefined || eventType === undefined || !(admin || userId === owner.id))
    throw new ApiError(404, 'NotFoundException', `Event type with id ${id} not found`)
  const { title, lengthMinutes } = eventType
  return {
    id,
    ownerId: owner.id,
    title,
    slug: title.toLowerCase().replaceAll(' ', '-'),
    lengthInMinutes: lengthMinutes,
  }
}

/** References that were deleted with their event are still listed, without a sign, as older versions list them. */
export function referencesOutput(core: CalcomCore, booking: CalcomBooking, type: string | null) {
  const { referenceCalendar, deletedReferences } = core.settings
  return booking.references
    .filter(
      (reference) =>
        (type === null || reference.type === type) && (deletedReferences === 'listed' || !reference.deleted),
    )
    .map((reference) => ({
      type: reference.type,
      eventUid: reference.uid,
      id: reference.id,
      destinationCalendarId:
        referenceCalendar === 'address'
          ? (reference.externalCalendarId ?? null)
          : referenceCalendar === 'number'
            ? (core.store.user(booking.userId)?.destination?.id ?? null)
            : null,
    }))
}
