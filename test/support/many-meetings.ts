import { moved, type Story } from './story-words.ts'
import type { Host, Linked } from './sync-fixture.ts'

/** So many meetings of a host's, an hour or so apart. */
export async function several(story: Story, host: Host, count: number): Promise<Linked[]> {
  const meetings: Linked[] = []
  for (let n = 0; n < count; n++) meetings.push(await story.meet(host, { inHours: 48 + n }))
  return meetings
}

/** Another program moves all events of the host's calendar, or those named. */
export const shift = (
  story: Story,
  host: Host,
  minutes: number,
  given: { events?: string[]; oneEtag?: boolean } = {},
) => story.google.habits.massEdit(host.calendarId, { kind: 'shift', minutes, ...given })

/** The moves of all these meetings, sorted as the feed is. */
export const allMoved = (meetings: readonly Linked[], minutes: number): string[] =>
  meetings.map((meeting) => moved(meeting, minutes)).sort()

export const limit = (massChangeLimit: number) => ({ settings: { massChangeLimit } })
