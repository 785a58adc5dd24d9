import { defined } from '../../domain/optional-fields.ts'
import { refusal } from './api-error.ts'
import type { CalendarState } from './calendar-state.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A channel as opened. `expiration` in epoch milliseconds. It stays known after it has ended. */
export type Channel = {
  id: string
  calendarId: string
  resourceId: string
  resourceUri: string
  address: string
  token?: string
  expiration: number
  /** The number of the last message, sent or dropped. */
  messageNumber: number
  openedMs: number
  stoppedMs?: number
  /** Notifications still to come after the stop. */
  stragglers: number
  /** The user that opened it, where known. */
  user?: string
}

/** One HTTP request that Google would make, and in how many milliseconds from now. The body is empty. */
export type Push = {
  channelId: string
  calendarId: string
  address: string
  headers: { [name: string]: string }
  afterMs: number
}

/** What may happen to pushes. Shares are from 0 to 1, by the seed; times in milliseconds. */
export type PushSettings = {
  /** Share that never arrives. */
  drop: number
  /** Share that arrives twice. */
  double: number
  /** Share that is overtaken: held back by up to `reorderMs`. */
  reorder: number
  reorderMs: number
  /** Every push comes between these two after the change. */
  delayMs: [number, number]
  /** The `sync` message comes so much after the watch call's answer; 0: before it. */
  syncDelayMs: number
  /** So many notifications still come on a channel after it was stopped. */
  stragglers: number
  /** How the resource URI of channels opened from now on writes the calendar's `@`; both were seen. */
  uriAt: '%40' | '@'
}

export const calmPushes: PushSettings = {
  drop: 0,
  double: 0,
  reorder: 0,
  reorderMs: 2000,
  delayMs: [0, 0],
  syncDelayMs: 0,
  stragglers: 0,
  uriAt: '%40',
}

export type WatchBody = {
  id?: unknown
  type?: unknown
  address?: unknown
  token?: unknown
  expiration?: unknown
  params?: unknown
}

const MAX_LIFE_MS = 30 * 86_400_000
const DEFAULT_LIFE_S = 604_800

/** Checks a watch request and makes the channel. Throws Google's errors. `known`: whether the id was ever used. */
export function openChannel(
  calendar: CalendarState,
  body: WatchBody,
  query: URLSearchParams,
  context: { nowMs: number; known: boolean; user?: string; stragglers: number; uriAt: '%40' | '@' },
): Channel {
  const { id, type, address, token } = body
  if (typeof id !== 'string' || id === '') throw refusal('required', { message: 'Required' })
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) throw refusal('invalid', { message: 'Invalid Value: id' })
  if (type !== 'web_hook' && type !== 'webhook') throw refusal('invalid', { message: 'Unknown channel type' })
  if (typeof address !== 'string') throw refusal('required')
  addressMustBeReachable(address)
  if (token !== undefined && (typeof token !== 'string' || token.length > 256)) {
    throw refusal('invalid', { message: 'Invalid Value: token' })
  }
  if (!calendar.settings.pushSupported) throw refusal('pushNotSupportedForRequestedResource')
  if (context.known) throw refusal('channelIdNotUnique', { message: `Channel id ${id} not unique` })
  return {
    id,
    calendarId: calendar.id,
    resourceId: calendar.resourceId,
    resourceUri: resourceUri(calendar.id, query, context.uriAt),
    address,
    ...(token !== undefined && token !== '' && { token }),
    expiration: expirationOf(body, context.nowMs),
    messageNumber: 0,
    openedMs: context.nowMs,
    stragglers: context.stragglers,
    ...defined({ user: context.user }),
  }
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

function addressMustBeReachable(address: string): void {
  const url = URL.parse(address)
  if (!url) throw refusal('invalid', { message: 'Invalid Value: address' })
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))) return
  throw refusal('push.webhookUrlNotHttps', { message: `WebHook callback must be HTTPS: ${address}` })
}

function expirationOf(body: WatchBody, nowMs: number): number {
  const { expiration, params } = body
  const ttl = typeof params === 'object' && params !== null && 'ttl' in params ? params.ttl : undefined
  const asked =
    expiration !== undefined && expiration !== null
      ? Number(expiration)
      : nowMs + Number(ttl ?? DEFAULT_LIFE_S) * 1000
  if (!Number.isFinite(asked) || asked <= nowMs)
    throw refusal('invalid', { message: 'Invalid Value: expiration' })
  return Math.min(Math.floor(asked), nowMs + MAX_LIFE_MS)
}

function resourceUri(calendarId: string, query: URLSearchParams, at: '%40' | '@'): string {
  const own = new URLSearchParams(query)
  own.delete('alt')
  const rest = own.toString()
  const name = encodeURIComponent(calendarId).replaceAll('%40', at)
  return `https://www.googleapis.com/calendar/v3/calendars/${name}/events?alt=json${rest && `&${rest}`}`
}

/** What `events.watch` answers. */
export function channelAnswer(channel: Channel): { [field: string]: string } {
  return {
    kind: 'api#channel',
    id: channel.id,
    resourceId: channel.resourceId,
    resourceUri: channel.resourceUri,
    ...defined({ token: channel.token }),
    expiration: String(channel.expiration),
  }
}

/** Whether a change is told on this channel now. */
export const isOpen = (channel: Channel, nowMs: number) =>
  nowMs < channel.expiration && (channel.stoppedMs === undefined || channel.stragglers > 0)

/** The `sync` message, number 1. */
export function syncPush(channel: Channel, settings: PushSettings): Push {
  channel.messageNumber = 1
  return { ...pushOn(channel, 'sync'), afterMs: settings.syncDelayMs }
}

/**
 * The pushes that one change makes on one channel: none if dropped, two if doubled. The number rises with a gap, a
 * large one after `sync`, dropped or not.
 */
export function changePushes(channel: Channel, settings: PushSettings, random: SeededRandom): Push[] {
  channel.messageNumber +=
    channel.messageNumber <= 1 ? random.between(100_000, 2_200_000) : random.between(1, 60_000)
  if (channel.stoppedMs !== undefined) channel.stragglers--
  if (random.next() < settings.drop) return []
  const copies = random.next() < settings.double ? 2 : 1
  return Array.from({ length: copies }, () => {
    const held = random.next() < settings.reorder ? random.between(1, settings.reorderMs) : 0
    return { ...pushOn(channel, 'exists'), afterMs: random.between(...settings.delayMs) + held }
  })
}

function pushOn(channel: Channel, state: 'sync' | 'exists'): Push {
  const { id, calendarId, address } = channel
  return {
    channelId: id,
    calendarId,
    address,
    afterMs: 0,
    headers: {
      'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
      accept: '*/*',
      'x-goog-channel-id': id,
      'x-goog-channel-expiration': new Date(channel.expiration).toUTCString(),
      'x-goog-resource-state': state,
      'x-goog-message-number': String(channel.messageNumber),
      'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-uri': channel.resourceUri,
      ...defined({ 'x-goog-channel-token': channel.token }),
    },
  }
}
