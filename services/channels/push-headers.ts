import type { IncomingHttpHeaders } from 'node:http'
import { defined } from '../../domain/optional-fields.ts'

/** The headers of a push (Google Calendar API, "Push notifications": X-Goog-… headers; the body is empty). */
export type PushHeaders = {
  channelId: string
  /** Rises within a channel, with gaps; `sync` is 1. */
  messageNumber: number
  /** `sync`: the channel is open. `exists`: any change, deletions included. `not_exists` is taken like `exists`. */
  state: 'sync' | 'exists' | 'not_exists'
  resourceId?: string
  token?: string
  /** When the channel ends, as a person would write it. */
  expiration?: string
}

/** The ids that `events.watch` takes. */
const CHANNEL_ID = /^[A-Za-z0-9\-_+/=]{1,64}$/
const NUMBER = /^\d{1,16}$/
/** The id is opaque, without space or comma: these join a header that was sent twice. */
const RESOURCE_ID = /^[\x21-\x2b\x2d-\x7e]{1,512}$/

/**
 * Reads the headers of a push; undefined if one is malformed. A missing token or resource id counts as a wrong one, and not
 * as malformed.
 */
export function readPushHeaders(headers: IncomingHttpHeaders): PushHeaders | undefined {
  const channelId = headers['x-goog-channel-id']
  const number = headers['x-goog-message-number']
  const state = headers['x-goog-resource-state']
  if (typeof channelId !== 'string' || !CHANNEL_ID.test(channelId)) return undefined
  if (typeof number !== 'string' || !NUMBER.test(number)) return undefined
  const messageNumber = Number(number)
  if (!Number.isSafeInteger(messageNumber)) return undefined
  if (state !== 'sync' && state !== 'exists' && state !== 'not_exists') return undefined
  const resourceId = given(headers['x-goog-resource-id'])
  if (resourceId !== undefined && !RESOURCE_ID.test(resourceId)) return undefined
  const token = given(headers['x-goog-channel-token'])
  const expiration = given(headers['x-goog-channel-expiration'])
  return {
    channelId,
    messageNumber,
    state,
    ...defined({ resourceId, token, expiration }),
  }
}

const given = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** An HTTP date (RFC 9110, 5.6.7) as an instant; undefined if it is missing or unreadable. */
export function readExpiration(text: string | undefined): Temporal.Instant | undefined {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(milliseconds) ? undefined : Temporal.Instant.fromEpochMilliseconds(milliseconds)
}
