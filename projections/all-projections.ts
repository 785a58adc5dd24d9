import { activeChannels } from './active-channels.ts'
import { bookingReferences } from './booking-references.ts'
import { bookings } from './bookings.ts'
import { calendarFeeds } from './calendar-feeds.ts'
import { calendarSyncs } from './calendar-syncs.ts'
import type { Projection } from './projection.ts'
import { publications } from './publications.ts'
import { selectedCalendars } from './selected-calendars.ts'
import { subscriptions } from './subscriptions.ts'
import { syncPolicies } from './sync-policies.ts'

/** Every read model of this version. */
export const allProjections: readonly Projection[] = [
  activeChannels,
  bookingReferences,
  bookings,
  calendarFeeds,
  calendarSyncs,
  publications,
  selectedCalendars,
  subscriptions,
  syncPolicies,
]
