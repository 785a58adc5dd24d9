import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { API_TOKEN_FILE } from '../infrastructure/config/api-token.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import { keptServiceAddress } from '../infrastructure/config/service-address.ts'
import { errorCode } from '../infrastructure/logging/error-facts.ts'

export type ServiceAnswer =
  | { ok: true; body: unknown }
  | { ok: false; code: 'NOT_RUNNING' | 'NO_TOKEN' | 'REFUSED' | 'FAILED'; message: string }

/** The request: nothing (GET), or a body (POST), and for how long an answer is waited for (10 s). */
export type Asking = { body?: unknown; timeoutMs?: number }

/** Asks the service that runs on this configuration's data folder. `path` begins with a slash. */
export async function askService(
  configuration: Configuration,
  path: string,
  { body: sent, timeoutMs = 10_000 }: Asking = {},
): Promise<ServiceAnswer> {
  const { http, data } = configuration
  const origin = keptServiceAddress(data.folder) ?? `http://${reachable(http.host)}:${http.port}`
  const token = configuration.api.token ?? keptToken(data.folder)
  if (token === undefined) {
    const message = `No API token: API_TOKEN is not set, and ${data.folder} keeps none.`
    return { ok: false, code: 'NO_TOKEN', message }
  }

  let response: Response
  try {
    response = await fetch(`${origin}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(sent !== undefined && { 'content-type': 'application/json' }),
      },
      ...(sent !== undefined && { method: 'POST', body: JSON.stringify(sent) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    return { ok: false, code: 'NOT_RUNNING', message: `No service answers at ${origin}: ${cause}` }
  }
  if (response.status === 401 || response.status === 403) {
    return { ok: false, code: 'REFUSED', message: `${origin} refuses the API token (${response.status}).` }
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok || body === undefined) {
    return {
      ok: false,
      code: 'FAILED',
      message: `${origin}${path} answered ${response.status}${detailOf(body)}.`,
    }
  }
  return { ok: true, body }
}

/** The sentence of a problem document. */
function detailOf(body: unknown): string {
  const says = typeof body === 'object' && body !== null && 'detail' in body && 'code' in body
  return says ? ` ${body.code}: ${String(body.detail).replace(/\.$/, '')}` : ''
}

/** An address to connect to, for one to listen on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function keptToken(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, API_TOKEN_FILE), 'utf8').trim()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
