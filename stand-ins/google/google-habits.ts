import type { AccessTokens } from './access-tokens.ts'
import { addressAsKept } from './addresses.ts'
import { refusal } from './api-error.ts'
import { calendarNamed, renameCalendar } from './calendar-names.ts'
import type { CalendarState } from './calendar-state.ts'
import { changeZone, type ZoneManner } from './calendar-zone.ts'
import { detachInstance } from './detached-instance.ts'
import type { WriteContext } from './event-draft.ts'
import { mustFind } from './event-lookup.ts'
import type { EventBody, GoogleEvent } from './google-json.ts'
import { type MassEdit, massWrites } from './mass-edit.ts'
import { changeOrganiser, type NewOrganiser } from './organiser-change.ts'
import type { Channel } from './push-channels.ts'
import { importEvents, rewriteEvent } from './unchecked-writes.ts'
import { listAgain, type WriteManner, writeGroup } from './write-order.ts'

/** What the real calendar does beside plain writes. All as synchronous as the core, with its errors. */
export type Habits = {
  changeOrganiser(calendarId: string, eventId: string, to: NewOrganiser): GoogleEvent
  /** An instance leaves its series and lives on under its id. */
  detach(calendarId: string, instanceId: string): GoogleEvent
  /** Events as a file's import brings them in, unchecked. */
  importEvents(calendarId: string, events: readonly EventBody[], oneEtag?: boolean): GoogleEvent[]
  /** Any fields, unchecked; in the same version, or unlisted, if so told. */
  rewrite(calendarId: string, eventId: string, change: EventBody, manner?: WriteManner): GoogleEvent
  changeZone(calendarId: string, timeZone: string, manner: ZoneManner): void
  /** The account's address changes; the calendar answers to both. Throws 409 where the new one is taken. */
  rename(calendarId: string, to: string): CalendarState
  /** Answers how many versions were written: one an event, or one. */
  massEdit(calendarId: string, edit: MassEdit): number
  /** Lists give the event twice from now on, `undefined`: once again. It comes with the next incremental list. */
  listTwice(calendarId: string, eventId: string, order: 'stale-first' | 'stale-last' | undefined): void
}

/** What the habits need of the core. */
export type HabitParts = {
  calendars: Map<string, CalendarState>
  channels: Map<string, Channel>
  access: AccessTokens
  calendar(id: string): CalendarState
  /** Runs a change and tells the channels of the calendars that it wrote to. */
  change<T>(ids: readonly string[], run: () => T): T
  write(): WriteContext
  /** Notes that something changed, for whoever keeps the state. */
  touched(): void
}

export function googleHabits({ calendars, channels, access, ...core }: HabitParts): Habits {
  const { calendar, change, write, touched } = core
  const on = <T>(id: string, run: (of: CalendarState) => T): T => {
    const of = calendar(id)
    touched()
    return change([of.id], () => run(of))
  }
  return {
    changeOrganiser(id, eventId, to) {
      const [former, next] = [calendar(id), calendarNamed(calendars, to.email)]
      return change([former.id, ...(next && !next.settings.gone ? [next.id] : [])], () =>
        changeOrganiser(former, next, eventId, to, write()),
      )
    },
    detach: (id, instanceId) => on(id, (of) => detachInstance(of, instanceId, write())),
    importEvents: (id, events, oneEtag = false) => on(id, (of) => importEvents(of, events, write(), oneEtag)),
    rewrite: (id, eventId, body, manner = {}) =>
      on(id, (of) => rewriteEvent(of, eventId, body, write(), manner)),
    changeZone: (id, timeZone, manner) => on(id, (of) => changeZone(of, timeZone, write(), manner)),
    rename(id, given) {
      const [of, to] = [calendar(id), addressAsKept(given)]
      const taken = calendarNamed(calendars, to)
      if (taken && taken !== of) throw refusal('duplicate')
      access.renameUser(of.id, to)
      renameCalendar(calendars, channels.values(), of, to)
      touched()
      return of
    },
    massEdit(id, edit) {
      const groups = massWrites(calendar(id), edit)
      for (const group of groups) on(id, (of) => writeGroup(of, group, write().nowMs))
      return groups.length
    },
    listTwice: (id, eventId, order) =>
      on(id, (of) => {
        mustFind(of, eventId)
        const { [eventId]: _, ...others } = of.twice ?? {}
        of.twice = order === undefined ? others : { ...others, [eventId]: order }
        listAgain(of, eventId)
      }),
  }
}
