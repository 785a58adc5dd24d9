import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { ServerFeaturesClient } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { Clock } from '../../ports/clock.ts'
import type { Position } from '../../ports/event-store/event-store.ts'
import { type Greeting, tellingMore, type WayProblem, wayTo } from '../diagnosis/way-to-server.ts'
import type { Connection } from './eventstoredb-client.ts'
import { failureOf, type Trouble } from './eventstoredb-errors.ts'
import { answered } from './eventstoredb-reading.ts'
import { parseEventStoreDbUrl } from './eventstoredb-url.ts'

/** Whether the server can be worked with; `version` as it tells it ('unknown' if it does not). */
export type Condition =
  | { ok: true; version: string; head: Position }
  | { ok: false; trouble: Trouble; detail: string }

/** Subscriptions tell since then that they have caught up. */
const OLDEST = [23, 10] as const

/** Asks the server, and walks the way to it where it does not answer. Never rejects. */
export function conditionOf(
  connection: Connection,
  options: { url: string; clock: Clock; callTimeoutMs: number; lastPosition(): Promise<Position> },
): Promise<Condition> {
  return tellingMore<Condition>(askedCondition(connection, options), wayToHostsOf(options.url), {
    isPrecise: (condition) => !condition.ok && PRECISE.has(condition.trouble),
    asOutcome: ({ problem, detail }) => ({ ok: false, trouble: problem, detail }),
  })
}

/** Troubles that the server itself told of. */
const PRECISE: ReadonlySet<Trouble> = new Set(['AUTHENTICATION', 'TOO_OLD'])

async function askedCondition(
  connection: Connection,
  { clock, callTimeoutMs, lastPosition }: Parameters<typeof conditionOf>[1],
): Promise<Condition> {
  try {
    const head = await answered(clock, callTimeoutMs, lastPosition())
    const version = await answered(clock, callTimeoutMs, versionOf(connection))
    if (!isOld(version)) return { ok: true, version, head }
    const detail = `version ${version}: ${OLDEST.join('.')} or later is needed`
    return { ok: false, trouble: 'TOO_OLD', detail }
  } catch (error) {
    const { trouble, detail } = failureOf(error) ?? { trouble: 'OTHER' as const, detail: String(error) }
    return { ok: false, trouble, detail }
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

/** HTTP/2: the client's preface and its SETTINGS, which the server answers with its own. */
const greeting: Greeting = {
  kind: 'EventStoreDB or KurrentDB',
  bytes: Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  ]),
  isAnswer: (answer) => answer[3] === 4 && answer.readUInt16BE(0) === 0,
  settings: {
    plain: 'the connection string says tls=false',
    encrypted: 'the connection string does not say tls=false',
  },
}

async function wayToHostsOf(url: string): Promise<WayProblem | undefined> {
  const parsed = parseEventStoreDbUrl(url)
  if (!parsed.ok) return undefined
  const { places, options } = parsed.url
  if (options.get('tls')?.toLowerCase() === 'false') return wayTo(places, { tls: undefined, greeting })
  // The client always sends a host's name, for which Node's TLS takes no address.
  if (places.every(({ host }) => isIP(host) !== 0)) {
    const detail = 'TLS needs the name of a host, and the connection string has an IP address'
    return { problem: 'TLS', detail: `${places[0]?.host}: ${detail}` }
  }
  return wayTo(places, { tls: encryption(options), greeting })
}

function encryption(options: ReadonlyMap<string, string>): ConnectionOptions {
  const caFile = options.get('tlscafile')
  return {
    ALPNProtocols: ['h2'],
    ...(caFile && { ca: readFileSync(decodeURIComponent(caFile)) }),
  }
}
