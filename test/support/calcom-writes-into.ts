import type { CalendarEventWrite, GoogleSide } from '../../stand-ins/calcom/google-side.ts'
import type { GoogleCore } from '../../stand-ins/google/google-core.ts'

/** Cal.com's hand in Google Calendar. */
export const calcomWritesInto = (core: GoogleCore): GoogleSide => ({
  insert: async (write) => ({ eventId: core.insert(write.externalCalendarId, bodyOf(write)).id }),
  update: async (eventId, write) => void core.patch(write.externalCalendarId, eventId, bodyOf(write)),
  delete: async ({ externalCalendarId, eventId }) => core.delete(externalCalendarId, eventId),
})

const bodyOf = ({ summary, start, end, timeZone }: CalendarEventWrite) => ({
  summary,
  start: { dateTime: start.toString(), timeZone },
  end: { dateTime: end.toString(), timeZone },
})
