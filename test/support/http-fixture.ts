import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { CommandPorts } from '../../commands/command.ts'
import type { ApiScope } from '../../infrastructure/config/api-tokens-file.ts'
import { createLogger } from '../../infrastructure/logging/logger.ts'
import { createMetrics } from '../../infrastructure/metrics/metrics.ts'
import { openDatabase } from '../../infrastructure/sqlite/database.ts'
import { sqliteEventStore } from '../../infrastructure/sqlite/sqlite-event-store.ts'
import { sqliteReadStore } from '../../infrastructure/sqlite/sqlite-read-store.ts'
import { sqliteSignalQueue } from '../../infrastructure/sqlite/sqlite-signal-queue.ts'
import { sqliteVault } from '../../infrastructure/sqlite/sqlite-vault.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { createHttpApp, type HttpAppDeps } from '../../services/http/app.ts'
import { requestForParked } from '../../services/read-models/parked-requests.ts'
import { startProjections } from '../../services/read-models/projection-runner.ts'
import { outageLog } from '../../services/running/outage-log.ts'
import { storeAway } from '../../services/running/store-away.ts'
import { statusReport } from '../../services/status/status-report.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'

export const API_TOKEN = 'the-token-that-may-do-everything'
/** The named tokens of every fixture: `token-of-NAME`. */
const named: { name: string; scope: ApiScope }[] = [
  { name: 'reader', scope: 'read' },
  { name: 'operator', scope: 'operate' },
  { name: 'auditor', scope: 'audit' },
]
export const tokenOf = (name: string) => `token-of-${name}`

export type HttpFixture = {
  url: string
  clock: VirtualClock
  ports: CommandPorts
  /** Lines that were logged, parsed. */
  logged: { [name: string]: unknown }[]
  storedCredentials: string[]
  /** Sends JSON (or a text as it is) with the token that may do everything, unless another or none is named. */
  ask(method: string, path: string, options?: AskOptions): Promise<Asked>
  command(name: string, body: unknown): Promise<Asked>
  close(): Promise<void>
}
export type AskOptions = { token?: string | null; body?: unknown; headers?: Record<string, string> }
/** `body` is what JSON.parse gives, where it is JSON: that it fits its schema is a test of its own. */
export type Asked = { status: number; headers: Headers; text: string; body: ReturnType<typeof JSON.parse> }

/** A whole HTTP edge on a free port over embedded stores in memory, with the real commands and read models. */
export async function httpFixture(
  change: (deps: HttpAppDeps) => HttpAppDeps = (deps) => deps,
): Promise<HttpFixture> {
  const clock = virtualClock()
  const newId = () => randomUUID()
  const [database, vaultDatabase] = [openDatabase(':memory:'), openDatabase(':memory:')]
  const events = sqliteEventStore(database, { clock })
  const readStore = sqliteReadStore(database)
  const vault = sqliteVault(vaultDatabase, { keys: [randomBytes(32)], newId })
  const logged: HttpFixture['logged'] = []
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  })
  const stopping = new AbortController()
  const projections = startProjections({
    events,
    readStore,
    projections: allProjections,
    clock,
    log,
    signal: stopping.signal,
  })
  const queue = sqliteSignalQueue(database, { clock, newId })
  const ports: CommandPorts = {
    events,
    readStore,
    queue,
    calendars: vault.calendars,
    vault,
    provider: closedProvider,
    isDelegated: (externalCalendarId) => externalCalendarId.endsWith('@delegated.example'),
    now: () => clock.now(),
    newId,
    caughtUp: (projection) => projections.caughtUp(projection),
    requestForParked: (request) => requestForParked({ readStore, queue }, request),
    push: { address: 'http://127.0.0.1/webhooks/google', ttlMs: 3_600_000, tokensFor: (id) => [id] },
    defaultMode: 'apply',
  }
  const storedCredentials: string[] = []
  const metrics = createMetrics()
  const app = createHttpApp(
    change({
      ports,
      clock,
      log,
      metrics,
      tokens: {
        token: API_TOKEN,
        named: named.map(({ name, scope }) => ({
          name,
          scope,
          sha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
        })),
      },
      sessionKey: randomBytes(32),
      standIns: false,
      caughtUp: (projection, position) => projections.caughtUp(projection, position),
      status: () =>
        statusReport({
          ports,
          standIns: false,
          pushes: () => ({ backlog: 0, oldestAgeMs: null }),
          projections: async () => projections.status(),
        }),
      health: { durable: {}, others: {}, roles: {} },
      onCredentialStored: (credentialId) => void storedCredentials.push(credentialId),
      onStoreAway: storeAway({
        outages: outageLog({ clock, log, signal: stopping.signal }),
        works: () => database.writable(),
      }),
      first: [],
      open: [],
      guarded: [],
    }),
  )
  const server = createServer(app.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`

  async function ask(method: string, path: string, { token = API_TOKEN, body, headers }: AskOptions = {}) {
    const answer = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== null && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = /json/.test(answer.headers.get('Content-Type') ?? '')
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    }
  }
  return {
    url,
    clock,
    ports,
    logged,
    storedCredentials,
    ask,
    command: (name, body) => ask('POST', `/commands/${name}`, { body }),
    async close() {
      stopping.abort()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await projections.stopped
      await events.close()
      await Promise.all([database.close(), vaultDatabase.close()])
    },
  }
}

/** Runs a test against a fixture of its own, which is closed whatever comes of it. */
export const withHttp =
  (
    body: (http: HttpFixture) => Promise<void>,
    change?: (deps: HttpAppDeps) => HttpAppDeps,
  ): (() => Promise<void>) =>
  async () => {
    const http = await httpFixture(change)
    try {
      await body(http)
    } finally {
      await http.close()
    }
  }

/** A provider that is never to be asked by what is tested here. */
const unavailable = async () => ({ ok: false, code: 'UNAVAILABLE' }) as const
const closedProvider: CommandPorts['provider'] = {
  name: 'google',
  watch: unavailable,
  stop: unavailable,
  changes: unavailable,
  event: unavailable,
  instances: unavailable,
  search: unavailable,
}
