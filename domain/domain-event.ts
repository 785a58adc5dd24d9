import type { BookingEvent } from './booking/events.ts'
import type { CalendarFeedEvent } from './calendar/feed.ts'
import type { SyncPolicyEvent } from './calendar/policy.ts'
import type { SelectedCalendarEvent } from './calendar/selected.ts'
import type { CalendarSubscriptionEvent } from './calendar/subscription.ts'
import type { CalendarSyncEvent } from './calendar/sync.ts'
import type { DeploymentEvent } from './deployment.ts'

/** Everything that can happen here. */
export type DomainEvent =
  | BookingEvent
  | CalendarFeedEvent
  | CalendarSubscriptionEvent
  | CalendarSyncEvent
  | DeploymentEvent
  | SelectedCalendarEvent
  | SyncPolicyEvent

/** The aggregates, each the category of its streams, with the types of its events. */
export type EventsOf = {
  booking: BookingEvent
  calendarFeed: CalendarFeedEvent
  calendarSubscription: CalendarSubscriptionEvent
  calendarSync: CalendarSyncEvent
  deployment: DeploymentEvent
  selectedCalendar: SelectedCalendarEvent
  syncPolicy: SyncPolicyEvent
}
export type Category = keyof EventsOf

/** Every type that this version knows, by category. The compiler holds this list complete. */
export const eventTypes: { [C in Category]: { [T in EventsOf[C]['type']]: true } } = {
  booking: {
    BookingTracked: true,
    BookingReferenceLinked: true,
    BookingReferenceUnlinked: true,
    BookingReferenceMoved: true,
    BookingSeriesNoted: true,
    BookingTimesRecorded: true,
    BookingReassigned: true,
    SecondWriterNoticed: true,
    BookingClosing: true,
    BookingKeptOpen: true,
    BookingClosed: true,
    BookingOutcomeReported: true,
    BookingRescheduled: true,
    BookingCancelled: true,
    ExternalEventChangeIgnored: true,
    BookingFlagged: true,
    BookingUnflagged: true,
  },
  calendarFeed: {
    SyncTokenExpired: true,
    FullSyncCompleted: true,
    FetchingFailed: true,
    FetchingRecovered: true,
    ChangesHeld: true,
    HeldChangesReleased: true,
    HeldChangesDiscarded: true,
  },
  calendarSubscription: {
    SubscriptionRequested: true,
    ChannelOpening: true,
    SubscriptionActivated: true,
    SubscriptionRenewed: true,
    SubscriptionActivationFailed: true,
    ChannelStopped: true,
    SubscriptionSuspended: true,
    SubscriptionReleased: true,
  },
  calendarSync: {
    CalendarSyncRegistered: true,
    CalendarSyncPaused: true,
    CalendarSyncResumed: true,
    CalendarSyncRemoved: true,
    CalendarSyncUsed: true,
  },
  deployment: { DeploymentNamed: true, DeploymentHeldIn: true, DeploymentPublishesTo: true },
  selectedCalendar: { SelectedCalendarRegistered: true, SelectedCalendarRemoved: true },
  syncPolicy: { SyncPolicySet: true, SyncPolicyLifted: true },
}

/** The name of an aggregate's stream. `id` is made URL-safe. */
export const streamName = (category: Category, id: string): string => `${category}-${encodeURIComponent(id)}`

/** The part of a stream's name that tells its aggregate: up to the first '-', or the whole name where there is none. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-')
  return dash === -1 ? stream : stream.slice(0, dash)
}
