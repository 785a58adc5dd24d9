import { defined } from '../../domain/optional-fields.ts'
import { ApiError, errorBody } from './api-error.ts'
import { applyFields, parseFields } from './fields-mask.ts'

/** A request as the shell got it, or as a program in the same process makes it. */
export type ApiRequest = {
  method: string
  /** Path and query, as in the request line. */
  url: string
  headers: { [name: string]: string | undefined }
  body: string
}

/** What is to be answered. The shell waits `delayMs` first, or cuts the connection where `drop` is set. */
export type ApiAnswer = {
  status: number
  headers: { [name: string]: string }
  body?: unknown
  /** Sent word for word in place of the body as JSON. */
  text?: string
  delayMs?: number
  drop?: boolean
  /** The channel just opened, whose `sync` message goes out before this answer. */
  opened?: string
}

/** An answer with Google's usual headers; `fields` masks the body. */
export function answerWith(body: unknown, query?: URLSearchParams): ApiAnswer {
  const fields = query?.get('fields')
  const masked = fields ? applyFields(body, parseFields(fields)) : body
  const etag = typeof body === 'object' && body !== null && 'etag' in body ? String(body.etag) : undefined
  return { status: 200, headers: defined({ etag }), body: masked }
}

/** An error as an answer; what is not Google's own is thrown on. */
export function refuseWith(error: unknown, headers: { [name: string]: string } = {}): ApiAnswer {
  if (!(error instanceof ApiError)) throw error
  const challenge =
    error.reason === 'authError'
      ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' }
      : {}
  return { status: error.status, headers: { ...challenge, ...headers }, body: errorBody(error) }
}

/** A JSON object sent as a body; nothing counts as an empty one. Throws 400 parseError. */
export function bodyOf(request: ApiRequest): { [field: string]: unknown } {
  if (request.body === '') return {}
  let value: unknown
  try {
    value = JSON.parse(request.body)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError(400, 'parseError', 'Parse Error')
  }
  // An object that is no array has text keys.
  return value as { [field: string]: unknown }
}
