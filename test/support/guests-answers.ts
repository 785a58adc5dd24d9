// What host and guests of a meeting answer in the calendar.
import { defined } from '../../domain/optional-fields.ts'
import type { Story } from './story-words.ts'
import type { Linked } from './sync-fixture.ts'

type Answer = 'declined' | 'accepted' | 'tentative'
/** Answers as the host, or as the guest with this address. */
export const responds = (story: Story, { host, eventId }: Linked, response: Answer, email?: string) =>
  story.google.respond(host.calendarId, eventId, { response, ...defined({ email }) })

/** Adds guests in the calendar, who have accepted unless told otherwise. */
export const invite = (
  story: Story,
  { host, eventId }: Linked,
  guests: { email: string; resource?: boolean }[],
) =>
  story.change(() => {
    const attendees = story.google.get(host.calendarId, eventId).attendees ?? []
    const added = guests.map((guest) => ({ responseStatus: 'accepted' as const, ...guest }))
    story.google.patch(host.calendarId, eventId, { attendees: [...attendees, ...added] })
  })
