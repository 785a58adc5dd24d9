// The push subscriptions as the crons and people look at them. Documents are folded by the domain's own `evolve`.
import {
  evolveCalendarSubscription,
  initialCalendarSubscription,
  type RequestedSubscription,
} from '../domain/calendar/subscription.ts'
import { defined, ifDefined } from '../domain/optional-fields.ts'
import type { ReadStore } from '../ports/read-store/read-store.ts'
import { indexKey, under } from './index-key.ts'
import { defineReadModel, type Page, type PageRequest } from './read-model.ts'
import { instant, type StoredState, storeState } from './stored-state.ts'

export type SubscriptionStatus = RequestedSubscription['status']

/** Instants are RFC 3339 in UTC. */
export type SubscriptionDocument = {
  subscriptionId: string
  provider: string
  calendarKey: string
  status: SubscriptionStatus
  channels: {
    channelId: string
    resourceId: string
    credentialId: string
    openedAt: string
    expiresAt: string
  }[]
  /** Channels asked for whose answer is not known. */
  openings: { channelId: string; credentialId: string; at: string; requestedExpiresAt: string }[]
  /** Failed activations since the last that succeeded. */
  failures: number
  lastError?: string
  retryAt?: string
  /** The provider never pushes for this calendar: it is polled. */
  pushRefusedForGood: boolean
}

const model = defineReadModel({
  name: 'subscriptions',
  version: 4,
  categories: ['calendarSubscription'],
  indexes: ['byStatus', 'leftOpen', 'byResource', 'polled'],
  keys: ({ subscriptionId, status, channels, openings, ...document }: SubscriptionDocument) => ({
    byStatus: [indexKey(status, subscriptionId)],
    leftOpen: status === 'RELEASED' && channels.length + openings.length > 0 ? [subscriptionId] : [],
    byResource: status === 'RELEASED' ? [] : resourcesOf(channels),
    polled: isPolled({ status, channels, ...document }) ? [subscriptionId] : [],
  }),
  changes: (event) => [
    {
      id: event.data.subscriptionId,
      change(document): SubscriptionDocument | undefined {
        const named = event.type === 'SubscriptionRequested' ? event.data : document
        const before = document ? subscriptionState(document) : initialCalendarSubscription
        const state = evolveCalendarSubscription(before, event)
        if (named === undefined || state.kind === 'NONE') return undefined
        const {
          kind: _,
          channels,
          openings,
          ...stored
        }: StoredState<RequestedSubscription> = storeState(state)
        const { provider, calendarKey } = named
        return { ...stored, provider, calendarKey, channels: [...channels], openings: [...openings] }
      },
    },
  ],
})

/** A calendar that is watched under two names gives both its one resource id. */
const resourcesOf = (channels: SubscriptionDocument['channels']): string[] => [
  ...new Set(channels.map(({ resourceId }) => resourceId)),
]

/** No channel can be opened: the calendar is read by time alone. */
const isPolled = ({
  status,
  channels,
  failures,
  pushRefusedForGood,
}: Pick<SubscriptionDocument, 'status' | 'channels' | 'failures' | 'pushRefusedForGood'>): boolean =>
  status === 'PENDING' && channels.length === 0 && (failures > 0 || pushRefusedForGood)

export const subscriptions = model.projection

/** One subscription. */
export const subscriptionById = (readStore: ReadStore, subscriptionId: string) =>
  model.get(readStore, subscriptionId)

/** All, ordered by id. */
export const listSubscriptions = (
  readStore: ReadStore,
  page: PageRequest,
): Promise<Page<SubscriptionDocument>> => model.list(readStore, page)

/** All with this status. */
export const subscriptionsWithStatus = (readStore: ReadStore, status: SubscriptionStatus) =>
  model.all(readStore, 'byStatus', under(status))

/** Those that were released with a channel open, or perhaps open, which is still to be stopped. */
export const subscriptionsLeftOpen = (readStore: ReadStore) =>
  model.all(readStore, 'leftOpen', { prefix: '' })

/** The calendars that are watched under two names, each group by the resource id that the provider gives them. */
export async function subscriptionsOfOneResource(readStore: ReadStore): Promise<SubscriptionDocument[][]> {
  const groups: SubscriptionDocument[][] = []
  let last: { key: string; group: SubscriptionDocument[] } | undefined
  for await (const { key, value } of model.each(readStore, 'byResource', { prefix: '' })) {
    if (last?.key === key) last.group.push(value)
    else last = { key, group: [value] }
    if (last.group.length === 2) groups.push(last.group)
  }
  return groups
}

/** How many calendars are read by time alone, because no channel can be opened. */
export const countPolled = (readStore: ReadStore): Promise<number> =>
  model.count(readStore, 'polled', { prefix: '' })

/** How many have this status. */
export const countSubscriptions = (readStore: ReadStore, status: SubscriptionStatus): Promise<number> =>
  model.count(readStore, 'byStatus', under(status))

/** The domain's state again, for its questions (`needsChannel`, `currentChannel`). */
export const subscriptionState = ({
  provider: _,
  calendarKey: __,
  retryAt,
  ...stored
}: SubscriptionDocument): RequestedSubscription => ({
  ...stored,
  kind: 'REQUESTED',
  channels: stored.channels.map((channel) => ({
    ...channel,
    openedAt: instant(channel.openedAt),
    expiresAt: instant(channel.expiresAt),
  })),
  openings: stored.openings.map((opening) => ({
    ...opening,
    at: instant(opening.at),
    requestedExpiresAt: instant(opening.requestedExpiresAt),
  })),
  ...defined({ retryAt: ifDefined(retryAt, instant) }),
})
