import { type Booking, evolveBooking, initialBooking } from '../domain/booking/state.ts'
import { type CalendarFeed, evolveCalendarFeed, initialCalendarFeed } from '../domain/calendar/feed.ts'
import { evolveSyncPolicy, initialSyncPolicy, type SyncPolicy } from '../domain/calendar/policy.ts'
import {
  evolveSelectedCalendar,
  initialSelectedCalendar,
  type SelectedCalendar,
} from '../domain/calendar/selected.ts'
import {
  type CalendarSubscription,
  evolveCalendarSubscription,
  initialCalendarSubscription,
} from '../domain/calendar/subscription.ts'
import { type CalendarSync, evolveCalendarSync, initialCalendarSync } from '../domain/calendar/sync.ts'
import { type Deployment, evolveDeployment, initialDeployment } from '../domain/deployment.ts'
import type { Aggregate } from './execute.ts'

export const bookingAggregate: Aggregate<'booking', Booking> = {
  category: 'booking',
  initial: initialBooking,
  evolve: evolveBooking,
}
export const calendarFeedAggregate: Aggregate<'calendarFeed', CalendarFeed> = {
  category: 'calendarFeed',
  initial: initialCalendarFeed,
  evolve: evolveCalendarFeed,
}
export const calendarSubscriptionAggregate: Aggregate<'calendarSubscription', CalendarSubscription> = {
  category: 'calendarSubscription',
  initial: initialCalendarSubscription,
  evolve: evolveCalendarSubscription,
}
export const calendarSyncAggregate: Aggregate<'calendarSync', CalendarSync> = {
  category: 'calendarSync',
  initial: initialCalendarSync,
  evolve: evolveCalendarSync,
}
export const deploymentAggregate: Aggregate<'deployment', Deployment> = {
  category: 'deployment',
  initial: initialDeployment,
  evolve: evolveDeployment,
}
export const selectedCalendarAggregate: Aggregate<'selectedCalendar', SelectedCalendar> = {
  category: 'selectedCalendar',
  initial: initialSelectedCalendar,
  evolve: evolveSelectedCalendar,
}
export const syncPolicyAggregate: Aggregate<'syncPolicy', SyncPolicy> = {
  category: 'syncPolicy',
  initial: initialSyncPolicy,
  evolve: evolveSyncPolicy,
}
