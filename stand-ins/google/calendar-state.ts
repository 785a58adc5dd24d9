import { defined, ifDefined } from '../../domain/optional-fields.ts'
import { sameAddress } from './addresses.ts'
import type { Attendee, GoogleEvent } from './google-json.ts'

/**
 * How an event shows in lists: `whole` as it is; `id-only` as kind, etag, id and status; `exception` as a cancelled
 * instance with its series and original start; `hidden` not at all (instances of a deleted series).
 */
export type Listed = 'whole' | 'id-only' | 'exception' | 'hidden'

/** One event of a calendar. `event` is what `events.get` answers; it is replaced, never changed in place. */
export type Entry = {
  event: GoogleEvent
  listed: Listed
  /** Its place in the calendar's order of changes. */
  position: number
  /** What it was before it was deleted, for a person who restores it. */
  before?: { event: GoogleEvent; listed: Listed }
  /** The master that it was, where it was set to "does not repeat" since. */
  series?: GoogleEvent
}

/** How a calendar behaves, beside what is in it. */
export type CalendarSettings = {
  /** False: watching is refused with pushNotSupportedForRequestedResource. */
  pushSupported: boolean
  /** At most so many entries a page, whatever was asked for: short pages. */
  pageLimit?: number
  /** How a deleted single event shows in lists. */
  tombstones: 'id-only' | 'full'
  /** The calendar is gone: every request for it is 404. */
  gone: boolean
  /** False: no list's last page carries a sync token. */
  syncTokens?: boolean
  /** Full lists show what was deleted long ago, without being asked for it. */
  cancelledInFullLists?: boolean
  /** So many of the next writes to events that are there stay out of incremental lists. */
  unlistedWrites?: number
  /** So many of the next incremental lists do not know of any change yet. */
  lateLists?: number
  /** What `events.get` answers for instances of a series that was set to "does not repeat". */
  formerInstances?: 'missing' | 'cancelled'
  /** Exceptions that the rule no longer gives live on, as another client leaves them behind a new UNTIL. */
  exceptionsOutlive?: boolean
}

/** One calendar. Plain data but for the maps, which are indexes over `entries`. */
export type CalendarState = {
  /** Changes only when its account is renamed. */
  id: string
  /** Earlier ids, which go on answering; in lower case. */
  formerIds?: string[]
  summary: string
  timeZone: string
  /** The account that owns it: decides `self`, and which user may see it. */
  owner: string
  /** Others who may see it. */
  sharedWith: string[]
  readonly resourceId: string
  settings: CalendarSettings
  /** The last write, in epoch microseconds: etags are twice that, and strictly rise. */
  lastMicros: number
  lastPosition: number
  /** Sync tokens of an earlier generation are outdated (410). */
  tokenGeneration: number
  readonly entries: Map<string, Entry>
  /** Every write in order; a row whose entry has moved on is stale. */
  log: { position: number; id: string }[]
  /** Masters by the series part of their id. */
  readonly masters: Map<string, Set<string>>
  /** Exceptions, of any kind, by the id of their master. */
  readonly exceptions: Map<string, Set<string>>
  /** What `events.list` answers next, in order, instead of its own pages. */
  script: { status: number; body: unknown }[]
  /** Events that lists give twice: as they are, and as they were before, first or last. */
  twice?: { [eventId: string]: 'stale-first' | 'stale-last' }
}

export type NewCalendar = {
  id: string
  summary?: string
  timeZone?: string
  owner?: string
  sharedWith?: string[]
  settings?: Partial<CalendarSettings>
}

/** An empty calendar. The zone is UTC and the owner the id itself where nothing is said. */
export function emptyCalendar(given: NewCalendar, resourceId: string): CalendarState {
  return {
    id: given.id,
    summary: given.summary ?? given.id,
    timeZone: given.timeZone ?? 'UTC',
    owner: given.owner ?? given.id,
    sharedWith: given.sharedWith ?? [],
    resourceId,
    settings: { pushSupported: true, tombstones: 'id-only', gone: false, ...given.settings },
    lastMicros: 0,
    lastPosition: 0,
    tokenGeneration: 1,
    entries: new Map(),
    log: [],
    masters: new Map(),
    exceptions: new Map(),
    script: [],
  }
}

/** The exceptions of a master, of any kind. */
export function exceptionsOf(calendar: CalendarState, masterId: string): Entry[] {
  return [...(calendar.exceptions.get(masterId) ?? [])].flatMap((id) => calendar.entries.get(id) ?? [])
}

/** Sets `self` and `organizer` as this calendar's owner sees them. */
export function asSeenFrom(calendar: CalendarState, event: GoogleEvent): GoogleEvent {
  const mine = (email: string | undefined) =>
    email !== undefined && (sameAddress(email, calendar.owner) || sameAddress(email, calendar.id))
  const { organizer, creator, attendees } = event
  const seen = <T extends { email?: string; self?: boolean }>(person: T): T => {
    const { self: _, ...rest } = person
    // The rest of a person with `self` set anew is that person again.
    return { ...rest, ...(mine(person.email) && { self: true }) } as T
  }
  return {
    ...event,
    ...defined({
      organizer: ifDefined(organizer, seen),
      creator: ifDefined(creator, seen),
      attendees: attendees?.map(
        (attendee): Attendee => ({
          responseStatus: 'needsAction',
          ...seen(attendee),
          ...(sameAddress(attendee.email, organizer?.email) && { organizer: true }),
        }),
      ),
    }),
  }
}
