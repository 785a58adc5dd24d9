/** How the stand-in writes its users' calendars, as Cal.com does. A rejection is what Cal.com would have met. */
export type GoogleSide = {
  insert(event: CalendarEventWrite): Promise<{ eventId: string }>
  update(eventId: string, event: CalendarEventWrite): Promise<void>
  delete(event: { externalCalendarId: string; eventId: string; credentialId?: string }): Promise<void>
  /** The occurrences of a series, earliest first; where absent, one for each booking is taken for granted. */
  instances?(series: {
    externalCalendarId: string
    eventId: string
  }): Promise<{ eventId: string; start: Temporal.Instant }[]>
  /** How an event stands; undefined where there is none, which a deleted one is too. */
  get?(event: { externalCalendarId: string; eventId: string }): Promise<EventTimes | undefined>
}

/** Absent times: an event of whole days. */
export type EventTimes = { start?: Temporal.Instant; end?: Temporal.Instant }

/** The event of one booking. */
export type CalendarEventWrite = {
  externalCalendarId: string
  credentialId?: string
  summary: string
  description?: string
  location?: string
  /** RFC 5545 lines, of a series only. */
  recurrence?: string[]
  start: Temporal.Instant
  end: Temporal.Instant
  /** The organiser's zone (IANA). */
  timeZone: string
  organizer: { email: string; displayName: string }
  attendees: { email: string; displayName: string }[]
}

/** Stands where there is no calendar at all: events get an id and are gone. */
export function noCalendar(newId: () => string): GoogleSide {
  return {
    insert: async () => ({ eventId: newId().toLowerCase() }),
    update: async () => {},
    delete: async () => {},
  }
}
