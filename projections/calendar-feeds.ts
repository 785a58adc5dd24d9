// The exceptions in reading each calendar: failures, and changes that wait for a person.
import type { HeldCode } from '../domain/booking/decisions.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { defineReadModel, type Page, type PageRequest } from './read-model.ts'

/** Instants are RFC 3339 in UTC. */
export type CalendarFeedDocument = {
  calendarKey: string
  /** `since` when it last worked; `code` why it fails now. */
  failing?: { code: string; since: string }
  held: { bookingUid: string; reason: HeldCode; since: string }[]
  fullSyncCompletedAt?: string
  syncTokenExpiredAt?: string
}

const model = defineReadModel({
  name: 'calendar-feeds',
  version: 1,
  categories: ['calendarFeed'],
  indexes: ['failing', 'withHeld'],
  keys: ({ calendarKey, failing, held }: CalendarFeedDocument) => ({
    failing: failing ? [calendarKey] : [],
    withHeld: held.length > 0 ? [calendarKey] : [],
  }),
  changes: (event) => [
    {
      id: event.data.calendarKey,
      change(before): CalendarFeedDocument {
        const { calendarKey, at } = event.data
        const feed = before ?? { calendarKey, held: [] }
        switch (event.type) {
          case 'SyncTokenExpired':
            return { ...feed, syncTokenExpiredAt: at }
          case 'FullSyncCompleted':
            return { ...feed, fullSyncCompletedAt: at }
          case 'FetchingFailed':
            return { ...feed, failing: { code: event.data.code, since: feed.failing?.since ?? at } }
          case 'FetchingRecovered': {
            const { failing: _, ...working } = feed
            return working
          }
          case 'ChangesHeld': {
            const { reason, bookingUids } = event.data
            const fresh = bookingUids.filter((uid) => feed.held.every(({ bookingUid }) => bookingUid !== uid))
            const held = fresh.map((bookingUid) => ({ bookingUid, reason, since: at }))
            return { ...feed, held: [...feed.held, ...held] }
          }
          case 'HeldChangesReleased':
          case 'HeldChangesDiscarded': {
            const { bookingUids } = event.data
            return { ...feed, held: feed.held.filter(({ bookingUid }) => !bookingUids.includes(bookingUid)) }
          }
        }
      },
    },
  ],
})

export const calendarFeeds = model.projection

/** One calendar's; undefined where nothing exceptional ever happened. */
export const calendarFeedByKey = (readStore: ReadStore, calendarKey: string) =>
  model.get(readStore, calendarKey)

/** Those whose fetching fails now, ordered by calendar key. */
export const failingCalendarFeeds = (
  readStore: ReadStore,
  page: PageRequest,
): Promise<Page<CalendarFeedDocument>> => model.find(readStore, 'failing', { prefix: '' }, page)

/** Those with changes that wait for a person, ordered by calendar key. */
export const calendarFeedsWithHeld = (
  readStore: ReadStore,
  page: PageRequest,
): Promise<Page<CalendarFeedDocument>> => model.find(readStore, 'withHeld', { prefix: '' }, page)

/** How many calendars fail, and how many hold changes. */
export async function countCalendarFeeds(
  readStore: ReadStore,
): Promise<{ failing: number; withHeld: number }> {
  const [failing, withHeld] = await Promise.all([
    model.count(readStore, 'failing', { prefix: '' }),
    model.count(readStore, 'withHeld', { prefix: '' }),
  ])
  return { failing, withHeld }
}
