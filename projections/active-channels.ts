// The channels that a push may come from: from before the provider is asked for one until it is stopped or refused.
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { defineReadModel } from './read-model.ts'

/** `resourceId` and `expiresAt` (RFC 3339, UTC) are known once the provider has answered. */
export type ActiveChannelDocument = {
  channelId: string
  subscriptionId: string
  calendarKey: string
  resourceId?: string
  expiresAt?: string
}

const model = defineReadModel({
  name: 'active-channels',
  version: 1,
  categories: ['calendarSubscription'],
  indexes: [],
  keys: (_: ActiveChannelDocument) => ({}),
  changes(event) {
    switch (event.type) {
      case 'ChannelOpening': {
        const { channelId, subscriptionId } = event.data
        const opening = { channelId, subscriptionId, calendarKey: calendarOf(event.stream) }
        return [{ id: channelId, change: (channel) => channel ?? opening }]
      }
      case 'SubscriptionActivated':
      case 'SubscriptionRenewed': {
        const { channelId, subscriptionId, resourceId, expiresAt } = event.data
        const calendarKey = calendarOf(event.stream)
        const opened = { channelId, subscriptionId, calendarKey, resourceId, expiresAt }
        return [{ id: channelId, change: () => opened }]
      }
      case 'SubscriptionActivationFailed':
        // A channel that pushed before its answer failed is open all the same.
        return [
          {
            id: event.data.channelId,
            change: (channel) => removed(channel?.resourceId ? undefined : channel),
          },
        ]
      case 'ChannelStopped':
        return [{ id: event.data.channelId, change: removed }]
      default:
        return []
    }
  },
})

export const activeChannels = model.projection

/** The channel that a push names: one look-up by id. */
export const activeChannel = (readStore: ReadStore, channelId: string) => model.get(readStore, channelId)

const removed = (channel: ActiveChannelDocument | undefined) => channel && ('remove' as const)

/** A subscription's stream is named by its calendar. */
const calendarOf = (stream: string): string => decodeURIComponent(stream.slice(stream.indexOf('-') + 1))
