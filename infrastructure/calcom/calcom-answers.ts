import { z } from 'zod'
import type { DirectoryBooking, DirectoryReference } from '../../ports/booking-directory.ts'
import { bookingUid } from '../../ports/outside-fields.ts'
import { InstantText } from './instant-text.ts'
import { possibleTimes } from './possible-times.ts'
import { isOfSecondWriter } from './second-writer.ts'

const Status = z
  .enum(['accepted', 'pending', 'rejected', 'cancelled', 'awaiting_host'])
  .transform((status): DirectoryBooking['status'] => {
    if (status === 'accepted') return 'ACCEPTED'
    if (status === 'rejected') return 'REJECTED'
    return status === 'cancelled' ? 'CANCELLED' : 'PENDING'
  })

const Host = z.object({
  id: z.union([z.number(), z.string()]).nullish(),
  email: z.string().nullish().catch(undefined),
})

/** A booking as `GET /v2/bookings` and `GET /v2/bookings/{uid}` show it, as far as it is of use here. */
export const BookingAnswer = z.object({
  uid: bookingUid,
  status: Status,
  start: InstantText,
  end: InstantText,
  hosts: z.array(Host).nullish(),
  rescheduledToUid: z.string().nullish(),
  rescheduledFromUid: z.string().nullish(),
  createdAt: InstantText.nullish().catch(undefined),
  attendees: z
    .array(z.object({ seatUid: z.string().nullish() }))
    .nullish()
    .catch(undefined),
  duration: z.number().nullish().catch(undefined),
  metadata: z.unknown().optional(),
  cancellationReason: z.string().nullish().catch(undefined),
  cancelledByEmail: z.string().nullish().catch(undefined),
})

/** The bookings of a page at most, whatever was asked for: each of them is read in one go with the others. */
export const MOST_ENTRIES = 250

/** A page of them, not yet read. */
export const BookingEntries = z.array(z.unknown())

/** Reads a page; an entry that cannot be read is left out, as it must not keep the others from being read. */
export const readBookings = (entries: readonly unknown[]): z.infer<typeof BookingAnswer>[] =>
  entries.slice(0, MOST_ENTRIES).flatMap((entry) => BookingAnswer.safeParse(entry).data ?? [])

/** A reference as `GET /v2/bookings/{uid}/references` shows it; the event's field changed its name over the years. */
export const ReferenceAnswer = z.object({
  type: z.string(),
  eventUid: z.string().nullish(),
  externalUid: z.string().nullish(),
  uid: z.string().nullish(),
  destinationCalendarId: z.union([z.string(), z.number()]).nullish(),
  externalCalendarId: z.string().nullish(),
  thirdPartyRecurringEventId: z.string().nullish(),
  deleted: z.boolean().nullish(),
})

/**
 * A booking rescheduled away is over whatever its status says: it has been seen `accepted` with only
 * `rescheduledToUid` telling. Undefined where the host is not known (a deleted account) and nobody said who it was.
 */
export function directoryBooking(
  read: z.infer<typeof BookingAnswer>,
  askedFor: string | undefined,
): DirectoryBooking | undefined {
  const host = read.hosts?.[0]?.id
  const userId = host === undefined || host === null || host === 'unknown' ? askedFor : String(host)
  if (userId === undefined) return undefined
  const { createdAt, metadata, cancellationReason: reason, cancelledByEmail: by } = read
  const sign = { metadata, createdAt, reason, by, host: read.hosts?.[0]?.email }
  return {
    bookingUid: read.uid,
    userId,
    status: read.rescheduledToUid && read.status !== 'REJECTED' ? 'CANCELLED' : read.status,
    ...possibleTimes(read.start, read.end, read.duration),
    ...(createdAt && { createdAt }),
    ...(read.attendees?.some(({ seatUid }) => seatUid) && { seats: true as const }),
    ...(isOfSecondWriter(sign) && { secondWriter: true as const }),
    ...(read.rescheduledToUid ? { rescheduledToUid: read.rescheduledToUid } : {}),
    ...(read.rescheduledFromUid ? { rescheduledFromUid: read.rescheduledFromUid } : {}),
  }
}

/**
 * An entry without a name says that one will come: Cal.com has made room for it. Those that are withdrawn, or of other
 * kinds, are left out even if Cal.com gave them.
 */
export function directoryReference(read: z.infer<typeof ReferenceAnswer>): DirectoryReference[] {
  const externalEventId = read.eventUid || read.externalUid || read.uid || ''
  if (read.type !== 'google_calendar' || read.deleted) return []
  const externalCalendarId = read.externalCalendarId || calendarAddress(read.destinationCalendarId)
  return [
    {
      externalEventId,
      ...(externalCalendarId ? { externalCalendarId } : {}),
      ...(read.thirdPartyRecurringEventId ? { recurringEventId: read.thirdPartyRecurringEventId } : {}),
    },
  ]
}

/**
 * `destinationCalendarId` is the number of a row in some versions, and the calendar's own id in others. Only a text
 * that cannot be a number names a calendar.
 */
function calendarAddress(id: string | number | null | undefined): string | undefined {
  return typeof id === 'string' && !/^\d*$/.test(id) ? id : undefined
}
