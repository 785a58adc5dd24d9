import type { CalcomCore } from './calcom-core.ts'
import { type ApiError, jsonResponse } from './http-json.ts'

/** What was asked for, in API v2's envelope. */
export function success(data: unknown, more: object = {}): Response {
  return jsonResponse(200, { status: 'success', data, ...more })
}

/** An error in either of the shapes that API v2 has for them. */
export function errorResponse(core: CalcomCore, url: URL, error: ApiError): Response {
  const { apiBareErrors, apiRetryAfterSeconds } = core.faults
  const { status, code, message } = error
  const headers =
    apiRetryAfterSeconds !== undefined && (status === 429 || status === 503)
      ? { 'retry-after': String(apiRetryAfterSeconds) }
      : {}
  if (apiBareErrors || error.bare) return jsonResponse(status, { statusCode: status, message }, headers)
  const details = { message, error: code.replace('Exception', ''), statusCode: status }
  const said = {
    status: 'error',
    timestamp: core.clock.now().toString(),
    path: url.pathname,
    error: { code, message, details },
  }
  return jsonResponse(status, said, headers)
}

/** A page of the web application where JSON is expected, as a proxy or a maintenance window gives. */
export const webPage = (): Response =>
  new Response('<!doctype html><html><body><h1>One moment, please</h1></body></html>', {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })

/** The same answer, broken off in the middle. */
export async function truncated(answer: Response): Promise<Response> {
  const text = await answer.text()
  return new Response(text.slice(0, Math.ceil(text.length / 2)), {
    status: answer.status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
}
