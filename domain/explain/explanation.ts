// What happened, told to people: console, timeline and log. Plain English, times in UTC, nothing about a person.

import { guestReasonOf, holdOf } from '../booking/decisions.ts'
import type { BookingEvent } from '../booking/events.ts'
import type { CalendarFeedEvent } from '../calendar/feed.ts'
import type { SyncPolicyEvent } from '../calendar/policy.ts'
import type { SelectedCalendarEvent } from '../calendar/selected.ts'
import type { CalendarSubscriptionEvent } from '../calendar/subscription.ts'
import type { CalendarSyncEvent } from '../calendar/sync.ts'
import type { DeploymentEvent } from '../deployment.ts'
import { type DomainEvent, eventTypes } from '../domain-event.ts'
import { answerAbout } from './booking-answer.ts'
import { sentenceOfBookingEvent } from './booking-sentences.ts'
import { explanationOf } from './decision-sentences.ts'
import { readableInstant } from './time-text.ts'

/** One sentence for an event. */
export function sentenceOf(event: DomainEvent): string {
  switch (event.type) {
    case 'SyncTokenExpired':
    case 'FullSyncCompleted':
    case 'FetchingFailed':
    case 'FetchingRecovered':
    case 'ChangesHeld':
    case 'HeldChangesReleased':
    case 'HeldChangesDiscarded':
      return sentenceOfFeed(event)
    case 'SubscriptionRequested':
    case 'ChannelOpening':
    case 'SubscriptionActivated':
    case 'SubscriptionRenewed':
    case 'SubscriptionActivationFailed':
    case 'ChannelStopped':
    case 'SubscriptionSuspended':
    case 'SubscriptionReleased':
      return sentenceOfSubscription(event)
    case 'CalendarSyncRegistered':
    case 'CalendarSyncPaused':
    case 'CalendarSyncResumed':
    case 'CalendarSyncRemoved':
    case 'CalendarSyncUsed':
    case 'SelectedCalendarRegistered':
    case 'SelectedCalendarRemoved':
    case 'SyncPolicySet':
    case 'SyncPolicyLifted':
      return sentenceOfRequest(event)
    case 'DeploymentNamed':
    case 'DeploymentHeldIn':
    case 'DeploymentPublishesTo':
      return sentenceOfDeployment(event)
    case 'ExternalEventChangeIgnored':
      return sentenceOfDecision(event.data.code)
    default:
      return sentenceOfBookingEvent(event)
  }
}

/** One sentence for a decision's code: what happened, why it came to this, what a person can do. */
export function sentenceOfDecision(code: string): string {
  const { because, remedy } = explanationOf(code)
  return `${because.charAt(0).toUpperCase()}${because.slice(1)}${remedy ? `; ${remedy}` : ''}.`
}

type Published = Extract<BookingEvent, { type: 'BookingRescheduled' | 'BookingCancelled' }>

/** One sentence fit for a guest: no names, no codes, nothing of how it works. */
export function reasonText(event: Published): string {
  if (event.type === 'BookingCancelled') return guestReasonOf(event.data.reason)
  const { previous, next } = event.data
  return Temporal.Instant.from(previous.start).equals(next.start)
    ? 'The host changed the end of this meeting in their calendar.'
    : 'The host moved this meeting to another time in their calendar.'
}

/** One sentence on what became of a booking and why, from its own events, oldest first. */
export const answerOf = (events: readonly DomainEvent[]): string => answerAbout(events.filter(isOfBooking))

const isOfBooking = (event: DomainEvent): event is BookingEvent =>
  Object.hasOwn(eventTypes.booking, event.type)

function sentenceOfFeed(event: CalendarFeedEvent): string {
  switch (event.type) {
    case 'SyncTokenExpired':
      return 'Google refused the sync token of the last reading, so the calendar is read in full.'
    case 'FullSyncCompleted':
      return `The calendar was read in full: ${counted(event.data.events, 'event')}.`
    case 'FetchingFailed':
      return `The calendar cannot be read (${event.data.code}); it is tried again with growing delay.`
    case 'FetchingRecovered':
      return 'The calendar can be read again.'
    case 'ChangesHeld':
      return `Changes to ${counted(event.data.bookingUids.length, 'booking')} are held for a person: ${holdOf(event.data.reason).because}.`
    case 'HeldChangesReleased':
      return `The held changes to ${counted(event.data.bookingUids.length, 'booking')} were released: each event is looked at again.`
    case 'HeldChangesDiscarded':
      return `The held changes to ${counted(event.data.bookingUids.length, 'booking')} were discarded: nothing was changed.`
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function sentenceOfSubscription(event: CalendarSubscriptionEvent): string {
  switch (event.type) {
    case 'SubscriptionRequested':
      return 'Changes of this calendar are wanted: a channel for its notifications will be opened.'
    case 'ChannelOpening':
      return 'The provider is being asked for a channel.'
    case 'SubscriptionActivated':
      return `The calendar is live: notifications arrive until ${readableInstant(event.data.expiresAt)} and are renewed before.`
    case 'SubscriptionRenewed':
      return `A new channel took over: notifications arrive until ${readableInstant(event.data.expiresAt)}.`
    case 'SubscriptionActivationFailed': {
      const { code, permanent, retryAt } = event.data
      return permanent
        ? `The provider does not notify of this calendar (${code}); it is polled instead.`
        : `No channel could be opened (${code}); it is tried again at ${readableInstant(retryAt)}.`
    }
    case 'ChannelStopped':
      return channelEnds[event.data.outcome]
    case 'SubscriptionSuspended':
      return `Access to the calendar was refused (${event.data.code}); connect it again to go on.`
    case 'SubscriptionReleased':
      return 'Nobody needs this calendar any more; its notifications have ended.'
  }
}

const channelEnds = {
  STOPPED: 'A channel that was no longer needed was stopped.',
  UNKNOWN_TO_PROVIDER: 'A channel ended: the provider no longer knows it.',
  EXPIRED: 'A channel reached the end of its life.',
}

function sentenceOfRequest(event: CalendarSyncEvent | SelectedCalendarEvent | SyncPolicyEvent): string {
  switch (event.type) {
    case 'CalendarSyncRegistered':
      return event.data.credentialId === undefined
        ? 'The host wants bookings kept in step with this calendar; it waits to be connected.'
        : 'The host wants bookings kept in step with this calendar.'
    case 'CalendarSyncPaused':
      return 'Keeping bookings in step with this calendar was paused.'
    case 'CalendarSyncResumed':
      return 'Keeping bookings in step with this calendar was resumed.'
    case 'CalendarSyncRemoved':
      return 'Bookings are no longer kept in step with this calendar.'
    case 'CalendarSyncUsed':
      return 'A booking was written into this calendar.'
    case 'SelectedCalendarRegistered':
      return 'The calendar is watched for conflicts.'
    case 'SelectedCalendarRemoved':
      return 'The calendar is no longer watched for conflicts.'
    case 'SyncPolicySet':
      return `Mode ${event.data.mode} was set for ${scopes[event.data.scope]}: ${modes[event.data.mode]}.`
    case 'SyncPolicyLifted':
      return `The mode that was set for ${scopes[event.data.scope]} was taken away: the next wider one decides, at last SYNC_MODE.`
  }
}

function sentenceOfDeployment(event: DeploymentEvent): string {
  switch (event.type) {
    case 'DeploymentNamed':
      return 'The deployment was given its name, which every published event carries.'
    case 'DeploymentHeldIn':
      return 'The read models, signals and credentials lie in one data folder from now on.'
    case 'DeploymentPublishesTo':
      return `Events are published to the topic ${event.data.topic} from now on.`
  }
}

const scopes = {
  everything: 'everything',
  organization: 'one organisation',
  user: 'one user',
  calendarSync: 'one calendar sync',
}
const modes = {
  apply: 'changes are carried to bookings',
  observe: 'changes are noted, nothing is published',
  off: 'nothing is decided or published',
}
