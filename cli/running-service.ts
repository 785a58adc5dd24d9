import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { API_TOKEN_FILE } from '../infrastructure/config/api-token.ts'
import type { Configuration } from '../infrastructure/config/configuration.ts'
import {
  isProofOf,
  keptServiceAddress,
  type ServiceAddress,
} from '../infrastructure/config/service-address.ts'
import { errorCode } from '../infrastructure/logging/error-facts.ts'

export type ServiceAnswer =
  | { ok: true; body: unknown }
  | { ok: false; code: 'NOT_RUNNING' | 'NO_TOKEN' | 'REFUSED' | 'FAILED'; message: string }

/** The request: nothing (GET), or a body (POST), and for how long an answer is waited for (10 s). */
export type Asking = { body?: unknown; timeoutMs?: number }

type Failure = Extract<ServiceAnswer, { ok: false }>

/** Asks the service that runs on this configuration's data folder. `path` begins with a slash. */
export async function askService(
  configuration: Configuration,
  path: string,
  { body, timeoutMs = 10_000 }: Asking = {},
): Promise<ServiceAnswer> {
  const reached = await reach(configuration, path, { sent: body, signal: AbortSignal.timeout(timeoutMs) })
  if (!reached.ok) return reached
  const read: unknown = await reached.response.json().catch(() => undefined)
  return read === undefined ? failed(reached.response) : { ok: true, body: read }
}

/** The same for an answer that may be long: pieces of text. Its reading rejects where the answer breaks off. */
export async function streamFromService(
  configuration: Configuration,
  path: string,
  accept?: string,
): Promise<{ ok: true; text: AsyncIterable<string> } | Failure> {
  const reached = await reach(configuration, path, { ...(accept && { accept }) })
  if (!reached.ok) return reached
  const { body } = reached.response
  return body === null
    ? failed(reached.response)
    : { ok: true, text: body.pipeThrough(new TextDecoderStream()) }
}

async function reach(
  configuration: Configuration,
  path: string,
  { sent, accept, signal }: { sent?: unknown; accept?: string; signal?: AbortSignal },
): Promise<{ ok: true; response: Response } | Failure> {
  const { http, data } = configuration
  const kept = keptServiceAddress(data.folder)
  const origin = kept?.origin ?? `http://${reachable(http.host)}:${http.port}`
  const token = configuration.api.token ?? keptToken(data.folder)
  if (token === undefined) {
    const message = `No API token: API_TOKEN is not set, and ${data.folder} keeps none.`
    return { ok: false, code: 'NO_TOKEN', message }
  }

  const stranger = await whyNotAsked(configuration, kept)
  if (stranger !== undefined) return { ok: false, code: 'NOT_RUNNING', message: stranger }

  let response: Response
  try {
    response = await fetch(`${origin}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(accept && { accept }),
        ...(sent !== undefined && { 'content-type': 'application/json' }),
      },
      ...(sent !== undefined && { method: 'POST', body: JSON.stringify(sent) }),
      redirect: 'error',
      ...(signal && { signal }),
    })
  } catch (error) {
    return { ok: false, code: 'NOT_RUNNING', message: `No service answers at ${origin}: ${causeOf(error)}` }
  }
  if (response.status === 401 || response.status === 403) {
    return { ok: false, code: 'REFUSED', message: `${origin} refuses the API token (${response.status}).` }
  }
  return response.ok ? { ok: true, response } : failed(response, await response.json().catch(() => undefined))
}

const failed = ({ url, status }: Response, problem?: unknown): Failure => ({
  ok: false,
  code: 'FAILED',
  message: `${url} answered ${status}${detailOf(problem)}.`,
})

const causeOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)

/**
 * Why a token must not be sent there; undefined where it may. A folder's own token goes to nobody who has not shown that
 * he runs on that folder. Without an address there, API_TOKEN goes where HOST and PORT say.
 */
async function whyNotAsked(
  { api, data: { folder } }: Configuration,
  kept: ServiceAddress | undefined,
): Promise<string | undefined> {
  if (kept === undefined)
    return api.token === undefined ? `No service runs on ${folder}: it keeps no address of one.` : undefined
  try {
    return (await runsOn(kept))
      ? undefined
      : `What answers at ${kept.origin} is not the service on ${folder}: it was sent no token.`
  } catch (error) {
    return `No service answers at ${kept.origin}: ${causeOf(error)}`
  }
}

/** Whether the service at the address that a folder keeps runs on that folder. Rejects where nothing answers there. */
export async function runsOn({ origin, secret }: ServiceAddress): Promise<boolean> {
  const challenge = randomBytes(32).toString('base64url')
  const response = await fetch(`${origin}/address-proof/${challenge}`, {
    redirect: 'error',
    signal: AbortSignal.timeout(PROOF_MS),
  })
  const answer = Proof.safeParse(await response.json().catch(() => undefined))
  return answer.success && isProofOf(secret, challenge, answer.data.proof)
}

const Proof = z.object({ proof: z.string() })
const PROOF_MS = 10_000

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
