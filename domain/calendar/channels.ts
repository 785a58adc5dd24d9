// Decides on the push channels of one calendar's subscription: when another channel is needed, and how each ended. Events,
// state and fold are in subscription.ts.

import { accept, type Decision, reject } from '../decision.ts'
import { defined } from '../optional-fields.ts'
import {
  type CalendarSubscription,
  type CalendarSubscriptionEvent,
  type Channel,
  type Opening,
  type RequestedSubscription,
  retryDelayMs,
} from './subscription.ts'

const unknown = reject('SUBSCRIPTION_UNKNOWN', 'There is no such subscription.')

/** True in the last 20 % of a channel's life, at most its last 24 hours. */
function isNearExpiry(channel: Channel, now: Temporal.Instant): boolean {
  const life = channel.expiresAt.epochMilliseconds - channel.openedAt.epochMilliseconds
  const margin = Math.min(life * 0.2, 24 * 3_600_000)
  return channel.expiresAt.epochMilliseconds - now.epochMilliseconds <= margin
}

/** The channel that was asked for last. The others wait to be stopped. */
export function currentChannel(subscription: RequestedSubscription): Channel | undefined {
  return subscription.channels.toSorted((a, b) => Temporal.Instant.compare(b.openedAt, a.openedAt))[0]
}

/**
 * True if a watch call is due. After failures it follows a schedule. None is due while one is under way, or if push is
 * refused for good. A suspended subscription needs one whatever channels it has: their credential was refused.
 */
export function needsChannel(subscription: RequestedSubscription, now: Temporal.Instant): boolean {
  if (subscription.status === 'RELEASED' || subscription.pushRefusedForGood) return false
  if (subscription.retryAt !== undefined && Temporal.Instant.compare(now, subscription.retryAt) < 0)
    return false
  if (subscription.openings.some((opening) => isUnderWay(opening, now))) return false
  const current = currentChannel(subscription)
  return subscription.status === 'SUSPENDED' || current === undefined || isNearExpiry(current, now)
}

/** A watch call that was not answered within a minute is taken for lost. */
const isUnderWay = (opening: Opening, now: Temporal.Instant): boolean =>
  now.epochMilliseconds - opening.at.epochMilliseconds < 60_000

/**
 * `force` opens a channel in spite of the retry schedule, for an operator or a replaced credential. A healthy channel, or a
 * call under way with the same credential, still prevents it.
 */
export function openChannel(
  state: CalendarSubscription,
  opening: {
    channelId: string
    credentialId: string
    requestedExpiresAt: string
    now: Temporal.Instant
    force?: boolean
  },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE') return unknown
  if (state.status === 'RELEASED')
    return reject('SUBSCRIPTION_RELEASED', 'The subscription was released: nobody needs this calendar.')
  if ([...state.openings, ...state.channels].some(({ channelId }) => channelId === opening.channelId))
    return accept()
  if (!needsChannel(opening.force ? unscheduled(state, opening.credentialId) : state, opening.now))
    return accept()
  return accept({
    type: 'ChannelOpening',
    data: {
      subscriptionId: state.subscriptionId,
      channelId: opening.channelId,
      credentialId: opening.credentialId,
      requestedExpiresAt: opening.requestedExpiresAt,
      at: opening.now.toString(),
    },
  })
}

function unscheduled(
  { retryAt: _, ...state }: RequestedSubscription,
  credentialId: string,
): RequestedSubscription {
  const openings = state.openings.filter((opening) => opening.credentialId === credentialId)
  return { ...state, openings, pushRefusedForGood: false }
}

/** Why a channel was given up whose end is not to come: Google's clock or ours is wrong, or the answer is. */
export const END_NOT_BELIEVED = 'CHANNEL_END_NOT_BELIEVED'

/**
 * A channel that ends sooner would be renewed at once, and so for ever: five minutes, or half of the life asked for if
 * that is less.
 */
function isEndBelieved({ at, requestedExpiresAt }: Opening, { expiresAt, ...opened }: OpenedAt): boolean {
  const asked = requestedExpiresAt.epochMilliseconds - at.epochMilliseconds
  const given = Temporal.Instant.from(expiresAt).since(opened.at).total('milliseconds')
  return given >= Math.min(300_000, asked / 2)
}
type OpenedAt = { expiresAt: string; at: string }

/**
 * Records that the channel is open: the watch answer says so, or the channel's authenticated `sync` message. One whose
 * end is not believed counts as failed, and is to be stopped.
 */
export function activateChannel(
  state: CalendarSubscription,
  opened: { channelId: string; resourceId: string; expiresAt: string; at: string },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE') return unknown
  if (state.channels.some(({ channelId }) => channelId === opened.channelId)) return accept()
  const opening = state.openings.find(({ channelId }) => channelId === opened.channelId)
  if (opening === undefined) return accept()
  if (!isEndBelieved(opening, opened)) {
    const refusal = { code: END_NOT_BELIEVED, permanent: false, suspends: false }
    return failActivation(state, {
      ...refusal,
      channelId: opened.channelId,
      now: Temporal.Instant.from(opened.at),
    })
  }
  return accept({
    type: state.channels.length === 0 ? 'SubscriptionActivated' : 'SubscriptionRenewed',
    data: { subscriptionId: state.subscriptionId, ...opened },
  })
}

/**
 * Records a failed watch call. A refused credential suspends; any other failure is retried with growing delay, up to a day.
 * A channel that has pushed is open, whatever the answer to its call was.
 */
export function failActivation(
  state: CalendarSubscription,
  failure: {
    channelId: string
    code: string
    reason?: string
    permanent: boolean
    suspends: boolean
    retryAfterMs?: number
    now: Temporal.Instant
  },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE') return unknown
  const { channelId, code, reason, permanent, suspends, now } = failure
  if (!state.openings.some((opening) => opening.channelId === channelId)) return accept()
  const delay = Math.max(failure.retryAfterMs ?? 0, retryDelayMs(state.failures))
  const shared = {
    subscriptionId: state.subscriptionId,
    code,
    ...defined({ reason }),
    retryAt: now.add({ milliseconds: delay }).toString(),
    at: now.toString(),
  }
  const failed: CalendarSubscriptionEvent = {
    type: 'SubscriptionActivationFailed',
    data: { ...shared, channelId, permanent },
  }
  return suspends && state.status !== 'SUSPENDED' && state.status !== 'RELEASED'
    ? accept<CalendarSubscriptionEvent>(failed, { type: 'SubscriptionSuspended', data: shared })
    : accept(failed)
}

export function stopChannel(
  state: CalendarSubscription,
  stopped: { channelId: string; outcome: 'STOPPED' | 'UNKNOWN_TO_PROVIDER' | 'EXPIRED'; at: string },
): Decision<CalendarSubscriptionEvent> {
  if (state.kind === 'NONE') return unknown
  const known = [...state.channels, ...state.openings].some(
    ({ channelId }) => channelId === stopped.channelId,
  )
  if (!known) return accept()
  return accept({ type: 'ChannelStopped', data: { subscriptionId: state.subscriptionId, ...stopped } })
}
