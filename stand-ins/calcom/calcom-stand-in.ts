import { randomInt } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { defined, ifDefined } from '../../domain/optional-fields.ts'
import type { Clock } from '../../ports/clock.ts'
import { calcomApiV2, NoAnswer } from './api-v2.ts'
import { type CalcomCore, calcomCore } from './calcom-core.ts'
import { CalcomState } from './calcom-state.ts'
import type { GoogleSide } from './google-side.ts'
import { jsonResponse } from './http-json.ts'
import type { CalcomSettings } from './settings.ts'
import { standInApi } from './stand-in-api.ts'

/** Cal.com's place taken, over real HTTP. */
export type CalcomStandIn = {
  /** Root of the API v2 and of `/stand-in/`, without a slash at the end. */
  url: string
  core: CalcomCore
  /** Everything worth keeping across restarts, as JSON. */
  snapshot(): CalcomState
  close(): Promise<void>
}

export type CalcomStandInOptions = {
  /** A free one unless given. */
  port?: number
  host?: string
  clock: Clock
  webhookUrl?: string
  webhookSecret?: string
  /** How events are written; without it they get an id and are gone. */
  google?: GoogleSide
  /** Answers for every user. Without it any key does that is not a user's own. */
  apiKey?: string
  settings?: Partial<CalcomSettings>
  /** What `snapshot` gave, also after it went through JSON. Throws where it is something else. */
  state?: unknown
  /** Told after each change of what `snapshot` gives, so that it can be kept. */
  onChange?: () => void
  newId?: () => string
}

/** Starts the stand-in on 127.0.0.1 unless told otherwise. */
export async function startCalcomStandIn(options: CalcomStandInOptions): Promise<CalcomStandIn> {
  const { clock, google, settings, host = '127.0.0.1' } = options
  const core = calcomCore({
    clock,
    newId: options.newId ?? shortUid,
    ...defined({
      google,
      settings,
      onChange: options.onChange,
      state: ifDefined(options.state, (state) => CalcomState.parse(state)),
    }),
  })
  const { webhookUrl: url, webhookSecret: secret } = options
  if (url !== undefined) core.webhooks.target = { url, ...defined({ secret }) }

  const handle = handlerOf(core, defined({ apiKey: options.apiKey }))
  const server = createServer((incoming, outgoing) => {
    void serve(handle, incoming, outgoing)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The stand-in has no port')

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    core,
    snapshot: () => core.snapshot(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await core.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** From request to answer. Throws NoAnswer while the API is down. */
function handlerOf(core: CalcomCore, options: { apiKey?: string }): (request: Request) => Promise<Response> {
  const api = calcomApiV2(core, options)
  const standIn = standInApi(core)
  return (request) => (new URL(request.url).pathname.startsWith('/stand-in/') ? standIn : api)(request)
}

async function serve(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  try {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const method = incoming.method ?? 'GET'
    const request = new Request(`http://${incoming.headers.host ?? 'localhost'}${incoming.url ?? '/'}`, {
      method,
      headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) }),
      signal: gone.signal,
    })
    const response = await handle(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  } catch (error) {
    if (error instanceof NoAnswer || outgoing.headersSent || outgoing.destroyed) {
      outgoing.destroy()
      return
    }
    const message = error instanceof Error ? error.message : String(error)
    const response = jsonResponse(500, { statusCode: 500, message })
    outgoing.writeHead(500, Object.fromEntries(response.headers))
    outgoing.end(await response.text())
  }
}

/** Of the form of Cal.com's uids: 22 letters and digits. */
function shortUid(): string {
  const letters = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'
  return Array.from({ length: 22 }, () => letters[randomInt(letters.length)]).join('')
}
