import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { MOST_REFERENCES } from '../../domain/booking/references.ts'
import { defined } from '../../domain/optional-fields.ts'
import type {
  BookingDelivery,
  DeliveredBooking,
  DeliveredDestination,
  DeliveryProblem,
  ReadBookingDelivery,
} from '../../ports/booking-webhook.ts'
import { bookingUid, credentialId, externalCalendarId, text, userId } from '../../ports/outside-fields.ts'
import { isPrimary } from '../../ports/vault/calendar-address.ts'
import { InstantText } from './instant-text.ts'
import { possibleTimes } from './possible-times.ts'
import { isOfSecondWriter } from './second-writer.ts'

/** Headers, in lower case as Node gives them. */
export const signatureHeader = 'x-cal-signature-256'
export const versionHeader = 'x-cal-webhook-version'

/** Versions of deliveries that this reader was written for. Others are read as far as they fit. */
export const knownVersions: readonly string[] = ['2021-10-20']

/** Reads Cal.com's deliveries signed with any of `secrets`: several stand side by side while a secret is changed. */
export function calcomWebhook(options: { secrets: readonly string[] }): ReadBookingDelivery {
  return (rawBody, signature) =>
    isSignedByCalcom(rawBody, signature, options.secrets)
      ? parseCalcomDelivery(rawBody)
      : { ok: false, code: 'WRONG_SIGNATURE', problems: ['The signature does not fit the body.'] }
}

/** Whether a signature has the form of one, and there is a secret that it might be made with. */
export const mayBeSigned =
  ({ secrets }: { secrets: readonly string[] }) =>
  (signature: string): boolean =>
    SIGNATURE.test(signature) && secrets.some((secret) => secret !== '')

const SIGNATURE = /^[0-9a-f]{64}$/i

/**
 * Whether `signature` is the hex HMAC-SHA256 of the raw body under one of the secrets, in constant time. Without a
 * secret on Cal.com's side the header says `no-secret-provided`, which never passes; without one here nothing does.
 */
function isSignedByCalcom(
  rawBody: Uint8Array,
  signature: string | undefined,
  secrets: readonly string[],
): boolean {
  if (signature === undefined || !SIGNATURE.test(signature)) return false
  const given = Buffer.from(signature, 'hex')
  let signed = false
  for (const secret of secrets) {
    if (secret === '') continue
    // Every secret is tried, so that the time taken does not tell which of them fits.
    if (timingSafeEqual(given, createHmac('sha256', secret).update(rawBody).digest())) signed = true
  }
  return signed
}

/** Reads a delivery whose signature has been checked. */
function parseCalcomDelivery(rawBody: Uint8Array): { ok: true; delivery: BookingDelivery } | DeliveryProblem {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
  } catch {
    return { ok: false, code: 'BAD_BODY', problems: ['The body is not JSON in UTF-8.'], template: true }
  }
  const envelope = Envelope.safeParse(body)
  if (!envelope.success) return { ...badBody(envelope.error), template: true }
  const { triggerEvent, createdAt, payload } = envelope.data
  const read = deliveryOf(triggerEvent, createdAt, payload)
  return read.ok || isObject(payload) ? read : { ...read, template: true }
}

function deliveryOf(
  triggerEvent: string,
  createdAt: string | undefined,
  payload: unknown,
): { ok: true; delivery: BookingDelivery } | DeliveryProblem {
  const when = defined({ createdAt })
  switch (triggerEvent) {
    case 'BOOKING_CREATED': {
      const read = Booking.safeParse(payload)
      if (!read.success) return badBody(read.error, 'payload')
      const booking = deliveredBooking(read.data, createdAt)
      return { ok: true, delivery: { trigger: triggerEvent, ...when, booking } }
    }
    case 'BOOKING_PAID': {
      const read = Booking.safeParse(payload)
      // Payments are told of in several shapes; a booking that this one does not show is learned by reading.
      if (!read.success) return { ok: true, delivery: { trigger: 'IGNORED', ...when, ignored: triggerEvent } }
      // Where it does not say so, the payment alone has not accepted it.
      const status = read.data.status ? statusOf(read.data.status) : 'PENDING'
      const booking = { ...deliveredBooking(read.data, createdAt), status }
      return { ok: true, delivery: { trigger: triggerEvent, ...when, booking } }
    }
    // A request waits for the host; one that reschedules ends the booking before it all the same.
    case 'BOOKING_REQUESTED':
    case 'BOOKING_RESCHEDULED': {
      const seat = MovedSeat.safeParse(payload)
      if (seat.success)
        return {
          ok: true,
          delivery: { trigger: 'SEAT_MOVED', ...when, rescheduledFromUid: seat.data.rescheduleUid },
        }
      const read = RescheduledBooking.safeParse(payload)
      if (!read.success) return badBody(read.error, 'payload')
      const { uid, rescheduleUid } = read.data
      const booking = deliveredBooking(read.data, createdAt)
      const from = rescheduleUid && rescheduleUid !== uid ? { rescheduledFromUid: rescheduleUid } : {}
      if (triggerEvent === 'BOOKING_RESCHEDULED')
        return { ok: true, delivery: { trigger: 'BOOKING_RESCHEDULED', ...when, booking, ...from } }
      const pending = { ...booking, status: 'PENDING' as const }
      if (rescheduleUid)
        return { ok: true, delivery: { trigger: 'BOOKING_RESCHEDULED', ...when, booking: pending, ...from } }
      return { ok: true, delivery: { trigger: 'BOOKING_CREATED', ...when, booking: pending } }
    }
    case 'BOOKING_CANCELLED':
    case 'BOOKING_REJECTED': {
      const read = EndedBooking.safeParse(payload)
      if (!read.success) return badBody(read.error, 'payload')
      const { uid, organizer, requestReschedule, seatsPerTimeSlot, cancellationReason, cancelledBy } =
        read.data
      const sign = { reason: cancellationReason, by: cancelledBy, host: organizer?.email }
      const ended = { ...when, bookingUid: uid, ...userIdOf(organizer) }
      const delivery: BookingDelivery =
        triggerEvent === 'BOOKING_CANCELLED'
          ? {
              trigger: triggerEvent,
              ...ended,
              ...seatsOf(seatsPerTimeSlot),
              ...(isOfSecondWriter(sign) && { secondWriter: true }),
              requestReschedule: requestReschedule === true,
            }
          : { trigger: triggerEvent, ...ended }
      return { ok: true, delivery }
    }
    case 'PING':
      return { ok: true, delivery: { trigger: triggerEvent, ...when } }
    default:
      return { ok: true, delivery: { trigger: 'IGNORED', ...when, ignored: triggerEvent } }
  }
}

/** A booking is announced as soon as it is made: `announcedAt` is when, where nothing else says so. */
function deliveredBooking(read: z.infer<typeof Booking>, announcedAt: string | undefined): DeliveredBooking {
  const { startTime, endTime, length, metadata } = read
  const createdAt = InstantText.safeParse(announcedAt).data
  return {
    bookingUid: read.uid,
    ...userIdOf(read.organizer),
    ...possibleTimes(startTime, endTime, length),
    status: statusOf(read.status),
    ...seatsOf(read.seatsPerTimeSlot),
    ...defined({ createdAt }),
    ...(isOfSecondWriter({ metadata, createdAt }) && { secondWriter: true }),
    destinations: googleDestinations(read.destinationCalendar ?? [], read.organizer?.email ?? undefined),
  }
}

const seatsOf = (seats: number | null | undefined): { seats?: true } => (seats ? { seats: true } : {})

/**
 * Absent in some deliveries, where the trigger itself says accepted. A status unknown here (a host still awaited) is
 * not yet an acceptance.
 */
function statusOf(status: string | null | undefined): DeliveredBooking['status'] {
  if (status === undefined || status === null) return 'ACCEPTED'
  return BookingStatus.safeParse(status.toUpperCase()).data ?? 'PENDING'
}

function userIdOf(organizer: z.infer<typeof Organizer>): { userId?: string } {
  return organizer?.id === undefined || organizer.id === null ? {} : { userId: organizer.id }
}

/**
 * Calendars of other providers, and entries that name no calendar, are no destination for this service. One that is
 * called `primary` is the calendar of its account. Each calendar counts once, and no more than a booking can follow.
 */
function googleDestinations(
  entries: z.infer<typeof GoogleDestinations>,
  organizer: string | undefined,
): DeliveredDestination[] {
  const destinations = new Map<string, DeliveredDestination>()
  for (const { externalId, primaryEmail, credentialId } of entries) {
    if (destinations.size === MOST_REFERENCES) break
    const account = primaryEmail ?? organizer
    const named = isPrimary({ externalCalendarId: externalId }) ? account : externalId
    const externalCalendarId = named ?? externalId
    if (destinations.get(externalCalendarId)?.credentialId === undefined)
      destinations.set(externalCalendarId, {
        provider: 'google',
        externalCalendarId,
        ...(credentialId === undefined || credentialId === null ? {} : { credentialId }),
      })
  }
  return [...destinations.values()]
}

function badBody(error: z.ZodError, prefix?: string): DeliveryProblem {
  const problems = error.issues.map((issue) => {
    const path = [...(prefix === undefined ? [] : [prefix]), ...issue.path].join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  return { ok: false, code: 'BAD_BODY', problems }
}

/** Kept in the metadata of events. */
const isTime = (text: string): boolean => InstantText.safeParse(text).success

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

const Envelope = z.object({
  triggerEvent: text(255),
  createdAt: z.string().refine(isTime).optional().catch(undefined),
  payload: z.unknown().optional(),
})

const BookingStatus = z.enum(['ACCEPTED', 'PENDING', 'REJECTED', 'CANCELLED'])
/** Numbers in most versions, texts in others. */
const IdOfAnyKind = z.union([z.number(), z.string().min(1)])
const heldTo = (field: typeof userId) => IdOfAnyKind.transform(String).pipe(field)
const Email = z.email().max(320).nullish().catch(undefined)
/** An organiser of no known form is none; an id that no command would take is refused. */
const Organizer = z
  .looseObject({ id: IdOfAnyKind.nullish() })
  .nullish()
  .catch(undefined)
  .pipe(z.object({ id: heldTo(userId).nullish(), email: Email }).nullish())

/** How many guests share a booking; null or absent where they do not. */
const Seats = z.number().nullish().catch(undefined)

const ofGoogle = z.looseObject({
  integration: z.literal('google_calendar'),
  externalId: z.string().min(1),
  credentialId: IdOfAnyKind.nullish(),
})
/** So many entries are looked at: one for each host is a good part of it. */
const MOST_ENTRIES = 250
/** The entries that name a calendar of Google's: one, several, or none. */
const GoogleDestinations = z
  .unknown()
  .transform((entries) =>
    (Array.isArray(entries) ? entries.slice(0, MOST_ENTRIES) : [entries]).filter(
      (entry) => ofGoogle.safeParse(entry).success,
    ),
  )
  .pipe(
    z.array(
      z.object({
        externalId: externalCalendarId,
        primaryEmail: Email,
        credentialId: heldTo(credentialId).nullish(),
      }),
    ),
  )

const Booking = z.object({
  uid: bookingUid,
  startTime: InstantText,
  endTime: InstantText,
  /** Minutes. In some deliveries the event type's, whatever this booking's is: no stand-in for an end. */
  length: z.number().nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
  organizer: Organizer,
  destinationCalendar: GoogleDestinations.optional(),
  seatsPerTimeSlot: Seats,
  metadata: z.unknown().optional(),
})

const RescheduledBooking = Booking.extend({
  rescheduleUid: z.literal('').or(bookingUid).nullish(),
})

/** Some versions do not name the booking that a guest moves to. */
const MovedSeat = z.object({
  uid: z.null().optional(),
  rescheduleUid: bookingUid,
  seatsPerTimeSlot: z.number().min(1),
})

const EndedBooking = z.object({
  uid: bookingUid,
  organizer: Organizer,
  requestReschedule: z.boolean().nullish().catch(undefined),
  cancellationReason: z.string().nullish().catch(undefined),
  cancelledBy: z.string().nullish().catch(undefined),
  seatsPerTimeSlot: Seats,
})
