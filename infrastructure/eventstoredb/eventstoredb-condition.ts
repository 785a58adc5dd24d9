import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ServerFeaturesClient } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { Clock } from '../clock/clock.ts'
import type { Position } from '../event-store/event-store.ts'
import type { Connection } from './eventstoredb-client.ts'
import { failureOf, type Trouble } from './eventstoredb-errors.ts'
import { answered } from './eventstoredb-reading.ts'

/** Whether the server can be worked with; `version` as it tells it ('unknown' if it does not). */
export type Condition =
  | { ok: true; version: string; head: Position }
  | { ok: false; trouble: Trouble; detail: string }

/** Subscriptions tell since then that they have caught up. */
const OLDEST = [23, 10] as const

/** Asks the server, and where it does not answer the way to it: name, port, TLS. Never rejects. */
export async function conditionOf(
  connection: Connection,
  options: { url: string; clock: Clock; callTimeoutMs: number; lastPosition(): Promise<Position> },
): Promise<Condition> {
  const { clock, callTimeoutMs } = options
  try {
    const head = await answered(clock, callTimeoutMs, options.lastPosition())
    const version = await answered(clock, callTimeoutMs, versionOf(connection))
    if (isOld(version))
      return {
        ok: false,
        trouble: 'OLD_VERSION',
        detail: `version ${version}: ${OLDEST.join('.')} or later is needed`,
      }
    return { ok: true, version, head }
  } catch (error) {
    const failure = failureOf(error) ?? { trouble: 'OTHER', detail: String(error) }
    const { trouble, detail } = failure
    if (trouble === 'DNS' || trouble === 'TLS' || trouble === 'AUTHENTICATION')
      return { ok: false, trouble, detail }
    const onTheWay = await answered(clock, callTimeoutMs, wayTo(options.url)).catch(() => undefined)
    return { ok: false, ...(onTheWay ?? { trouble, detail }) }
  }
}

async function versionOf({ internals }: Connection): Promise<string> {
  const client = await internals.getGRPCClient(ServerFeaturesClient, 'serverFeatures')
  const methods = await new Promise<SupportedMethods>((resolve, reject) =>
    client.getSupportedMethods(new shared.Empty(), (error, answer) =>
      error ? reject(error) : resolve(answer),
    ),
  )
  return methods.getEventStoreServerVersion() || 'unknown'
}

function isOld(version: string): boolean {
  const [major, minor] = version.split('.').map(Number)
  if (major === undefined || minor === undefined || Number.isNaN(major)) return false
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

type OnTheWay = { trouble: Trouble; detail: string }

/** What is wrong with the way to the first host that something is wrong with; undefined where nothing is. */
async function wayTo(url: string): Promise<OnTheWay | undefined> {
  const tls = !/[?&]tls=false/i.test(url)
  const caFile = /[?&]tlsCAFile=([^&]+)/i.exec(url)?.[1]
  const hosts = /^[^:]+:\/\/(?:[^@/?]*@)?([^/?]+)/.exec(url)?.[1] ?? ''
  for (const given of hosts.split(',')) {
    const [host = '', port = '2113'] = given.split(':')
    const trouble =
      (await failed('DNS', () => lookup(host))) ??
      (await failed('REFUSED', () => opened(connectTcp(Number(port), host), 'connect')))
    if (trouble) return { ...trouble, detail: `${host}:${port}: ${trouble.detail}` }
    const ca = caFile === undefined ? {} : { ca: readFileSync(decodeURIComponent(caFile)) }
    const options = { port: Number(port), host, servername: host, ALPNProtocols: ['h2'] }
    const shaken = await failed('TLS', () =>
      opened(connectTls({ ...options, ...(tls ? ca : { rejectUnauthorized: false }) }), 'secureConnect'),
    )
    if (tls && shaken) return { ...shaken, detail: `${host}:${port}: ${shaken.detail}` }
    if (!tls && !shaken)
      return {
        trouble: 'TLS',
        detail: `${host}:${port} speaks TLS, and the connection string says tls=false`,
      }
  }
  return undefined
}

async function failed(trouble: Trouble, step: () => Promise<unknown>): Promise<OnTheWay | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    return { trouble, detail: error instanceof Error ? error.message : String(error) }
  }
}

function opened(socket: ReturnType<typeof connectTcp>, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    socket.setTimeout(2_000, () => reject(new Error('no answer')))
    socket.once(event, () => resolve())
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed by the other side')))
  }).finally(() => socket.destroy())
}
