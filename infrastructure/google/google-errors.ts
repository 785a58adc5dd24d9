import type { ProviderError } from '../../ports/calendar-provider.ts'
import { AnswerRefused } from '../answers/bounded-fetch.ts'
import { isRecord } from './google-event.ts'

/** The thing asked, as far as it changes what an error means. `now` resolves a Retry-After given as a date. */
export type Question = { now: Temporal.Instant; syncToken?: boolean; pageToken?: boolean }

/** An answer of Google's that is not a success. */
export type RefusedAnswer = { status: number; body: unknown; retryAfter?: string | null }

/**
 * The meaning of a failed call of the client (or of fetch): an answer of Google's, or none at all, which is always
 * UNAVAILABLE. Only reason codes go out, never a message: messages can name calendars and people.
 */
export function providerError(failure: unknown, question: Question): ProviderError {
  const answer = isRefused(failure) ? undefined : answerIn(failure)
  return answer ? errorOfAnswer(answer, question) : noAnswer(failure)
}

/**
 * Decided on Google's own reason where there is one ("Handle API errors" and "Push notifications" of the Calendar
 * API's guides), else on the status. NOT_FOUND and GONE are said only of an answer in Google's own form: a proxy's 404
 * says nothing about an event.
 */
export function errorOfAnswer(answer: RefusedAnswer, question: Question): ProviderError {
  const { reasons, google } = reasonsIn(answer.body)
  const telling = reasons.find((reason) => byReason.has(reason))
  const reason = telling ?? reasons[0]
  const error: ProviderError = {
    ok: false,
    code: codeOf(answer.status, telling, google, question),
    status: answer.status,
  }
  if (reason !== undefined) error.reason = reason
  const wait = retryAfterMs(answer.retryAfter, question.now)
  if (wait !== undefined) error.retryAfterMs = wait
  return error
}

/** A call that brought no answer: no connection, cut off, out of time, or ended by the caller. */
export function noAnswer(failure: unknown): ProviderError {
  for (let error = failure, depth = 0; isRecord(error) && depth < 5; error = error.cause, depth++) {
    if (error instanceof AnswerRefused) return unavailable(error.code)
    if (error.name === 'TimeoutError' || error.code === 'TimeoutError') return unavailable('timeout')
    if (error.name === 'AbortError' || error.code === 'AbortError') return unavailable('aborted')
    if (typeof error.code === 'string' && isCode(error.code)) return unavailable(error.code)
  }
  return unavailable('noAnswer')
}

/** Given up on our side while it was read, whatever its status said. */
function isRefused(failure: unknown): boolean {
  for (let error = failure, depth = 0; isRecord(error) && depth < 5; error = error.cause, depth++)
    if (error instanceof AnswerRefused) return true
  return false
}

/** UNAVAILABLE with a reason of our own. */
export function unavailable(reason: string): ProviderError {
  return { ok: false, code: 'UNAVAILABLE', reason }
}

function codeOf(
  status: number,
  reason: string | undefined,
  google: boolean,
  question: Question,
): ProviderError['code'] {
  const said = reason === undefined ? undefined : byReason.get(reason)
  if (status >= 500) return said === 'RATE_LIMITED' ? said : 'UNAVAILABLE'
  if (said) return said
  switch (status) {
    case 400:
      // A malformed sync token is answered so; asking again would never heal it. A full sync does.
      if (question.syncToken) return 'SYNC_TOKEN_EXPIRED'
      // Page tokens age: starting again from the first page heals.
      return question.pageToken || !google ? 'UNAVAILABLE' : 'BAD_REQUEST'
    case 401:
      return 'CREDENTIAL_REFUSED'
    case 403:
      return google ? 'FORBIDDEN' : 'UNAVAILABLE'
    case 404:
      return google ? 'NOT_FOUND' : 'UNAVAILABLE'
    case 410:
      if (question.syncToken) return 'SYNC_TOKEN_EXPIRED'
      return google ? 'GONE' : 'UNAVAILABLE'
    case 429:
      return 'RATE_LIMITED'
    case 407:
    case 408:
    case 425:
      return 'UNAVAILABLE'
    default:
      return google && status >= 400 ? 'BAD_REQUEST' : 'UNAVAILABLE'
  }
}

/** Reasons that decide by themselves. `notFound` is not among them: the status must say it too. */
const byReason = new Map<string, ProviderError['code']>([
  ['fullSyncRequired', 'SYNC_TOKEN_EXPIRED'],
  ['updatedMinTooLongAgo', 'SYNC_TOKEN_EXPIRED'],
  ['deleted', 'GONE'],
  ['rateLimitExceeded', 'RATE_LIMITED'],
  ['userRateLimitExceeded', 'RATE_LIMITED'],
  ['quotaExceeded', 'RATE_LIMITED'],
  ['dailyLimitExceeded', 'RATE_LIMITED'],
  ['concurrentLimitExceeded', 'RATE_LIMITED'],
  ['RATE_LIMIT_EXCEEDED', 'RATE_LIMITED'],
  ['RESOURCE_EXHAUSTED', 'RATE_LIMITED'],
  ['rate_limit_exceeded', 'RATE_LIMITED'],
  ['slow_down', 'RATE_LIMITED'],
  ['authError', 'CREDENTIAL_REFUSED'],
  ['UNAUTHENTICATED', 'CREDENTIAL_REFUSED'],
  // The token lacks the scope: only a new consent mends it.
  ['insufficientPermissions', 'CREDENTIAL_REFUSED'],
  ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'CREDENTIAL_REFUSED'],
  ['invalid_grant', 'CREDENTIAL_REFUSED'],
  ['invalid_client', 'CREDENTIAL_REFUSED'],
  ['unauthorized_client', 'CREDENTIAL_REFUSED'],
  ['deleted_client', 'CREDENTIAL_REFUSED'],
  ['disabled_client', 'CREDENTIAL_REFUSED'],
  ['access_denied', 'CREDENTIAL_REFUSED'],
  ['admin_policy_enforced', 'CREDENTIAL_REFUSED'],
  ['org_internal', 'CREDENTIAL_REFUSED'],
  ['invalid_scope', 'CREDENTIAL_REFUSED'],
  ['notACalendarUser', 'FORBIDDEN'],
  ['pushNotSupportedForRequestedResource', 'PUSH_NOT_SUPPORTED'],
  ['channelIdNotUnique', 'CHANNEL_ID_NOT_UNIQUE'],
  ['push.webhookUrlUnauthorized', 'PUSH_ADDRESS_REFUSED'],
  ['webhookUrlUnauthorized', 'PUSH_ADDRESS_REFUSED'],
  ['push.webhookUrlNotHttps', 'PUSH_ADDRESS_REFUSED'],
  ['webhookUrlNotHttps', 'PUSH_ADDRESS_REFUSED'],
  ['backendError', 'UNAVAILABLE'],
  ['internalError', 'UNAVAILABLE'],
  ['internal_failure', 'UNAVAILABLE'],
  ['server_error', 'UNAVAILABLE'],
  ['temporarily_unavailable', 'UNAVAILABLE'],
])

/**
 * The reason codes in a body, the most telling first. The older envelope has `errors[].reason`; the newer adds `status`
 * and `details[].reason`; the token endpoint has `error` as text. `google`: the body has one of these forms.
 */
function reasonsIn(body: unknown): { reasons: string[]; google: boolean } {
  if (!isRecord(body)) return { reasons: [], google: false }
  if (typeof body.error === 'string') return { reasons: [body.error].filter(isCode), google: true }
  if (!isRecord(body.error)) return { reasons: [], google: false }
  const { errors, details, status, code } = body.error
  const listed = [errors, details].flatMap((list) => (Array.isArray(list) ? list : []))
  const reasons = [...listed.map((one) => (isRecord(one) ? one.reason : undefined)), status].filter(isCode)
  return { reasons, google: typeof code === 'number' || reasons.length > 0 }
}

/** A code and nothing else: no blank, no address, no sentence. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(value)
}

// Longer waits are cut: an answer gone wrong must not silence a calendar for good.
const LONGEST_WAIT_MS = 86_400_000

/** Retry-After (RFC 9110, section 10.2.3): seconds, or an HTTP date, which is always in GMT. */
function retryAfterMs(value: string | null | undefined, now: Temporal.Instant): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  const wait = /^\d+$/.test(text)
    ? Number(text) * 1000
    : text.endsWith('GMT')
      ? Date.parse(text) - now.epochMilliseconds
      : Number.NaN
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS)
}

/** The answer inside the client's error (a GaxiosError carries it as `response`). */
function answerIn(failure: unknown): RefusedAnswer | undefined {
  const response = isRecord(failure) ? failure.response : undefined
  if (!isRecord(response) || typeof response.status !== 'number') return undefined
  const headers = response.headers
  const retryAfter =
    headers instanceof Headers
      ? headers.get('retry-after')
      : isRecord(headers) && typeof headers['retry-after'] === 'string'
        ? headers['retry-after']
        : null
  return { status: response.status, body: response.data, retryAfter }
}
