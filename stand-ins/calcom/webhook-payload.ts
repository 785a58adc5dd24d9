import { defined } from '../../domain/optional-fields.ts'
import type { CalcomBooking, CalcomEventType, CalcomUser } from './calcom-state.ts'

/** What a payload is made of. */
export type PayloadSubject = { booking: CalcomBooking; user: CalcomUser; eventType: CalcomEventType }

/** The triggers the stand-in sends about a booking. */
export type BookingTrigger =
  | 'BOOKING_CREATED'
  | 'BOOKING_REQUESTED'
  | 'BOOKING_RESCHEDULED'
  | 'BOOKING_CANCELLED'
  | 'BOOKING_REJECTED'
  | 'BOOKING_PAYMENT_INITIATED'
  | 'BOOKING_PAID'

/** The fields all bookings' payloads share. Times are written as Cal.com writes them when it makes a booking. */
export function bookingPayload({ booking, user, eventType }: PayloadSubject) {
  return {
    type: slug(eventType.title),
    title: booking.title,
    description: '',
    additionalNotes: '',
    customInputs: {},
    startTime: seconds(booking.start),
    endTime: seconds(booking.end),
    organizer: {
      id: user.id,
      name: user.name,
      email: user.email,
      timeZone: user.timeZone,
      language: { locale: 'en' },
      utcOffset: utcOffsetMinutes(booking.start, user.timeZone),
    },
    attendees: booking.attendees.map(({ seatUid, ...attendee }) => ({
      ...attendee,
      ...(seatUid === undefined ? {} : { bookingSeat: { referenceUid: seatUid } }),
      language: { locale: 'en' },
      utcOffset: utcOffsetMinutes(booking.start, attendee.timeZone),
    })),
    destinationCalendar: destinations(user),
    requiresConfirmation: eventType.requiresConfirmation,
    eventTypeId: eventType.id,
    uid: booking.uid,
    iCalUID: booking.iCalUID,
    iCalSequence: booking.iCalSequence,
    eventTitle: eventType.title,
    eventDescription: null,
    price: eventType.price ?? 0,
    currency: 'usd',
    length: eventType.lengthMinutes,
    bookingId: booking.id,
    metadata: booking.metadata ?? {},
    status: booking.status.toUpperCase(),
    ...defined({ location: booking.location, seatsPerTimeSlot: eventType.seatsPerTimeSlot }),
    ...(booking.recurringEventId === undefined ? {} : { recurringEvent: recurrenceOf(eventType) }),
  }
}

/** Frequencies have numbers in Cal.com, those of the library that it writes rules with. */
function recurrenceOf({ recurring }: CalcomEventType) {
  if (recurring === undefined) return null
  const { frequency, interval, count } = recurring
  return { freq: { MONTHLY: 1, WEEKLY: 2, DAILY: 3 }[frequency], interval, count }
}

/** The payload of a reschedule: the new booking's, and which one it replaces. */
export function reschedulePayload(subject: PayloadSubject, old: CalcomBooking) {
  return {
    ...bookingPayload(subject),
    rescheduleId: old.id,
    rescheduleUid: old.uid,
    rescheduleStartTime: seconds(old.start),
    rescheduleEndTime: seconds(old.end),
    ...defined({ rescheduledBy: subject.booking.rescheduledBy }),
  }
}

/** The payload of an end: times with an offset and prices without a value, as Cal.com writes them there. */
export function endPayload(
  subject: PayloadSubject,
  end: {
    status: 'CANCELLED' | 'REJECTED'
    reason?: string | undefined
    by?: string | undefined
    requestReschedule?: boolean
  },
) {
  return {
    ...bookingPayload(subject),
    startTime: seconds(subject.booking.start).replace('Z', '+00:00'),
    endTime: seconds(subject.booking.end).replace('Z', '+00:00'),
    destinationCalendar: destinations(subject.user) ?? [],
    requiresConfirmation: null,
    price: null,
    status: end.status,
    ...(end.status === 'REJECTED'
      ? { rejectionReason: end.reason ?? '' }
      : { cancellationReason: end.reason ?? '' }),
    ...defined({ cancelledBy: end.by }),
    ...(end.requestReschedule ? { requestReschedule: true } : {}),
  }
}

/** What the test button sends. */
export const pingPayload = { type: 'Test', title: 'Test trigger event', description: '', organizer: null }

function destinations({ destination, email, id }: CalcomUser) {
  if (destination === undefined) return null
  const { externalCalendarId, credentialId } = destination
  return [
    {
      id: destination.id,
      integration: 'google_calendar',
      externalId: externalCalendarId,
      primaryEmail: email,
      userId: id,
      eventTypeId: null,
      credentialId: credentialId === undefined ? null : asNumber(credentialId),
    },
  ]
}

/** Cal.com numbers its credentials; a name given to the stand-in stays a name. */
function asNumber(id: string): number | string {
  return /^\d{1,15}$/.test(id) ? Number(id) : id
}

function seconds(instant: string): string {
  return Temporal.Instant.from(instant).toString({ smallestUnit: 'second' })
}

function utcOffsetMinutes(instant: string, timeZone: string): number {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).offsetNanoseconds / 60e9
}

function slug(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}
