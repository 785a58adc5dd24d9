/**
 * The JSON shapes of the Calendar API v3, as far as the stand-in itself looks at them. Every other field of an event
 * is kept and given back as it came.
 */

/** A `dateTime` (RFC 3339; without an offset it is meant in `timeZone`) or, all-day, a `date` (`YYYY-MM-DD`). */
export type EventTime = { dateTime?: string; date?: string; timeZone?: string }

export type ResponseStatus = 'needsAction' | 'declined' | 'tentative' | 'accepted'

export type Attendee = {
  email: string
  responseStatus?: ResponseStatus
  self?: boolean
  organizer?: boolean
  resource?: boolean
  [field: string]: unknown
}

export type Person = { email?: string; displayName?: string; self?: boolean; [field: string]: unknown }

/** An event as the API answers it. A cancelled one may lack everything but `id` and `status`. */
export type GoogleEvent = {
  id: string
  status: string
  kind?: string
  etag?: string
  created?: string
  updated?: string
  start?: EventTime
  end?: EventTime
  recurrence?: string[]
  recurringEventId?: string
  originalStartTime?: EventTime
  iCalUID?: string
  sequence?: number
  organizer?: Person
  creator?: Person
  attendees?: Attendee[]
  eventType?: string
  [field: string]: unknown
}

/** What a caller may send as an event: any part of one. */
export type EventBody = Partial<GoogleEvent>

/** A page of `events.list` or `events.instances`. */
export type EventsPage = {
  kind: 'calendar#events'
  items: GoogleEvent[]
  nextPageToken?: string
  nextSyncToken?: string
  [field: string]: unknown
}
