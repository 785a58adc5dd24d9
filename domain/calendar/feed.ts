// Exceptional facts about reading one calendar. Stream: calendarFeed-<calendarKey>. Ordinary fetches leave no event, so that
// the stream stays short. The event types are a storage format.
import type { HeldCode } from '../booking/decisions.ts'
import { accept, type Decision } from '../decision.ts'

export type CalendarFeedEvent =
  | { type: 'SyncTokenExpired'; data: { calendarKey: string; reason: string; at: string } }
  | { type: 'FullSyncCompleted'; data: { calendarKey: string; events: number; at: string } }
  /** Reading began to fail, or fails in another way. A repeated failure leaves no event. */
  | { type: 'FetchingFailed'; data: { calendarKey: string; code: string; reason?: string; at: string } }
  | { type: 'FetchingRecovered'; data: { calendarKey: string; at: string } }
  | {
      type: 'ChangesHeld'
      data: { calendarKey: string; reason: HeldCode; bookingUids: string[]; at: string }
    }
  /** Each released booking is looked at again, before its change is applied. */
  | { type: 'HeldChangesReleased'; data: { calendarKey: string; bookingUids: string[]; at: string } }
  | { type: 'HeldChangesDiscarded'; data: { calendarKey: string; bookingUids: string[]; at: string } }

export type CalendarFeed = {
  fullSync: 'NEVER' | 'NEEDED' | 'DONE'
  failing?: string
  held: readonly string[]
  /** When each booking was last released or discarded. */
  spokenOf: Readonly<Record<string, string>>
}

export const initialCalendarFeed: CalendarFeed = { fullSync: 'NEVER', held: [], spokenOf: {} }

export function evolveCalendarFeed(state: CalendarFeed, event: CalendarFeedEvent): CalendarFeed {
  switch (event.type) {
    case 'SyncTokenExpired':
      return { ...state, fullSync: 'NEEDED' }
    case 'FullSyncCompleted':
      return { ...state, fullSync: 'DONE' }
    case 'FetchingFailed':
      return { ...state, failing: event.data.code }
    case 'FetchingRecovered': {
      const { failing: _, ...working } = state
      return working
    }
    case 'ChangesHeld':
      return { ...state, held: [...new Set([...state.held, ...event.data.bookingUids])] }
    case 'HeldChangesReleased':
    case 'HeldChangesDiscarded':
      return {
        ...state,
        held: state.held.filter((uid) => !event.data.bookingUids.includes(uid)),
        spokenOf: {
          ...state.spokenOf,
          ...Object.fromEntries(event.data.bookingUids.map((uid) => [uid, event.data.at])),
        },
      }
    default:
      return state
  }
}

/** The code of a calendar whose whole lists give no sync token. Every fetch then reads a full list. */
export const NO_SYNC_TOKEN = 'NO_SYNC_TOKEN'

type At = { calendarKey: string; at: string }

/**
 * Records that the provider refused the sync token. Each refusal is a fact, as their number is worth seeing. A repeated one
 * before the full sync is not recorded again.
 */
export const expireSyncToken = (
  state: CalendarFeed,
  fact: At & { reason: string },
): Decision<CalendarFeedEvent> =>
  state.fullSync === 'NEEDED' ? accept() : accept({ type: 'SyncTokenExpired', data: fact })

/** Records the first full sync, and each that an expired token made necessary. */
export const completeFullSync = (
  state: CalendarFeed,
  fact: At & { events: number },
): Decision<CalendarFeedEvent> =>
  state.fullSync === 'DONE' ? accept() : accept({ type: 'FullSyncCompleted', data: fact })

export const failFetching = (
  state: CalendarFeed,
  fact: At & { code: string; reason?: string },
): Decision<CalendarFeedEvent> =>
  state.failing === fact.code ? accept() : accept({ type: 'FetchingFailed', data: fact })

export const recoverFetching = (state: CalendarFeed, fact: At): Decision<CalendarFeedEvent> =>
  state.failing === undefined ? accept() : accept({ type: 'FetchingRecovered', data: fact })

/**
 * Holds changes. Further changes join the hold; a held change is not held twice. `since`: when the changes were set aside. A
 * change that a person has released or discarded after that is not held again.
 */
export function holdChanges(
  state: CalendarFeed,
  fact: At & { reason: HeldCode; bookingUids: readonly string[] },
  since?: string,
): Decision<CalendarFeedEvent> {
  const bookingUids = fact.bookingUids.filter(
    (uid) => !state.held.includes(uid) && !isLater(state.spokenOf[uid], since),
  )
  if (bookingUids.length === 0) return accept()
  return accept({ type: 'ChangesHeld', data: { ...fact, bookingUids } })
}

const isLater = (at: string | undefined, than: string | undefined): boolean =>
  at !== undefined &&
  than !== undefined &&
  Temporal.Instant.compare(Temporal.Instant.from(at), Temporal.Instant.from(than)) >= 0

export const releaseHeldChanges = (state: CalendarFeed, fact: At): Decision<CalendarFeedEvent> =>
  state.held.length === 0
    ? accept()
    : accept({ type: 'HeldChangesReleased', data: { ...fact, bookingUids: [...state.held] } })

export const discardHeldChanges = (state: CalendarFeed, fact: At): Decision<CalendarFeedEvent> =>
  state.held.length === 0
    ? accept()
    : accept({ type: 'HeldChangesDiscarded', data: { ...fact, bookingUids: [...state.held] } })
