import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { defined } from '../../domain/optional-fields.ts'
import type { Clock } from '../../ports/clock.ts'
import { answerAdmin } from './admin-api.ts'
import type { AdminParts, LoggedRequest } from './admin-route.ts'
import type { ApiAnswer, ApiRequest } from './api-answer.ts'
import { answerGoogle } from './google-api.ts'
import { createGoogleCore, type GoogleCore } from './google-core.ts'
import { type Delivery, pushDelivery } from './push-delivery.ts'
import type { GoogleSnapshot } from './snapshot.ts'

export type GoogleStandInOptions = {
  /** 0, the default: any free one. */
  port?: number
  host?: string
  /** With an `advance` method it can be put forward through the admin API. */
  clock: Clock & { advance?: (ms: number) => Promise<void> }
  seed?: number
  /** The first wait before a push is tried again, in milliseconds of the clock; doubled each time. */
  retryBaseMs?: number
  /** A state saved by `core.snapshot()` to begin with. */
  snapshot?: GoogleSnapshot
}

export type GoogleStandIn = {
  /** What GOOGLE_API_URL must be. */
  readonly url: string
  /** What GOOGLE_TOKEN_URL must be. */
  readonly tokenUrl: string
  readonly port: number
  readonly core: GoogleCore
  /** The newest requests to the API and the token endpoint (at most 10,000), oldest first. */
  readonly requests: LoggedRequest[]
  /** The newest pushes sent, with what their receivers answered. */
  deliveries(): Delivery[]
  /** Ends open connections and drops pushes that wait. */
  close(): Promise<void>
}

const LOG_LENGTH = 10_000
/** How long a watch call is kept waiting for its `sync` message to be answered. */
const SYNC_PATIENCE_MS = 1000
const MAX_BODY = 64 * 1024 * 1024

/** Starts Google Calendar's stand-in on HTTP; resolves once it listens. */
export async function startGoogleStandIn(options: GoogleStandInOptions): Promise<GoogleStandIn> {
  const { clock, host = '127.0.0.1' } = options
  const core = createGoogleCore({ clock, ...defined({ seed: options.seed }) })
  if (options.snapshot) core.restore(options.snapshot)
  const delivery = pushDelivery({
    clock,
    ...defined({ retryBaseMs: options.retryBaseMs }),
  })
  const requests: LoggedRequest[] = []
  const admin: AdminParts = { core, clock, requests, deliveries: delivery.deliveries }
  const syncs = new Map<string, Promise<void>>()
  const closing = new AbortController()
  core.onPush((push) => {
    const first = delivery.deliver(push)
    if (push.headers['x-goog-resource-state'] === 'sync') syncs.set(push.channelId, first)
  })

  async function answer(request: ApiRequest): Promise<ApiAnswer> {
    if (request.url.startsWith('/stand-in/')) return answerAdmin(admin, request)
    const answered = answerGoogle(core, request)
    log(request, answered)
    if (answered.opened !== undefined) await syncSent(answered.opened)
    if (answered.delayMs) await clock.delay(answered.delayMs, closing.signal)
    return answered
  }

  /** The `sync` message is first, unless it is set to come later; a deaf receiver does not hold up the answer. */
  async function syncSent(channelId: string): Promise<void> {
    const sent = syncs.get(channelId)
    syncs.delete(channelId)
    if (!sent || core.settings.push.syncDelayMs > 0) return
    const enough = new AbortController()
    await Promise.race([sent, clock.delay(SYNC_PATIENCE_MS, enough.signal)])
    enough.abort()
  }

  function log(request: ApiRequest, { status }: ApiAnswer): void {
    const at = request.url.indexOf('?')
    requests.push({
      method: request.method,
      path: at < 0 ? request.url : request.url.slice(0, at),
      query: at < 0 ? '' : request.url.slice(at + 1),
      at: clock.now().toString(),
      status,
    })
    if (requests.length > LOG_LENGTH) requests.splice(0, LOG_LENGTH / 10)
  }

  const server = createServer((incoming, outgoing) => {
    void serve(incoming, outgoing, answer)
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : (options.port ?? 0)
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`

  return {
    url,
    tokenUrl: `${url}/token`,
    port,
    core,
    requests,
    deliveries: delivery.deliveries,
    close: () =>
      new Promise((resolve, reject) => {
        delivery.close()
        closing.abort()
        server.close((error) => (error ? reject(error) : resolve()))
        server.closeAllConnections()
      }),
  }
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<void> {
  try {
    const body = await bodyText(incoming)
    send(
      outgoing,
      await answer({
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: headersOf(incoming),
        body,
      }),
    )
  } catch (error) {
    // A mistake of the stand-in's own: shown to whoever asked, and nothing else depends on it.
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (!outgoing.headersSent)
      send(outgoing, { status: 500, headers: {}, body: { error: { code: 500, message } } })
  }
}

function headersOf(incoming: IncomingMessage): ApiRequest['headers'] {
  const {
    authorization,
    'content-type': type,
    'if-match': match,
    'if-none-match': noneMatch,
  } = incoming.headers
  return {
    authorization,
    'content-type': type,
    'if-match': match,
    'if-none-match': noneMatch,
  }
}

function send(outgoing: ServerResponse, answer: ApiAnswer): void {
  if (answer.drop) {
    outgoing.destroy()
    return
  }
  if (answer.body === undefined && answer.text === undefined) {
    outgoing.writeHead(answer.status, answer.headers).end()
    return
  }
  const text = answer.text ?? JSON.stringify(answer.body)
  outgoing
    .writeHead(answer.status, {
      'content-type': 'application/json; charset=UTF-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
      ...answer.headers,
    })
    .end(text)
}

async function bodyText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY) throw new Error(`a body of more than ${MAX_BODY} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}
