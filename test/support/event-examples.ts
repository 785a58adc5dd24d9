import type { Category, DomainEvent, EventsOf } from '../../domain/domain-event.ts'

const at = '2026-11-23T09:00:00Z'
const times = { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' }
const event = { provider: 'google', calendarKey: 'key1', externalEventId: 'event1' }
const seen = { ...event, bookingUid: 'booking1', fingerprint: '"5"', observedAt: at, at }
const decided = { ...seen, userId: 'user1', sequence: 1, basis: times }
const feed = { calendarKey: 'key1', at }
const subscription = { subscriptionId: 'key1', at }
const channel = { ...subscription, channelId: 'c1', resourceId: 'r1', expiresAt: '2026-11-30T09:00:00Z' }
const retryAt = '2026-11-23T09:01:00Z'
const sync = { calendarSyncId: 's1', at }

type DataOf<T> = T extends { data: infer Data } ? Data : never
type Examples = {
  [C in Category]: { [T in EventsOf[C]['type']]: DataOf<Extract<EventsOf[C], { type: T }>>[] }
}

/** Every event there is: the compiler asks for those that are missing. */
export const examples: Examples = {
  booking: {
    BookingTracked: [
      { bookingUid: 'booking1', userId: 'user1', status: 'ACCEPTED', ...times, at },
      {
        bookingUid: 'booking2',
        userId: 'user1',
        status: 'PENDING',
        ...times,
        rescheduledFromUid: 'booking1',
        createdAt: at,
        at,
      },
    ],
    BookingReferenceLinked: [
      { bookingUid: 'booking1', reference: event, confirmed: true, at },
      { bookingUid: 'booking1', reference: event, confirmed: false, at },
    ],
    BookingReferenceUnlinked: [{ bookingUid: 'booking1', reference: event, at }],
    BookingReferenceMoved: [
      { bookingUid: 'booking1', from: event, to: { ...event, calendarKey: 'key2' }, at },
      { bookingUid: 'booking1', from: event, to: { ...event, externalEventId: 'event2' }, at },
    ],
    BookingSeriesNoted: [
      {
        bookingUid: 'booking1',
        calendarKey: 'key1',
        externalEventId: 'event1',
        rule: 'FREQ=WEEKLY',
        at,
      },
      { bookingUid: 'booking1', calendarKey: 'key1', externalEventId: 'event1', rule: 'NONE', at },
    ],
    BookingTimesRecorded: [
      { bookingUid: 'booking1', ...times, at },
      { bookingUid: 'booking1', ...times, status: 'REJECTED', at },
    ],
    BookingReassigned: [{ bookingUid: 'booking1', userId: 'user2', previousUserId: 'user1', at }],
    SecondWriterNoticed: [{ bookingUid: 'booking1', at }],
    BookingClosing: [
      { bookingUid: 'booking1', reason: 'CANCELLED_IN_CALCOM', seats: true, at },
      { bookingUid: 'booking1', reason: 'RESCHEDULED', rescheduledToUid: 'booking2', at },
    ],
    BookingKeptOpen: [
      { bookingUid: 'booking1', reason: 'SEATS', seats: true, at },
      { bookingUid: 'booking1', reason: 'OPEN_IN_CALCOM', at },
    ],
    BookingFlagged: [{ bookingUid: 'booking1', code: 'REASSIGNED', at }],
    BookingUnflagged: [{ bookingUid: 'booking1', code: 'REASSIGNED', at }],
    BookingClosed: [
      { bookingUid: 'booking1', reason: 'Jane Doe wrote this', at },
      { bookingUid: 'booking1', reason: 'REJECTED_IN_CALCOM', at },
      { bookingUid: 'booking1', reason: 'RESCHEDULED', rescheduledToUid: 'booking2', at },
    ],
    BookingOutcomeReported: [
      {
        bookingUid: 'booking1',
        eventId: 'e1',
        sequence: 1,
        outcome: 'APPLIED',
        newBookingUid: 'booking2',
        at,
      },
      { bookingUid: 'booking1', eventId: 'e1', sequence: 1, outcome: 'REFUSED', code: 'NOT_AVAILABLE', at },
      {
        bookingUid: 'booking1',
        eventId: 'e1',
        sequence: 1,
        outcome: 'REFUSED',
        code: 'Jane Doe wrote this',
        at,
      },
      { bookingUid: 'booking1', eventId: 'e1', sequence: 1, outcome: 'SUPERSEDED', ...times, at },
    ],
    BookingRescheduled: [
      { ...decided, previous: times, next: { start: '2026-11-24T11:00:00Z', end: '2026-11-24T11:30:00Z' } },
      { ...decided, previous: times, next: { ...times, end: '2026-11-25T00:15:30Z' } },
    ],
    BookingCancelled: (['DELETED_IN_CALENDAR', 'HOST_DECLINED', 'ALL_ATTENDEES_DECLINED'] as const).map(
      (reason) => ({
        ...decided,
        ...times,
        reason,
      }),
    ),
    ExternalEventChangeIgnored: [
      { ...seen, code: 'FIRST_LOOK', settles: false, seen: { status: 'confirmed' } },
    ],
  },
  calendarFeed: {
    SyncTokenExpired: [{ ...feed, reason: 'fullSyncRequired' }],
    FullSyncCompleted: [{ ...feed, events: 1 }],
    FetchingFailed: [{ ...feed, code: 'FORBIDDEN' }],
    FetchingRecovered: [feed],
    ChangesHeld: (['FIRST_LOOK', 'MASS_CHANGE', 'CALENDAR_GONE', 'ACCOUNT_CHANGED'] as const).map(
      (reason) => ({
        ...feed,
        reason,
        bookingUids: ['b1', 'b2'],
      }),
    ),
    HeldChangesReleased: [{ ...feed, bookingUids: ['b1'] }],
    HeldChangesDiscarded: [{ ...feed, bookingUids: ['b1'] }],
  },
  calendarSubscription: {
    SubscriptionRequested: [{ ...subscription, provider: 'google', calendarKey: 'key1' }],
    ChannelOpening: [
      { ...subscription, channelId: 'c1', credentialId: 'credential1', requestedExpiresAt: retryAt },
    ],
    SubscriptionActivated: [channel],
    SubscriptionRenewed: [channel],
    SubscriptionActivationFailed: [true, false].map((permanent) => ({
      ...subscription,
      channelId: 'c1',
      code: 'UNAVAILABLE',
      permanent,
      retryAt,
    })),
    ChannelStopped: (['STOPPED', 'UNKNOWN_TO_PROVIDER', 'EXPIRED'] as const).map((outcome) => ({
      ...subscription,
      channelId: 'c1',
      outcome,
    })),
    SubscriptionSuspended: [{ ...subscription, code: 'CREDENTIAL_REFUSED', retryAt }],
    SubscriptionReleased: [subscription],
  },
  calendarSync: {
    CalendarSyncRegistered: [
      { ...sync, userId: 'user1', provider: 'google', calendarKey: 'key1' },
      { ...sync, userId: 'user1', provider: 'google', calendarKey: 'key1', credentialId: 'credential1' },
    ],
    CalendarSyncPaused: [sync],
    CalendarSyncResumed: [sync],
    CalendarSyncRemoved: [sync],
    CalendarSyncUsed: [sync],
  },
  deployment: {
    DeploymentNamed: [{ deploymentId: 'd1' }],
    DeploymentHeldIn: [{ folderId: 'f1', path: '/home/Jane/data' }],
    DeploymentPublishesTo: [{ topic: 'bookings' }],
  },
  selectedCalendar: {
    SelectedCalendarRegistered: [
      {
        selectedCalendarId: 'sc1',
        userId: 'user1',
        provider: 'google',
        calendarKey: 'key1',
        credentialId: 'credential1',
        at,
      },
    ],
    SelectedCalendarRemoved: [{ selectedCalendarId: 'sc1', at }],
  },
  syncPolicy: {
    SyncPolicySet: [
      { scope: 'everything', mode: 'off', at },
      { scope: 'organization', scopeId: 'o1', mode: 'apply', at },
      { scope: 'user', scopeId: 'user1', mode: 'observe', at },
      { scope: 'calendarSync', scopeId: 's1', mode: 'apply', at },
    ],
    SyncPolicyLifted: [
      { scope: 'everything', at },
      { scope: 'user', scopeId: 'user1', at },
    ],
  },
}

/** All of them. */
export const allExamples: DomainEvent[] = Object.values(examples).flatMap((types) =>
  // Type and data belong together by the type of `examples`; Object.entries forgets it.
  Object.entries(types).flatMap(([type, data]) =>
    data.map((one: unknown) => ({ type, data: one }) as DomainEvent),
  ),
)
