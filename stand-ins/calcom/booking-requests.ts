import type { CalcomAttendee } from './calcom-state.ts'

/** A user; one with a number that is known already is replaced, bookings and event types kept. */
export type NewUser = {
  /** Cal.com's number for the user; the next free one unless given. */
  id?: number | undefined
  name?: string | undefined
  email?: string | undefined
  /** IANA; UTC unless given. */
  timeZone?: string | undefined
  apiKey?: string | undefined
  destination?: { externalCalendarId: string; credentialId?: string | undefined } | undefined
  /** One of 30 minutes without confirmation unless given. */
  eventTypes?: { title?: string; lengthMinutes: number; requiresConfirmation?: boolean }[] | undefined
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
  /** Overrides the event type's. */
  requiresConfirmation?: boolean | undefined
  /** Events that exist already, stored as references in place of a new event. */
  references?:
    | {
        externalEventId: string
        externalCalendarId?: string | undefined
        recurringEventId?: string | undefined
      }[]
    | undefined
}

/** Where a booking is moved to. */
export type RescheduleRequest = {
  start: Temporal.Instant
  /** The event type's length decides unless given. */
  end?: Temporal.Instant | undefined
  reason?: string | undefined
  /** E-mail of whoever moves it. */
  by?: string | undefined
}
