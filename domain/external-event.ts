/**
 * One event as a look at a calendar showed it, in the service's own words. Times are instants; an all-day event has
 * none. The times of a cancelled entry are never given: Google's placeholders carry false ones.
 */
export type ExternalEvent = {
  id: string
  status: 'confirmed' | 'tentative' | 'cancelled'
  etag?: string
  /** A cancelled entry that says no more than its id: deleted, or given to an organiser who left the host out. */
  idOnly?: true
  /** When the provider last wrote it (milliseconds; the etag is finer). */
  updated?: Temporal.Instant
  /** When the event, or the one that it was split off from, was first written. */
  created?: Temporal.Instant
  times?: ExternalTimes
  /** The series this is an instance of. Never derived from the id. */
  recurringEventId?: string
  /** The instance's place in its series before any move. */
  originalStart?: Temporal.Instant
  /** True for the master of a series. */
  isSeries?: boolean
  /**
   * The rule by which a series repeats. Dragging the series, or ending it, does not change this text. Another
   * frequency, interval or choice of days changes it.
   */
  rule?: string
  /** The last instant of a series that ends at a date, and not after a count or with a list of dates. */
  until?: Temporal.Instant
  /** Starts that the rule of a series would give, and that the series leaves out by date. A deleted occurrence is none. */
  excluded?: readonly Temporal.Instant[]
  attendees?: ExternalAttendee[]
  attendeesOmitted?: boolean
  /** False where this copy is not the organiser's; absent where the provider did not say. */
  organizerSelf?: boolean
}

export type ExternalTimes =
  | { allDay: false; start: Temporal.Instant; end: Temporal.Instant; timeZone?: string }
  /** Dates as `YYYY-MM-DD`, the end exclusive. */
  | { allDay: true; startDate: string; endDate: string }

export type ExternalAttendee = {
  responseStatus: 'needsAction' | 'declined' | 'tentative' | 'accepted'
  self?: boolean
  organizer?: boolean
  resource?: boolean
}

/** An attendee who is invited: not the calendar's own host, not the organiser, not a room. */
export const isGuest = ({ self, organizer, resource }: ExternalAttendee): boolean =>
  !self && !organizer && !resource
