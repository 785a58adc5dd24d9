import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { sameAddress } from './addresses.ts'
import type { CalendarState } from './calendar-state.ts'
import type { Attendee, GoogleEvent, Person } from './google-json.ts'
import type { Channel } from './push-channels.ts'

/** Every name that a calendar answers to, but for `primary`. */
export const namesOf = (calendar: CalendarState): string[] => [calendar.id, ...(calendar.formerIds ?? [])]

/** Whether that is a name of the calendar. */
export const isNamed = (calendar: CalendarState, name: string): boolean =>
  namesOf(calendar).some((known) => sameAddress(known, name))

/** The calendar under any of its names; a present id comes before a former one. */
export function calendarNamed(
  calendars: ReadonlyMap<string, CalendarState>,
  name: string,
): CalendarState | undefined {
  const found = calendars.get(name) ?? calendars.get(name.toLowerCase())
  if (found) return found
  const all = [...calendars.values()]
  return all.find(({ id }) => sameAddress(id, name)) ?? all.find((one) => isNamed(one, name))
}

/**
 * Renames an account: its calendar gets the new id and answers to the old one too. Every event of any calendar shows
 * the new address of organiser, creator or guest. Versions and sync tokens stay.
 */
export function renameCalendar(
  calendars: Map<string, CalendarState>,
  channels: Iterable<Channel>,
  calendar: CalendarState,
  to: string,
): void {
  const from = calendar.id
  const inOrder = [...calendars.values()]
  const formers = [...(calendar.formerIds ?? []), from.toLowerCase()]
  calendar.formerIds = formers.filter((name) => !sameAddress(name, to))
  calendar.id = to
  if (calendar.summary === from) calendar.summary = to
  calendars.clear()
  for (const one of inOrder) calendars.set(one.id, one)
  for (const channel of channels) if (channel.calendarId === from) channel.calendarId = to
  for (const one of inOrder) {
    if (sameAddress(one.owner, from)) one.owner = to
    one.sharedWith = one.sharedWith.map((user) => (sameAddress(user, from) ? to : user))
    for (const entry of one.entries.values()) {
      entry.event = peopleRenamed(entry.event, from, to)
      if (entry.before) entry.before.event = peopleRenamed(entry.before.event, from, to)
    }
  }
}

function peopleRenamed(event: GoogleEvent, from: string, to: string): GoogleEvent {
  const renamed = <T extends Person | Attendee>(person: T): T =>
    sameAddress(person.email, from) ? { ...person, email: to } : person
  const { organizer, creator, attendees } = event
  return {
    ...event,
    ...defined({
      organizer: ifDefined(organizer, renamed),
      creator: ifDefined(creator, renamed),
      attendees: attendees?.map(renamed),
    }),
  }
}
