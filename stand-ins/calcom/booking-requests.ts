import type { CalcomAttendee, CalcomRecurrence } from './calcom-state.ts'

/** A user; one with a number that is known already is replaced, bookings and event types kept. */
export type NewUser = {
  /** Cal.com's number for the user; the next free one unless given. */
  id?: number | undefined
  name?: string | undefined
  email?: string | undefined
  /** IANA; UTC unless given. */
  timeZone?: string | undefined
  apiKey?: string | undefined
  /** An admin's key answers for the team's bookings too. */
  role?: 'MEMBER' | 'ADMIN' | undefined
  destination?: { externalCalendarId: string; credentialId?: string | undefined } | undefined
  /** One of 30 minutes without confirmation unless given. */
  eventTypes?: NewEventType[] | undefined
}

export type NewEventType = {
  title?: string | undefined
  lengthMinutes: number
  requiresConfirmation?: boolean | undefined
  seatsPerTimeSlot?: number | undefined
  recurring?: CalcomRecurrence | undefined
  /** Shorter before its start nobody can choose a time. */
  minimumNoticeMinutes?: number | undefined
  /** So many days ahead a time can be chosen. */
  bookableDays?: number | undefined
  /** Cents. */
  price?: number | undefined
  /** Users whom round robin may choose. */
  hosts?: number[] | undefined
}

/** What a guest books. */
export type BookRequest = {
  userId: number
  eventTypeId?: number | undefined
  start: Temporal.Instant
  /** The event type's length decides unless given. */
  end?: Temporal.Instant | undefined
  title?: string | undefined
  attendees?: CalcomAttendee[] | undefined
  location?: string | undefined
  /** Overrides the event type's. */
  requiresConfirmation?: boolean | undefined
  /** Events that exist already, stored as references in place of a new event. */
  references?: NewReference[] | undefined
}

/** A row that names an event. */
export type NewReference = {
  /** May be empty: Cal.com has stored that there is an event, and not which. */
  externalEventId: string
  externalCalendarId?: string | null | undefined
  recurringEventId?: string | null | undefined
  credentialId?: string | undefined
  /** Soft-deleted: the row is there and means nothing any more. */
  deleted?: boolean | undefined
}

/** Where a booking is moved to. */
export type RescheduleRequest = {
  start: Temporal.Instant
  /** The event type's length decides unless given. */
  end?: Temporal.Instant | undefined
  reason?: string | undefined
  /** E-mail of whoever moves it. */
  by?: string | undefined
  /** The guest of this seat moves alone. */
  seatUid?: string | undefined
  /** What a program notes with the new booking. */
  metadata?: { [name: string]: string } | undefined
}

/** How a booking ends. */
export type CancelRequest = {
  reason?: string | undefined
  /** E-mail of whoever ends it. */
  by?: string | undefined
  /** The guest of this seat gives it up; the booking goes on unless the seat was the last one taken. */
  seatUid?: string | undefined
  /** Of a recurring booking: all that are still to come, or this one and those after it. */
  remaining?: 'ALL' | 'SUBSEQUENT' | undefined
}

/** What is changed in a booking that keeps its times. */
export type EditRequest = {
  title?: string | undefined
  location?: string | undefined
  /** Added to those who are there. */
  guests?: CalcomAttendee[] | undefined
}
