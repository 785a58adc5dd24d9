import { defined } from '../../domain/optional-fields.ts'
import type { Clock } from '../../ports/clock.ts'
import { type AccessTokens, accessTokens } from './access-tokens.ts'
import { addressAsKept } from './addresses.ts'
import { refusal } from './api-error.ts'
import { calendarNamed } from './calendar-names.ts'
import { type CalendarState, emptyCalendar, type NewCalendar } from './calendar-state.ts'
import { changeZone } from './calendar-zone.ts'
import type { WriteContext } from './event-draft.ts'
import { listInstances } from './event-instances.ts'
import { type ListContext, listEvents } from './event-list.ts'
import { mustFind } from './event-lookup.ts'
import { moveEvent } from './event-move.ts'
import { type ChangeOptions, changeEvent, deleteEvent, insertEvent } from './event-writes.ts'
import { type Faults, faults } from './faults.ts'
import { googleHabits, type Habits } from './google-habits.ts'
import type { EventBody, EventsPage, GoogleEvent, ResponseStatus } from './google-json.ts'
import { clearCalendar, dragEvent, resizeEvent, respondToEvent, restoreEvent } from './person-actions.ts'
import {
  type Channel,
  calmPushes,
  changePushes,
  isOpen,
  openChannel,
  type Push,
  type PushSettings,
  syncPush,
  type WatchBody,
} from './push-channels.ts'
import { seededRandom } from './seeded-random.ts'
import { endSeries, type SplitOptions, splitSeries } from './series-split.ts'
import { type GoogleSnapshot, readSnapshot, takeSnapshot } from './snapshot.ts'
import { placeRaw } from './write-order.ts'

export type GoogleCoreOptions = { clock: Pick<Clock, 'now'>; seed?: number }

type Query = { [parameter: string]: string }

/**
 * Google Calendar without HTTP: the same calendars for the HTTP shell, for the admin API and for a simulation in one
 * thread. Every method is synchronous, answers Google's own JSON and throws ApiError for what Google refuses.
 * Nothing here waits: what a change makes Google send is handed to `onPush` listeners at once, with its delay.
 */
export type GoogleCore = {
  createCalendar(given?: Partial<NewCalendar>): CalendarState
  /** Throws 404 for a calendar that is not there or is marked as gone. */
  calendar(id: string): CalendarState
  /** By any of its names, and also one that is marked as gone. */
  named(id: string): CalendarState | undefined
  calendars(): CalendarState[]
  /** Also for one that is marked as gone. */
  changeCalendar(id: string, change: Partial<Omit<NewCalendar, 'id'>>): CalendarState
  deleteCalendar(id: string): void

  insert(calendarId: string, body: EventBody, how?: { asGiven?: boolean; actor?: string }): GoogleEvent
  get(calendarId: string, eventId: string): GoogleEvent
  list(calendarId: string, query?: Query | URLSearchParams, emptyPage?: boolean): EventsPage
  instances(
    calendarId: string,
    eventId: string,
    query?: Query | URLSearchParams,
    emptyPage?: boolean,
  ): EventsPage
  /** `events.patch`, or `events.update` with `how: 'update'`. */
  patch(calendarId: string, eventId: string, change: EventBody, options?: ChangeOptions): GoogleEvent
  delete(calendarId: string, eventId: string, options?: ChangeOptions): void
  /** `events.move`: to another calendar. */
  transfer(calendarId: string, eventId: string, destination: string): GoogleEvent

  /** To another time, as a person drags it; keeps its length where no end is given. */
  drag(
    calendarId: string,
    eventId: string,
    to: { start: string; end?: string; timeZone?: string },
  ): GoogleEvent
  resize(calendarId: string, eventId: string, end: string): GoogleEvent
  respond(
    calendarId: string,
    eventId: string,
    answer: { response: ResponseStatus; email?: string },
  ): GoogleEvent
  /** "This and following" from the instance on; answers the new master. */
  split(calendarId: string, instanceId: string, options?: SplitOptions): GoogleEvent
  /** "Delete this and following". */
  end(calendarId: string, instanceId: string): void
  restoreEvent(calendarId: string, eventId: string): GoogleEvent
  /** Deletes every event at once; answers how many. */
  clear(calendarId: string): number
  /** Puts recorded events in as they are. No push. */
  loadRaw(calendarId: string, events: readonly GoogleEvent[]): void
  /** Answers for `events.list` to give next, word for word, before its own again. */
  script(calendarId: string, pages: readonly { status: number; body: unknown }[]): void
  /** Every sync token of the calendar is 410 from now on. */
  expireSyncTokens(calendarId: string): void

  watch(calendarId: string, body: WatchBody, query?: URLSearchParams, user?: string): Channel
  /** Throws 404 where id and resource id do not name an open channel. */
  stop(channelId: string, resourceId: string, user?: string): void
  channels(): Channel[]
  /** One more notification on the calendar's channels, without a change. */
  notify(calendarId: string): void
  onPush(listener: (push: Push) => void): () => void

  /** What the real calendar does beside all that. */
  readonly habits: Habits
  readonly faults: Faults
  readonly access: AccessTokens
  readonly settings: { push: PushSettings; syncTokenLifeMs?: number }
  /** Rises with every change of calendars, events and channels: for whoever keeps the state on disk. */
  revision(): number
  snapshot(): GoogleSnapshot
  /** Replaces everything by a saved state; tokens and channels stay valid. */
  restore(saved: GoogleSnapshot): void
  reset(): void
  nowMs(): number
}

/** An empty Google Calendar on the clock given. The same seed and the same calls give the same answers. */
export function createGoogleCore(options: GoogleCoreOptions): GoogleCore {
  const random = seededRandom(options.seed ?? 1)
  const calendars = new Map<string, CalendarState>()
  const channels = new Map<string, Channel>()
  const listeners = new Set<(push: Push) => void>()
  const access = accessTokens(random)
  const settings: GoogleCore['settings'] = { push: { ...calmPushes } }
  const all = { random, calendars, channels, access, settings, faults: faults(random) }
  let revision = 0

  const nowMs = () => options.clock.now().epochMilliseconds
  const write = (actor?: string): WriteContext => ({
    nowMs: nowMs(),
    newId: () => random.text(26),
    ...defined({ actor }),
  })
  const reading = (emptyPage = false): ListContext => ({
    nowMs: nowMs(),
    emptyPage,
    ...defined({ syncTokenLifeMs: settings.syncTokenLifeMs }),
  })
  const asQuery = (query: Query | URLSearchParams = {}) =>
    query instanceof URLSearchParams ? query : new URLSearchParams(query)

  function known(id: string): CalendarState {
    const found = calendarNamed(calendars, id)
    if (!found) throw refusal('notFound')
    return found
  }

  function calendar(id: string): CalendarState {
    const found = known(id)
    if (found.settings.gone) throw refusal('notFound')
    return found
  }

  function emit(push: Push): void {
    for (const listener of listeners) listener(push)
  }

  function tell(calendarId: string): void {
    revision++
    for (const channel of channels.values()) {
      if (channel.calendarId !== calendarId || !isOpen(channel, nowMs())) continue
      for (const push of changePushes(channel, settings.push, random)) emit(push)
    }
  }

  /** Runs a change and tells the channels of each calendar that it wrote to. */
  function change<T>(ids: readonly string[], run: () => T): T {
    const meant = ids.map(calendar)
    const state = (one: CalendarState) => `${one.lastPosition} ${one.lastMicros}`
    const before = meant.map(state)
    const result = run()
    for (const [at, one] of meant.entries()) if (state(one) !== before[at]) tell(one.id)
    return result
  }
  const on = <T>(id: string, run: (of: CalendarState) => T): T => {
    const meant = calendar(id)
    return change([id], () => run(meant))
  }

  return {
    createCalendar(given = {}) {
      const id = addressAsKept(given.id ?? `${random.text(26)}@group.calendar.google.com`)
      if (calendarNamed(calendars, id)) throw refusal('duplicate')
      const made = emptyCalendar({ ...given, id }, random.text(26))
      calendars.set(id, made)
      revision++
      return made
    },
    calendar,
    named: (id) => calendarNamed(calendars, id),
    calendars: () => [...calendars.values()],
    changeCalendar(id, { settings: behaviour, timeZone, ...rest }) {
      const found = known(id)
      if (timeZone !== undefined) changeZone(found, timeZone, write(), { keep: 'instant' })
      Object.assign(found, rest)
      Object.assign(found.settings, behaviour)
      revision++
      return found
    },
    deleteCalendar(id) {
      calendars.delete(calendar(id).id)
      revision++
    },

    insert: (id, body, how = {}) =>
      on(id, (of) => insertEvent(of, body, write(how.actor), how.asGiven ?? false)),
    get: (id, eventId) => mustFind(calendar(id), eventId).event,
    list: (id, query, emptyPage) => listEvents(calendar(id), asQuery(query), reading(emptyPage)),
    instances: (id, eventId, query, emptyPage) =>
      listInstances(calendar(id), eventId, asQuery(query), reading(emptyPage)),
    patch: (id, eventId, body, how) => on(id, (of) => changeEvent(of, eventId, body, write(), how)),
    delete: (id, eventId, how) => on(id, (of) => deleteEvent(of, eventId, write(), how)),
    transfer: (id, eventId, destination) => {
      const [source, target] = [calendar(id), calendar(destination)]
      return change([id, destination], () => moveEvent(source, target, eventId, write()))
    },

    drag: (id, eventId, to) => on(id, (of) => dragEvent(of, eventId, to, write())),
    resize: (id, eventId, end) => on(id, (of) => resizeEvent(of, eventId, end, write())),
    respond: (id, eventId, answer) => on(id, (of) => respondToEvent(of, eventId, answer, write())),
    split: (id, instanceId, how) => on(id, (of) => splitSeries(of, instanceId, write(), how)),
    end: (id, instanceId) => on(id, (of) => endSeries(of, instanceId, write())),
    restoreEvent: (id, eventId) => on(id, (of) => restoreEvent(of, eventId, write())),
    clear: (id) => on(id, (of) => clearCalendar(of, write())),
    loadRaw(id, events) {
      const of = calendar(id)
      for (const event of events) placeRaw(of, event)
      revision++
    },
    script(id, pages) {
      calendar(id).script = [...pages]
      revision++
    },
    expireSyncTokens(id) {
      calendar(id).tokenGeneration++
      revision++
    },

    watch(id, body, query = new URLSearchParams(), user) {
      const context = {
        nowMs: nowMs(),
        known: typeof body.id === 'string' && channels.has(body.id),
        stragglers: 0,
        uriAt: settings.push.uriAt,
        ...defined({ user }),
      }
      const channel = openChannel(calendar(id), body, query, context)
      channels.set(channel.id, channel)
      revision++
      emit(syncPush(channel, settings.push))
      return channel
    },
    stop(channelId, resourceId, user) {
      const channel = channels.get(channelId)
      const known = channel?.resourceId === resourceId && channel.stoppedMs === undefined
      const mine = channel?.user === undefined || user === undefined || channel.user === user
      if (!channel || !known || !mine || channel.expiration <= nowMs()) {
        throw refusal('notFound', { message: `Channel '${channelId}' not found for project 'stand-in'` })
      }
      channel.stoppedMs = nowMs()
      channel.stragglers = settings.push.stragglers
      revision++
    },
    channels: () => [...channels.values()],
    notify: (id) => tell(calendar(id).id),
    onPush(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    habits: googleHabits({ ...all, calendar, change, write, touched: () => revision++ }),
    faults: all.faults,
    access,
    settings,
    revision: () => revision,
    snapshot: () => takeSnapshot(all),
    restore(saved) {
      readSnapshot(all, saved)
      revision++
    },
    reset() {
      calendars.clear()
      channels.clear()
      all.faults.clear()
      access.restore({ lifeSeconds: 3599, open: false, refreshTokens: {}, refusedSubjects: [] }, [])
      settings.push = { ...calmPushes }
      delete settings.syncTokenLifeMs
      revision++
    },
    nowMs,
  }
}
