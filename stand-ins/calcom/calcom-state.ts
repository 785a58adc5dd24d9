import { z } from 'zod'

/** A row of what Cal.com keeps about where a user's bookings are written. */
const Destination = z.object({
  id: z.number(),
  externalCalendarId: z.string(),
  /** Absent where the account is reached by delegation. */
  credentialId: z.string().optional(),
})

const User = z.object({
  id: z.number(),
  name: z.string(),
  email: z.string(),
  timeZone: z.string(),
  /** Answers for this user's own bookings only. */
  apiKey: z.string().optional(),
  destination: Destination.optional(),
})

const EventType = z.object({
  id: z.number(),
  userId: z.number(),
  title: z.string(),
  lengthMinutes: z.number(),
  requiresConfirmation: z.boolean(),
})

const Reference = z.object({
  id: z.number(),
  type: z.literal('google_calendar'),
  /** Google's event id. */
  uid: z.string(),
  externalCalendarId: z.string().optional(),
  thirdPartyRecurringEventId: z.string().optional(),
  credentialId: z.string().optional(),
  deleted: z.boolean(),
})

const Attendee = z.object({ name: z.string(), email: z.string(), timeZone: z.string() })

/** All times are RFC 3339 in UTC. */
const Booking = z.object({
  id: z.number(),
  uid: z.string(),
  userId: z.number(),
  eventTypeId: z.number(),
  title: z.string(),
  start: z.string(),
  end: z.string(),
  status: z.enum(['accepted', 'pending', 'rejected', 'cancelled']),
  /** Rescheduled away, or the guest was asked to choose another time. */
  rescheduled: z.boolean(),
  fromReschedule: z.string().optional(),
  reason: z.string().optional(),
  cancelledBy: z.string().optional(),
  rescheduledBy: z.string().optional(),
  /** That of the chain's first booking, all along the chain. */
  iCalUID: z.string(),
  iCalSequence: z.number(),
  attendees: z.array(Attendee),
  references: z.array(Reference),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** What went wrong when the event was written, which Cal.com leaves at that. */
  calendarError: z.string().optional(),
})

/** Everything the stand-in would keep in its database, as plain JSON. */
export const CalcomState = z.object({
  version: z.literal(1),
  nextId: z.number(),
  users: z.array(User),
  eventTypes: z.array(EventType),
  bookings: z.array(Booking),
})

export type CalcomState = z.infer<typeof CalcomState>
export type CalcomUser = z.infer<typeof User>
export type CalcomEventType = z.infer<typeof EventType>
export type CalcomBooking = z.infer<typeof Booking>
export type CalcomReference = z.infer<typeof Reference>
export type CalcomAttendee = z.infer<typeof Attendee>

/** A Cal.com that nobody uses yet. */
export function emptyState(): CalcomState {
  return { version: 1, nextId: 1001, users: [], eventTypes: [], bookings: [] }
}
