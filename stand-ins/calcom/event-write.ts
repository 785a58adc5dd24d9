import { defined } from '../../domain/optional-fields.ts'
import type { CalcomReference } from './calcom-state.ts'
import type { CalendarEventWrite } from './google-side.ts'
import type { CalcomSettings } from './settings.ts'
import type { PayloadSubject } from './webhook-payload.ts'

/** The event as a booking wants it, times included; undefined where its host has no calendar to write into. */
export function eventWrite(
  subject: PayloadSubject,
  settings: CalcomSettings,
): CalendarEventWrite | undefined {
  const { booking, user } = subject
  if (user.destination === undefined) return undefined
  const { externalCalendarId, credentialId } = user.destination
  const description = changeLink(subject, settings)
  return {
    externalCalendarId,
    ...defined({ credentialId }),
    summary: booking.title,
    ...defined({ description, location: booking.location }),
    start: Temporal.Instant.from(booking.start),
    end: Temporal.Instant.from(booking.end),
    timeZone: user.timeZone,
    organizer: { email: user.email, displayName: user.name },
    attendees: booking.attendees.map(({ email, name }) => ({ email, displayName: name })),
  }
}

/** The same, into the calendar that the reference names, even where the host has chosen another since. */
export function eventWriteAt(reference: CalcomReference, write: CalendarEventWrite): CalendarEventWrite {
  return { ...write, externalCalendarId: reference.externalCalendarId ?? write.externalCalendarId }
}

/**
 * The link by which a guest changes the booking. Cal.com leaves it out where several guests share the event, since it
 * would be one guest's (calcom/cal.com, packages/lib/CalEventParser.ts).
 */
function changeLink({ booking, eventType }: PayloadSubject, settings: CalcomSettings): string | undefined {
  if (settings.eventLink === 'none' || eventType.seatsPerTimeSlot !== undefined) return undefined
  const url = `${settings.bookerUrl}/booking/${booking.uid}?changes=true`
  return settings.eventLink === 'text'
    ? `To change or cancel this meeting: ${url}`
    : `<p>To change or cancel this meeting: <a href="${url}">here</a></p>`
}
