// What is true of a booking while a story goes on, and what would have been false to say: told of Cal.com's and Google's
// stand-ins, never of the service.
import type { CalcomBooking } from '../../stand-ins/calcom/calcom-state.ts'
import type { GoogleEvent } from '../../stand-ins/google/google-json.ts'
import type { SyncFixture } from './sync-fixture.ts'

/** What people would be right to be told of a booking. */
type Warrants = { at: number; open: boolean; as: string; shows: string; changes: ReadonlySet<string> }

const timesOf = ({ start, end }: GoogleEvent): string | undefined =>
  start?.dateTime && end?.dateTime ? times(start.dateTime, end.dateTime) : undefined
export const times = (start: string, end: string): string =>
  `${Temporal.Instant.from(start)}–${Temporal.Instant.from(end)}`

/** Keeps what was true at each moment at which somebody asked. `calendars`: where events may be. */
export function truthOf(
  { google, calcom, clock }: Pick<SyncFixture, 'google' | 'calcom' | 'clock'>,
  calendars: readonly string[],
) {
  /** The version of each event that a person wrote, and not Cal.com. */
  const written = new Map<string, string>()
  const known = new Map<string, Warrants[]>()

  /**
   * The event where it lives, or was deleted: a calendar that it was moved out of keeps an entry without organiser. Cal.com
   * may bring that to life as it edits the event: then there are two.
   */
  function eventsNamed(id: string): GoogleEvent[] {
    const entries = calendars.flatMap((calendarId) => {
      try {
        return [google.get(calendarId, id)]
      } catch {
        return []
      }
    })
    const isHere = ({ organizer }: GoogleEvent) => organizer !== undefined
    const living = entries.filter(({ status }) => status !== 'cancelled')
    return living.length > 0 ? living : [entries.find(isHere) ?? entries].flat().slice(0, 1)
  }

  /** The events that the booking stands for: Cal.com may not have stored yet that it took them over. */
  function eventsOf(booking: CalcomBooking): GoogleEvent[] {
    const present = booking.references.filter(({ deleted, uid }) => !deleted && uid !== '')
    const events = present.flatMap(({ uid }) => eventsNamed(uid))
    const before =
      booking.fromReschedule === undefined ? undefined : calcom.store.booking(booking.fromReschedule)
    return present.length > 0 || before === undefined ? events : eventsOf(before)
  }

  const isByPerson = ({ id, etag }: GoogleEvent): boolean => written.get(id) === etag
  /** Where guests share a booking, what they answer in the calendar counts for nothing. */
  function isDeclined({ attendees = [] }: GoogleEvent, booking: CalcomBooking): boolean {
    const declined = attendees.filter(({ responseStatus }) => responseStatus === 'declined')
    const shared = calcom.store.eventTypeOf(booking).seatsPerTimeSlot !== undefined
    const declines = ({ email }: { email: string }) => declined.some((one) => one.email === email)
    return declined.some(({ self }) => self) || (!shared && booking.attendees.every(declines))
  }

  const isOpen = ({ uid, status }: CalcomBooking): boolean =>
    status === 'accepted' && calcom.store.replacementOf(uid) === undefined

  function changesOf(booking: CalcomBooking): Set<string> {
    const events = eventsOf(booking)
    const changes = new Set<string>()
    const isOver = (event: GoogleEvent) =>
      event.status === 'cancelled' ? isByPerson(event) : isDeclined(event, booking)
    if (events.length > 0 && events.every(isOver)) changes.add('cancelled')
    for (const event of events) {
      const shown = event.status === 'cancelled' ? undefined : timesOf(event)
      if (shown !== undefined && isByPerson(event) && shown !== times(booking.start, booking.end))
        changes.add(`moved to ${shown}`)
    }
    return changes
  }

  /** How a booking and its events stand, in one line. */
  const line = (booking: CalcomBooking): string =>
    `${booking.uid} ${booking.status}${isOpen(booking) ? '' : ' (over)'} at ${times(booking.start, booking.end)}; ` +
    (eventsOf(booking)
      .map((event) => {
        const shown = event.status === 'cancelled' ? 'gone' : (timesOf(event) ?? 'all day')
        return `event ${shown}${isDeclined(event, booking) ? ' declined' : ''} by ${isByPerson(event) ? 'a person' : 'Cal.com'}`
      })
      .join(', ') || 'no event')

  const truth = {
    line,
    isOpen,
    /** Notes how things stand now. */
    note(): void {
      const at = clock.now().epochMilliseconds
      for (const booking of calcom.store.bookings()) {
        const all = known.get(booking.uid) ?? []
        const open = isOpen(booking)
        const changes = open ? changesOf(booking) : new Set<string>()
        all.push({ at, open, as: times(booking.start, booking.end), shows: line(booking), changes })
        known.set(booking.uid, all)
      }
    },
    /** A person does something in the calendar that sets its times, or does not. */
    edit(eventId: string, setsTimes: boolean, does: () => unknown): boolean {
      const before = eventsNamed(eventId)
      try {
        does()
      } catch {
        return false
      }
      const after = eventsNamed(eventId).find(({ etag }) => before.every((event) => event.etag !== etag))
      const was = before.some(isByPerson)
      if (after?.etag !== undefined && (setsTimes || was)) written.set(eventId, after.etag)
      return true
    },
    /**
     * Why it would be false to tell guests of this change now; undefined where it was true within `withinMs`: nobody knows
     * what changes while they look. `idle`: nobody hears of it, since Cal.com has done it, or ended the booking.
     */
    against(uid: string, change: string, withinMs: number): { why: string; idle: boolean } | undefined {
      truth.note()
      const from = clock.now().epochMilliseconds - withinMs
      const all = known.get(uid) ?? []
      const recent = all.filter((one, index) => one.at >= from || (all[index + 1]?.at ?? Infinity) > from)
      if (recent.some(({ changes }) => changes.has(change))) return undefined
      const idle = recent.some(({ open, as }) => !open || change === `moved to ${as}`)
      return { why: `${change}, where this is so: ${recent.at(-1)?.shows ?? 'it is unknown'}`, idle }
    },
    /** What differs of a booking that is open in Cal.com; undefined where its calendar shows it as it is. */
    differs(booking: CalcomBooking): string | undefined {
      const living = eventsOf(booking).filter((event) => event.status !== 'cancelled')
      const asBooked = living.some(
        (event) => timesOf(event) === times(booking.start, booking.end) && !isDeclined(event, booking),
      )
      return asBooked ? undefined : line(booking)
    },
    eventsOf,
  }
  return truth
}
