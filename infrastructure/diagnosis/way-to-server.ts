// The way to a server, walked as far as it goes: name, port, TLS, and whether what answers is such a server at all. The
// clients tell little of it, each in words of its own, and some wait for a long time first.
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls'
import { errorCode, errorText } from '../logging/error-facts.ts'

/** `detail` names the place and what is wrong there, without a full stop; no credentials. */
export type WayProblem = { problem: 'DNS' | 'REFUSED' | 'TIMEOUT' | 'TLS' | 'PROTOCOL'; detail: string }

/** How a kind of server is greeted, so that it shows what it is. */
export type Greeting = {
  /** As in "it does not answer as KIND does". */
  kind: string
  bytes: Buffer
  /** Whether these first bytes are its answer. */
  isAnswer(answer: Buffer): boolean
  /** The settings by which nothing, or everything, is encrypted, in words that follow "and". */
  settings: { plain: string; encrypted: string }
}

/** The number of a greeting, if the protocol numbers requests: by it the answer is known as its own. */
export const GREETING_ID = 0x43414c53

/** The place where a server listens: a name or an address, and a TCP port. */
export type Place = { host: string; port: number }

/** The time that a server has to answer a step. */
const STEP_MS = 3_000

/**
 * The problem of the way to every one of the places: the first one's; undefined if one of them answers as it should.
 * `tls`: how to encrypt; undefined if nothing is encrypted. Never rejects, and ends within seconds.
 */
export async function wayTo(
  places: readonly Place[],
  options: { tls: ConnectionOptions | undefined; greeting: Greeting },
): Promise<WayProblem | undefined> {
  const found = await Promise.all(places.map((place) => walk(place, options)))
  return found.includes(undefined) ? undefined : found[0]
}

/**
 * The client's own outcome, unless the way to its server tells more: then that at once, however long the client tries.
 * A problem of TLS counts only if the client fails too: it may have been told more of certificates than is known here.
 */
export async function tellingMore<Outcome extends { ok: boolean }>(
  client: Promise<Outcome>,
  way: Promise<WayProblem | undefined>,
  { isPrecise, asOutcome }: { isPrecise(outcome: Outcome): boolean; asOutcome(problem: WayProblem): Outcome },
): Promise<Outcome> {
  const onTheWay = way.then((problem) =>
    problem === undefined || problem.problem === 'TLS' ? client : asOutcome(problem),
  )
  const first = await Promise.race([client, onTheWay])
  if (first.ok || isPrecise(first)) return first
  const problem = await way
  return problem === undefined ? client : asOutcome(problem)
}

type Options = Parameters<typeof wayTo>[1]

async function walk(place: Place, { tls, greeting }: Options): Promise<WayProblem | undefined> {
  const at = `${place.host}:${place.port}`
  const found = (problem: WayProblem['problem'], what: string): WayProblem => ({
    problem,
    detail: `${at}: ${what}`,
  })
  const name = await lookup(place.host).catch((error: unknown) => found('DNS', textOf(error)))
  if ('problem' in name) return name
  const plain = await opened(() => connectTcp(place), 'connect')
  if (plain instanceof Late) return found('TIMEOUT', 'no answer')
  if (plain instanceof Error) return found('REFUSED', textOf(plain))
  if (tls) plain.destroy()
  const open = tls ? await opened(() => connectTls(withName(place, tls)), 'secureConnect') : plain
  if (open instanceof Late) return found('TIMEOUT', 'connections are taken, and TLS is not answered')
  if (open instanceof Error) return found('TLS', tlsText(open, greeting))
  const answer = await answerOf(open, greeting.bytes)
  if (Buffer.isBuffer(answer) && greeting.isAnswer(answer)) return undefined
  if (!tls && (await speaksTls(place))) return found('TLS', `it speaks TLS, and ${greeting.settings.plain}`)
  if (answer instanceof Late) return found('TIMEOUT', 'connections are taken, and nothing is answered')
  if (tls && answer instanceof Error && isOfTls(answer)) return found('TLS', tlsText(answer, greeting))
  return found('PROTOCOL', `${whatAnswers(answer)}, not ${greeting.kind}`)
}

function whatAnswers(answer: Buffer | Error): string {
  if (answer instanceof Error) return 'something answers by closing the connection'
  return answer.subarray(0, 5).toString('latin1') === 'HTTP/'
    ? 'an HTTP server answers'
    : 'something else answers'
}

/** No name is sent where an address is given: a certificate may be for an address, the name sent may not be one. */
const withName = ({ host, port }: Place, tls: ConnectionOptions): ConnectionOptions => ({
  host,
  port,
  ...(isIP(host) === 0 && { servername: host }),
  ...tls,
})

class Late extends Error {}

function opened(open: () => Socket, event: 'connect' | 'secureConnect'): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = open()
    const failed = (error: Error) => {
      socket.destroy()
      resolve(error)
    }
    socket.setTimeout(STEP_MS, () => failed(new Late()))
    socket.once(event, () => resolve(socket))
    // Stays, as an error may come after what was waited for.
    socket.on('error', failed)
    socket.once('close', () => failed(new Error('closed by the other side')))
  })
}

/** The first bytes that come back, or why none did. Ends the connection. */
function answerOf(socket: Socket, bytes: Buffer): Promise<Buffer | Error> {
  return new Promise<Buffer | Error>((resolve) => {
    socket.setTimeout(STEP_MS, () => resolve(new Late()))
    socket.once('data', resolve)
    socket.once('error', resolve)
    socket.once('close', () => resolve(new Error('closed by the other side')))
    socket.write(bytes)
  }).finally(() => socket.destroy())
}

async function speaksTls(place: Place): Promise<boolean> {
  const socket = await opened(
    () => connectTls(withName(place, { rejectUnauthorized: false })),
    'secureConnect',
  )
  if (socket instanceof TLSSocket) socket.destroy()
  // A server that asks for the client's certificate speaks TLS too.
  return !(socket instanceof Error) || /ALERT/.test(codeOf(socket))
}

const codeOf = (error: Error) => errorCode(error) ?? ''
const isOfTls = (error: Error) => /^ERR_SSL_|^ERR_TLS_|^EPROTO$/.test(codeOf(error))

/** The problem with TLS, and its remedy. */
function tlsText(error: Error, { settings }: Greeting): string {
  const code = codeOf(error)
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: renew it'
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet: look at the clocks'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'its certificate is for another name: use a host name that it is for'
  if (/CERT|ISSUER|SELF_SIGNED|UNABLE_TO/.test(code) && !code.startsWith('ERR_SSL'))
    return `its certificate is not trusted here (${code}): name its authority in NODE_EXTRA_CA_CERTS`
  if (/ALERT/.test(code)) return `it refuses this client (${code}): does it ask for a certificate of clients?`
  return `it does not speak TLS, and ${settings.encrypted}`
}

function textOf(error: unknown): string {
  // Several addresses of one name fail together, with no text of their own.
  const one = error instanceof AggregateError ? error.errors[0] : error
  return errorText(one)
}
