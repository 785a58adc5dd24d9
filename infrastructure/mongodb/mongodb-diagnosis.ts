import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { BSON, MongoCompatibilityError, type MongoOptions, type TopologyDescription } from 'mongodb'
import { defined } from '../../domain/optional-fields.ts'
import type { EngineProblem } from '../../ports/engine-problem.ts'
import { GREETING_ID, type Greeting, type WayProblem, wayTo } from '../diagnosis/way-to-server.ts'
import { errorCode, errorText } from '../logging/error-facts.ts'
import { refusesCredentials } from './mongodb-failure.ts'

/**
 * The condition of a MongoDB. `ok`: calls are answered. A single server that is no replica set is ok, with the problem
 * NOT_A_REPLICA_SET. Nothing is lost there but with its disk, and nothing takes over while it is down. `detail` is one
 * sentence for the operator, without credentials.
 */
export type MongodbDescription = {
  ok: boolean
  version: string | undefined
  replicaSet: string | undefined
  problem?: EngineProblem
  detail: string
}

/** The name of the replica set as the driver has seen it; undefined where there is none. */
export function replicaSetOf(topology: TopologyDescription | undefined): string | undefined {
  const named = topology && [...topology.servers.values()].find((server) => server.setName)
  return topology?.setName ?? named?.setName ?? undefined
}

/**
 * The reason why a MongoDB does not serve: from the `error` of a call, and from what the driver knows of the servers.
 */
export function diagnose(
  error: unknown,
  topology: TopologyDescription | undefined,
  named: { replicaSet: string | undefined },
): MongodbDescription {
  const servers = topology ? [...topology.servers.values()] : []
  const causes = [error, ...servers.map((server) => server.error)].flatMap(chain)
  const problem = problemOf(causes, topology, named)
  const detail = causes.find((cause) => problem === undefined || signOf(cause) === problem) ?? error
  return {
    ok: false,
    version: undefined,
    replicaSet: replicaSetOf(topology),
    ...defined({ problem }),
    detail: problem === 'NOT_A_REPLICA_SET' ? notTheSet(named.replicaSet) : errorText(detail),
  }
}

function problemOf(
  causes: readonly unknown[],
  topology: TopologyDescription | undefined,
  { replicaSet }: { replicaSet: string | undefined },
): EngineProblem | undefined {
  if (topology?.compatible === false) return 'TOO_OLD'
  for (const cause of causes) {
    const sign = signOf(cause)
    if (sign !== undefined) return sign
  }
  // The driver strikes those off its list that are of another replica set or of none.
  return replicaSet !== undefined && topology?.servers.size === 0 ? 'NOT_A_REPLICA_SET' : undefined
}

/** Codes of Node's resolver, sockets and TLS (OpenSSL's verification results among them). */
const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH$)/
const DNS_CODE = /^(ENOTFOUND|EAI_AGAIN|ENODATA|ESERVFAIL)$/

function signOf(cause: unknown): EngineProblem | undefined {
  if (refusesCredentials(cause)) return 'AUTHENTICATION'
  if (cause instanceof MongoCompatibilityError) return 'TOO_OLD'
  const code = errorCode(cause) ?? ''
  if (DNS_CODE.test(code)) return 'DNS'
  if (code === 'ECONNREFUSED') return 'REFUSED'
  return TLS_CODE.test(code) ? 'TLS' : undefined
}

/** An error and what caused it, the innermost first: it is the most telling. Attempts at several addresses count. */
function chain(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  const attempts: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return [...[error.cause, ...attempts].flatMap(chain), error]
}

const notTheSet = (replicaSet: string | undefined) =>
  `the servers reached do not belong to the replica set ${replicaSet} that the connection string names`

/** `isMaster` in the oldest form (OP_QUERY), which every version answers whoever asks. */
function hello(): Buffer {
  const body = BSON.serialize({ isMaster: 1 })
  const query = Buffer.concat([Buffer.alloc(4), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), body])
  query.writeInt32LE(-1, query.length - body.length - 4)
  const header = Buffer.alloc(16)
  header.writeInt32LE(header.length + query.length, 0)
  header.writeInt32LE(GREETING_ID, 4)
  header.writeInt32LE(2004, 12)
  return Buffer.concat([header, query])
}

const greeting: Greeting = {
  kind: 'MongoDB',
  bytes: hello(),
  isAnswer: (answer) => answer.length >= 16 && answer.readInt32LE(8) === GREETING_ID,
  settings: {
    plain: 'the connection string does not say tls=true',
    encrypted: 'the connection string says tls=true',
  },
}

/** Undefined also where the client finds its servers in a way of its own: by DNS records, a socket's path or a proxy. */
export async function wayToMongodb(options: MongoOptions): Promise<WayProblem | undefined> {
  const places = options.hosts.map(({ host, port }) => ({ host: host ?? '', port: port ?? 27_017 }))
  if (options.srvHost !== undefined || options.proxyHost !== undefined) return undefined
  if (places.some(({ host }) => host === '')) return undefined
  return wayTo(places, { tls: options.tls ? encryption(options) : undefined, greeting })
}

function encryption(options: MongoOptions): ConnectionOptions {
  const { tlsCAFile, tlsCertificateKeyFile, passphrase } = options
  const own = tlsCertificateKeyFile && readFileSync(tlsCertificateKeyFile)
  return {
    ...(tlsCAFile && { ca: readFileSync(tlsCAFile) }),
    ...(own && { cert: own, key: own, passphrase }),
    ...(options.rejectUnauthorized === false && { rejectUnauthorized: false }),
    ...defined({ checkServerIdentity: options.checkServerIdentity }),
  }
}
