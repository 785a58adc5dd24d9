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
  apiKey: z.string().optional(),
  /** An admin of the team that all users are in. */
  role: z.enum(['MEMBER', 'ADMIN']).optional(),
  destination: Destination.optional(),
})

export const Recurrence = z.object({
  frequency: z.enum(['DAILY', 'WEEKLY', 'MONTHLY']),
  interval: z.number().int().min(1),
  /** How many bookings are made at once. */
  count: z.number().int().min(1),
})

const EventType = z.object({
  id: z.number(),
  userId: z.number(),
  title: z.string(),
  lengthMinutes: z.number(),
  requiresConfirmation: z.boolean(),
  /** Guests that share one booking; absent where each booking has one. */
  seatsPerTimeSlot: z.number().optional(),
  recurring: Recurrence.optional(),
  /** How long before its start a time can be chosen at the latest, and how many days ahead. */
  minimumNoticeMinutes: z.number().min(0).optional(),
  bookableDays: z.number().positive().optional(),
  /** In cents; a booking with a price is accepted by its payment. */
  price: z.number().optional(),
  /** Users whom round robin may choose; any user where absent. */
  hosts: z.array(z.number()).optional(),
})

const Reference = z.object({
  id: z.number(),
  type: z.literal('google_calendar'),
  /** Google's event id; empty where Cal.com has not learned it. */
  uid: z.string(),
  /** What an empty `uid` would have been. */
  withheldUid: z.string().optional(),
  externalCalendarId: z.string().optional(),
  thirdPartyRecurringEventId: z.string().optional(),
  credentialId: z.string().optional(),
  deleted: z.boolean(),
})

const Attendee = z.object({
  name: z.string(),
  email: z.string(),
  timeZone: z.string(),
  /** Of the guest's seat, where the event type has seats. */
  seatUid: z.string().optional(),
})

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
  /** Shared by all bookings that were made at once. */
  recurringEventId: z.string().optional(),
  location: z.string().optional(),
  /** What programs have noted with it. */
  metadata: z.record(z.string(), z.string()).optional(),
  paid: z.boolean().optional(),
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
export type CalcomRecurrence = z.infer<typeof Recurrence>
export type CalcomEventType = z.infer<typeof EventType>
export type CalcomBooking = z.infer<typeof Booking>
export type CalcomReference = z.infer<typeof Reference>
export type CalcomAttendee = z.infer<typeof Attendee>

/** A Cal.com that nobody uses yet. */
export function emptyState(): CalcomState {
  return { version: 1, nextId: 1001, users: [], eventTypes: [], bookings: [] }
}
