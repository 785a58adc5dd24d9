// One Google calendar's push subscription, shared by every CalendarSync and SelectedCalendar on it. Stream:
// calendarSubscription-<calendarKey>. The record is never deleted, so that every channel can be stopped until it expires.
// The event types are a storage format. channels.ts decides when channels are opened and stopped.
import { waitAfter } from '../backoff.ts'
import { accept, type Decision } from '../decision.ts'
import { defined } from '../optional-fields.ts'

export type CalendarSubscriptionEvent =
  | {
      type: 'SubscriptionRequested'
      data: { subscriptionId: string; provider: string; calendarKey: string; at: string }
    }
  /** Appended before the provider is asked, so that a crash in between leaves a trace of the channel. */
  | {
      type: 'ChannelOpening'
      data: {
        subscriptionId: string
        channelId: string
        credentialId: string
        requestedExpiresAt: string
        at: string
      }
    }
  | { type: 'SubscriptionActivated'; data: OpenedChannel }
  /** A further channel beside the open ones, which are stopped after the overlap. */
  | { type: 'SubscriptionRenewed'; data: OpenedChannel }
  | {
      type: 'SubscriptionActivationFailed'
      data: {
        subscriptionId: string
        channelId: string
        code: string
        reason?: string
        /** True: the provider will never push for this calendar, which is polled instead. */
        permanent: boolean
        retryAt: string
        at: string
      }
    }
  | {
      type: 'ChannelStopped'
      data: {
        subscriptionId: string
        channelId: string
        outcome: 'STOPPED' | 'UNKNOWN_TO_PROVIDER' | 'EXPIRED'
        at: string
      }
    }
  | {
      type: 'SubscriptionSuspended'
      data: { subscriptionId: string; code: string; reason?: string; retryAt: string; at: string }
    }
  | { type: 'SubscriptionReleased'; data: { subscriptionId: string; at: string } }

type OpenedChannel = {
  subscriptionId: string
  channelId: string
  resourceId: string
  expiresAt: string
  at: string
}

export type Channel = {
  channelId: string
  resourceId: string
  credentialId: string
  openedAt: Temporal.Instant
  expiresAt: Temporal.Instant
}
/** A channel that was asked for, without an answer yet; after a crash, for ever. */
export type Opening = {
  channelId: string
  credentialId: string
  at: Temporal.Instant
  requestedExpiresAt: Temporal.Instant
}

export type CalendarSubscription =
  | { kind: 'NONE' }
  | {
      kind: 'REQUESTED'
      status: 'PENDING' | 'ACTIVE' | 'SUSPENDED' | 'RELEASED'
      subscriptionId: string
      channels: readonly Channel[]
      openings: readonly Opening[]
      failures: number
      retryAt?: Temporal.Instant
      lastError?: string
      pushRefusedForGood: boolean
    }

export type RequestedSubscription = Extract<CalendarSubscription, { kind: 'REQUESTED' }>

export const initialCalendarSubscription: CalendarSubscription = { kind: 'NONE' }

export function evolveCalendarSubscription(
  state: CalendarSubscription,
  event: CalendarSubscriptionEvent,
): CalendarSubscription {
  if (event.type === 'SubscriptionRequested') {
    const kept = state.kind === 'REQUESTED' ? state : { channels: [], openings: [] }
    const at = Temporal.Instant.from(event.data.at)
    const live = kept.channels.some(({ expiresAt }) => Temporal.Instant.compare(at, expiresAt) < 0)
    return {
      kind: 'REQUESTED',
      status: live ? 'ACTIVE' : 'PENDING',
      subscriptionId: event.data.subscriptionId,
      channels: kept.channels,
      openings: kept.openings,
      failures: 0,
      pushRefusedForGood: false,
    }
  }
  if (state.kind === 'NONE') return state
  switch (event.type) {
    case 'ChannelOpening': {
      const { channelId, credentialId, requestedExpiresAt, at } = event.data
      const opening = {
        channelId,
        credentialId,
        at: Temporal.Instant.from(at),
        requestedExpiresAt: Temporal.Instant.from(requestedExpiresAt),
      }
      return { ...state, openings: [...state.openings, opening] }
    }
    case 'SubscriptionActivated':
    case 'SubscriptionRenewed':
      return withChannel(state, event.data)
    case 'SubscriptionActivationFailed':
      return {
        ...state,
        openings: state.openings.filter((opening) => opening.channelId !== event.data.channelId),
        failures: state.failures + 1,
        retryAt: Temporal.Instant.from(event.data.retryAt),
        lastError: event.data.code,
        pushRefusedForGood: event.data.permanent,
      }
    case 'ChannelStopped': {
      const channels = state.channels.filter((channel) => channel.channelId !== event.data.channelId)
      const openings = state.openings.filter((opening) => opening.channelId !== event.data.channelId)
      const status = state.status === 'ACTIVE' && channels.length === 0 ? 'PENDING' : state.status
      return { ...state, channels, openings, status }
    }
    case 'SubscriptionSuspended':
      return {
        ...state,
        status: state.status === 'RELEASED' ? 'RELEASED' : 'SUSPENDED',
        retryAt: Temporal.Instant.from(event.data.retryAt),
        lastError: event.data.code,
      }
    case 'SubscriptionReleased':
      return { ...state, status: 'RELEASED' }
    default:
      return state
  }
}

function withChannel(state: RequestedSubscription, opened: OpenedChannel): RequestedSubscription {
  const opening = state.openings.find(({ channelId }) => channelId === opened.channelId)
  const channel = {
    channelId: opened.channelId,
    resourceId: opened.resourceId,
    credentialId: opening?.credentialId ?? '',
    openedAt: opening?.at ?? Temporal.Instant.from(opened.at),
    expiresAt: Temporal.Instant.from(opened.expiresAt),
  }
  const { retryAt: _, lastError: __, ...healthy } = state
  return {
    ...healthy,
    status: state.status === 'RELEASED' ? 'RELEASED' : 'ACTIVE',
    channels: [...state.channels.filter(({ channelId }) => channelId !== opened.channelId), channel],
    openings: state.openings.filter(({ channelId }) => channelId !== opened.channelId),
    failures: 0,
    pushRefusedForGood: false,
  }
}

export function requestSubscription(
  state: CalendarSubscription,
  request: { subscriptionId: string; provider: string; calendarKey: string; at: string },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'REQUESTED' && state.status !== 'RELEASED') return accept()
  return accept({ type: 'SubscriptionRequested', data: request })
}

/** Suspends the subscription until another credential is stored: a fetch was refused for the present one. */
export function suspendSubscription(
  state: CalendarSubscription,
  failure: { code: string; reason?: string; now: Temporal.Instant },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE' || state.status === 'SUSPENDED' || state.status === 'RELEASED') return accept()
  return accept({
    type: 'SubscriptionSuspended',
    data: {
      subscriptionId: state.subscriptionId,
      code: failure.code,
      ...defined({ reason: failure.reason }),
      retryAt: failure.now.add({ milliseconds: retryDelayMs(state.failures) }).toString(),
      at: failure.now.toString(),
    },
  })
}

/**
 * Lifts a suspension after a successful fetch, which shows that the credential is good. No watch call will show that.
 */
export function healSubscription(
  state: CalendarSubscription,
  fetched: { provider: string; calendarKey: string; at: string },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE' || state.status !== 'SUSPENDED') return accept()
  return accept({
    type: 'SubscriptionRequested',
    data: { subscriptionId: state.subscriptionId, ...fetched },
  })
}

/** The delay before a retry: one minute, doubled with each failure, a day at most. */
export const retryDelayMs = (failures: number): number =>
  waitAfter({ firstMs: 60_000, longestMs: 24 * 3_600_000 }, failures)

export function releaseSubscription(
  state: CalendarSubscription,
  at: string,
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE' || state.status === 'RELEASED') return accept()
  return accept({ type: 'SubscriptionReleased', data: { subscriptionId: state.subscriptionId, at } })
}
