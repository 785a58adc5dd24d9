import { z } from 'zod'
import { defined, ifDefined } from '../../domain/optional-fields.ts'
import type { DirectoryError } from '../../ports/booking-directory.ts'
import type { WriteAnswer } from '../../ports/booking-writer.ts'
import { AnswerRefused, boundedFetch } from '../answers/bounded-fetch.ts'

/** How API v2 is reached. */
export type CalcomApiOptions = {
  /** Root of the API, with or without the trailing `/v2`. */
  apiUrl: string
  /** Milliseconds for one request and its answer; 10,000 unless given. */
  timeoutMs?: number
  /** `cal-api-version`; one that Cal.com does not know falls back silently to an older one. */
  apiVersion?: string
  /** Another way to send a request, for a process that holds Cal.com's stand-in itself. */
  fetch?: (request: Request) => Promise<Response>
}

/** The answer's `data`, and beside it how the page after it is asked for. `hasNext`: where it was said. */
export type CalcomPage<T> = { data: T; hasNext: boolean | undefined; nextCursor: string | undefined }

/** One request of API v2, its answer checked by `schema`. Cal.com's answers are values, and so is not being reached. */
export type CalcomApi = <T>(
  schema: z.ZodType<T>,
  request: { path: string; key: string; method?: 'GET' | 'POST'; body?: unknown; version?: string },
  signal?: AbortSignal,
) => Promise<WriteAnswer<CalcomPage<T>>>

/** Sends requests with the headers of API v2. */
export function calcomApi(options: CalcomApiOptions): CalcomApi {
  const root = options.apiUrl.replace(/\/+$/, '').replace(/\/v2$/, '')
  const send = boundedFetch(MOST_BYTES, options.fetch && givenFetch(options.fetch))
  return async (schema, { path, key, method = 'GET', body, version }, signal) => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000)
    let response: Response
    let text: string
    try {
      response = await send(
        new Request(`${root}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            'cal-api-version': version ?? options.apiVersion ?? '2024-08-13',
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...defined({ body: ifDefined(body, JSON.stringify) }),
          signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        }),
      )
      text = await response.text()
    } catch (error) {
      if (error instanceof AnswerRefused) return { ok: false, code: 'BAD_ANSWER', reason: error.code }
      // No connection, a broken answer, the time-out or the caller's own end: nothing was learned.
      return { ok: false, code: 'UNAVAILABLE' }
    }
    if (!response.ok)
      return { ...errorOf(response), ...(method === 'POST' && defined({ words: wordsOf(text) })) }
    const answer = Envelope.safeParse(parsedJson(text))
    const data = answer.success ? schema.safeParse(answer.data.data) : undefined
    if (!answer.success || !data?.success) {
      return { ok: false, code: 'BAD_ANSWER', status: response.status }
    }
    const { hasNextPage, hasMore, nextCursor } = answer.data.pagination ?? {}
    const hasNext = hasNextPage ?? hasMore ?? undefined
    return { ok: true, value: { data: data.data, hasNext, nextCursor: nextCursor || undefined } }
  }
}

/** The bytes of one answer at most: a page of a hundred bookings with their guests is a small part of it. */
const MOST_BYTES = 8 * 1024 * 1024

const givenFetch = (send: (request: Request) => Promise<Response>) => (input: Request | URL | string) =>
  send(input instanceof Request ? input : new Request(input))

/** Decided by the HTTP status alone, since errors come in two shapes. */
function errorOf(response: Response): DirectoryError {
  const { status } = response
  const retryAfterMs = retryAfter(response.headers)
  return {
    ok: false,
    code: errorCode(status),
    status,
    ...defined({ retryAfterMs }),
  }
}

/** The words of a refused write, in either shape, for a person to read. Other words of Cal.com's are never passed on. */
function wordsOf(text: string): string | undefined {
  const said = ErrorAnswer.safeParse(parsedJson(text)).data
  const words = said?.error?.message ?? said?.message
  return words === undefined ? undefined : fitForRecord(words)
}

/** Characters of Cal.com's words that are kept. */
const WORDS_KEPT = 200

/** Without what may name a person: addresses, and links that may hold one. */
const fitForRecord = (words: string): string =>
  words
    .replaceAll(/\S*@\S*/g, '…')
    .replaceAll(/\bhttps?:\S*/gi, '…')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, WORDS_KEPT)
    .toWellFormed()

const ErrorAnswer = z.object({
  error: z.object({ message: z.string().optional() }).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
})

function errorCode(status: number): DirectoryError['code'] {
  if (status === 404) return 'NOT_FOUND'
  if (status === 429) return 'RATE_LIMITED'
  if (status === 408 || status >= 500) return 'UNAVAILABLE'
  // 400 is also how Cal.com says that a booking is not the key owner's.
  if (status >= 400) return 'REFUSED'
  return 'BAD_ANSWER'
}

/** Retry-After (RFC 9110, 10.2.3) in milliseconds; a date is counted from the answer's own `Date`. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(headers.get('date') ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const Envelope = z.object({
  status: z.literal('success'),
  data: z.unknown(),
  pagination: z
    .object({
      hasNextPage: z.boolean().nullish(),
      /** From version 2026-05-01 on. */
      hasMore: z.boolean().nullish(),
      nextCursor: z.string().nullish(),
    })
    .nullish()
    .catch(undefined),
})
