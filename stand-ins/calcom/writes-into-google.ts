import { defined } from '../../domain/optional-fields.ts'
import { ApiError } from '../google/api-error.ts'
import type { GoogleCore } from '../google/google-core.ts'
import type { EventTime } from '../google/google-json.ts'
import type { CalendarEventWrite, GoogleSide } from './google-side.ts'

/**
 * Cal.com's hand in the stand-in of Google Calendar. A change is a full `events.update`, as Cal.com makes it: what it
 * does not know of is lost (calcom/cal.com, packages/app-store/googlecalendar/lib/CalendarService.ts).
 */
export function writesIntoGoogle(core: GoogleCore): GoogleSide {
  return {
    insert: async (write) => ({ eventId: core.insert(write.externalCalendarId, bodyOf(write)).id }),
    update: async (eventId, write) => {
      core.patch(write.externalCalendarId, eventId, bodyOf(write), { how: 'update' })
    },
    delete: async ({ externalCalendarId, eventId }) => core.delete(externalCalendarId, eventId),
    instances: async ({ externalCalendarId, eventId }) =>
      core.instances(externalCalendarId, eventId).items.flatMap(({ id, start }) => {
        const at = instantOf(start)
        return at === undefined ? [] : [{ eventId: id, start: at }]
      }),
    get: async ({ externalCalendarId, eventId }) => {
      try {
        const event = core.get(externalCalendarId, eventId)
        if (event.status === 'cancelled') return undefined
        const [start, end] = [instantOf(event.start), instantOf(event.end)]
        return defined({ start, end })
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined
        throw error
      }
    },
  }
}

const instantOf = (time: EventTime | undefined): Temporal.Instant | undefined =>
  time?.dateTime === undefined ? undefined : Temporal.Instant.from(time.dateTime)

const bodyOf = (write: CalendarEventWrite) => ({
  summary: write.summary,
  ...defined({ description: write.description, location: write.location }),
  start: { dateTime: write.start.toString(), timeZone: write.timeZone },
  end: { dateTime: write.end.toString(), timeZone: write.timeZone },
  ...defined({ recurrence: write.recurrence }),
  attendees: [
    {
      email: write.organizer.email,
      displayName: write.organizer.displayName,
      organizer: true,
      responseStatus: 'accepted' as const,
    },
    ...write.attendees.map((guest) => ({ ...guest, responseStatus: 'accepted' as const })),
  ],
})
