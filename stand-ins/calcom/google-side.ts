/** How the stand-in writes its users' calendars, as Cal.com does. A rejection is what Cal.com would have met. */
export type GoogleSide = {
  insert(event: CalendarEventWrite): Promise<{ eventId: string }>
  update(eventId: string, event: CalendarEventWrite): Promise<void>
  delete(event: { externalCalendarId: string; eventId: string; credentialId?: string }): Promise<void>
}

/** The event of one booking. */
export type CalendarEventWrite = {
  externalCalendarId: string
  credentialId?: string
  summary: string
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
