import type { IncomingHttpHeaders } from 'node:http'
import { calendarSubscriptionAggregate } from '../../commands/aggregates.ts'
import { execute, load } from '../../commands/execute.ts'
import { activateChannel } from '../../domain/calendar/channels.ts'
import type { CalendarSubscription } from '../../domain/calendar/subscription.ts'
import { accept } from '../../domain/decision.ts'
import { UnknownEventType } from '../../ports/event-store/event-codec.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Outside, Settings, Stores, Time } from '../../ports/port-groups.ts'
import { StoreUnavailable } from '../../ports/store-unavailable.ts'
import { activeChannel } from '../../projections/active-channels.ts'
import type { OutageLog } from '../running/outage-log.ts'
import { contextOf } from '../running/service-ports.ts'
import type { OnStoreAway } from '../running/store-away.ts'
import { channelTokens, isOneOf } from './channel-tokens.ts'
import { type KnownChannel, knownChannels } from './known-channels.ts'
import type { OrphanedChannel } from './orphaned-channels.ts'
import { type PushHeaders, readExpiration, readPushHeaders } from './push-headers.ts'

/**
 * The answer to a push. 200: the push is durable, or there is nothing to keep (`sync`). Google repeats a push answered 503,
 * and no other. CHANNEL_ORPHANED: by its token the channel is ours, and no record knows it.
 */
export type PushAnswer =
  | { status: 200; outcome: 'SIGNALLED' | 'SYNC' }
  | { status: 400; outcome: 'HEADERS_MALFORMED' }
  | { status: 401; outcome: 'TOKEN_REFUSED' | 'RESOURCE_REFUSED' }
  | { status: 404; outcome: 'CHANNEL_UNKNOWN' | 'CHANNEL_ORPHANED' }
  | { status: 503; outcome: 'STORE_UNAVAILABLE' }

export type GooglePush = {
  /** Takes in one push by its headers; its body is empty. Rejects only with unexpected errors. */
  receive(headers: IncomingHttpHeaders): Promise<PushAnswer>
  /** Pushes that this process has taken and not answered yet, and the age of the oldest in milliseconds. */
  inHand(): { backlog: number; oldestAgeMs: number | null }
  /** Makes stops of channels count at once instead of within half a minute, until `signal` aborts. */
  followStops(outages: OutageLog, signal: AbortSignal): Promise<void>
}

export type GooglePushPorts = Pick<Stores, 'events' | 'readStore' | 'queue'> &
  Pick<Time, 'newId' | 'clock'> &
  Pick<Outside, 'log' | 'push'> & {
    settings: Pick<Settings['settings'], 'settleMs'>
    metrics: Pick<Metrics, 'pushAnswered'>
    onStoreAway: OnStoreAway
    /** Begins to stop a channel of ours that no record knows. Does not wait. */
    stopOrphan?(channel: OrphanedChannel): void
  }

const unknown: PushAnswer = { status: 404, outcome: 'CHANNEL_UNKNOWN' }
const resourceRefused: PushAnswer = { status: 401, outcome: 'RESOURCE_REFUSED' }

/** The id of a channel opened here: the subscription's, which is the calendar's key, and a nonce. */
const OUR_CHANNEL_ID = /^([0-9a-f]{32})-./

/** Takes in Google's pushes: checks them in the order of the contract, and signals their calendars. */
export function createGooglePush(ports: GooglePushPorts): GooglePush {
  const { push: settings, clock, readStore, events, queue, metrics, log } = ports
  const channels = knownChannels({ clock, events })
  /** Pushes in hand, in the order in which they came. */
  const inHand = new Set<{ at: Temporal.Instant }>()
  const msSince = (at: Temporal.Instant) => clock.now().epochMilliseconds - at.epochMilliseconds

  async function answerTo(push: PushHeaders, at: Temporal.Instant): Promise<PushAnswer> {
    const cause = { channelId: push.channelId, messageNumber: push.messageNumber, receivedAt: at.toString() }
    const channel = channels.get(push.channelId, at) ?? (await lookUp(push))
    if (channel === undefined || channel === 'GONE') return unknown
    if (!isOneOf(channel.tokens, push.token)) return { status: 401, outcome: 'TOKEN_REFUSED' }
    if (channel.resourceId === undefined) {
      const learned = await learnResource(channel, push, cause)
      if (learned !== undefined) return learned
    } else if (channel.resourceId !== push.resourceId) return resourceRefused
    if (push.state === 'sync') return { status: 200, outcome: 'SYNC' }
    await queue.signal(
      { kind: 'calendar', key: channel.calendarKey },
      { cause, dueInMs: ports.settings.settleMs },
    )
    return { status: 200, outcome: 'SIGNALLED' }
  }

  /**
   * The channel by its read model. A channel that is missing there but has a valid token is looked up in its stream, by its
   * id. Without a valid token nobody can make us read a stream.
   */
  async function lookUp({ channelId, token }: PushHeaders): Promise<KnownChannel | undefined> {
    if (settings === undefined) return undefined
    const projected = await activeChannel(readStore, channelId)
    const tokens = channelTokens(settings.tokensFor(channelId))
    if (projected === undefined) {
      const [, calendarKey] = OUR_CHANNEL_ID.exec(channelId) ?? []
      return calendarKey !== undefined && isOneOf(tokens, token) ? { calendarKey, tokens } : undefined
    }
    const { calendarKey, resourceId } = projected
    if (resourceId === undefined) return { calendarKey, tokens }
    const channel = { calendarKey, tokens, resourceId }
    channels.put(channelId, channel)
    return channel
  }

  /**
   * Learns the resource id from an authenticated push, if the answer to the watch call is missing. The channel is active
   * then. Returns an answer to refuse the push with; undefined if all is well.
   */
  async function learnResource(
    { calendarKey, tokens }: KnownChannel,
    push: PushHeaders,
    cause: { channelId: string; messageNumber: number; receivedAt: string },
  ): Promise<PushAnswer | undefined> {
    const { channelId, resourceId } = push
    const { state } = await load(events, calendarSubscriptionAggregate, calendarKey)
    let onRecord = recordOf(state, channelId)
    if (onRecord === 'OPENING' && resourceId === undefined) return resourceRefused
    if (onRecord === 'OPENING' && resourceId !== undefined) {
      const context = contextOf(ports, 'webhook:google', cause)
      await execute(ports, context, calendarSubscriptionAggregate, calendarKey, (current) => {
        onRecord = recordOf(current, channelId)
        const opening = openingOf(current, channelId)
        if (opening === undefined) return accept()
        onRecord = { resourceId }
        const expiresAt = (readExpiration(push.expiration) ?? opening.requestedExpiresAt).toString()
        const activated = activateChannel(current, {
          channelId,
          resourceId,
          expiresAt,
          at: cause.receivedAt,
        })
        const isOpen =
          activated.ok && activated.events.every(({ type }) => type !== 'SubscriptionActivationFailed')
        if (!isOpen) onRecord = 'NOTHING'
        return activated
      })
    }
    if (typeof onRecord === 'string') {
      channels.put(channelId, 'GONE')
      log.warn({ channelId, resourceId, calendarKey }, 'orphaned channel still sends pushes')
      if (resourceId !== undefined) ports.stopOrphan?.({ calendarKey, channelId, resourceId })
      return { status: 404, outcome: 'CHANNEL_ORPHANED' }
    }
    channels.put(channelId, { calendarKey, tokens, resourceId: onRecord.resourceId })
    return onRecord.resourceId === resourceId ? undefined : resourceRefused
  }

  async function answer(headers: IncomingHttpHeaders, at: Temporal.Instant): Promise<PushAnswer> {
    const push = readPushHeaders(headers)
    if (push === undefined) return { status: 400, outcome: 'HEADERS_MALFORMED' }
    try {
      return await answerTo(push, at)
    } catch (error) {
      if (error instanceof StoreUnavailable) ports.onStoreAway(error)
      // A stream written by a newer version is readable again once this process has been brought up to date.
      else if (error instanceof UnknownEventType)
        log.warn({ err: error, channelId: push.channelId }, 'push not stored, answered 503')
      else throw error
      return { status: 503, outcome: 'STORE_UNAVAILABLE' }
    }
  }

  return {
    async receive(headers) {
      const at = clock.now()
      const push = { at }
      inHand.add(push)
      try {
        const answered = await answer(headers, at)
        metrics.pushAnswered(answered.status, msSince(at) / 1000)
        return answered
      } finally {
        inHand.delete(push)
      }
    },
    inHand() {
      const [oldest] = inHand
      return { backlog: inHand.size, oldestAgeMs: oldest ? Math.max(0, msSince(oldest.at)) : null }
    },
    followStops: channels.followStops,
  }
}

const openingOf = (state: CalendarSubscription, channelId: string) =>
  state.kind === 'NONE' ? undefined : state.openings.find((opening) => opening.channelId === channelId)

/** The channel's record in its stream: its resource id, its opening, or nothing. */
function recordOf(
  state: CalendarSubscription,
  channelId: string,
): { resourceId: string } | 'OPENING' | 'NOTHING' {
  if (state.kind === 'NONE') return 'NOTHING'
  const channel = state.channels.find((one) => one.channelId === channelId)
  if (channel !== undefined) return { resourceId: channel.resourceId }
  return openingOf(state, channelId) === undefined ? 'NOTHING' : 'OPENING'
}
