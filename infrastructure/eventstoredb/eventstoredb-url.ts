import type { Place } from '../diagnosis/way-to-server.ts'

/** A connection string, read. `options`: by their names in lower case, not decoded. */
export type EventStoreDbUrl = { places: Place[]; options: ReadonlyMap<string, string> }

const OPTIONS = [
  'maxDiscoverAttempts',
  'connectionName',
  'defaultDeadline',
  'discoveryInterval',
  'gossipTimeout',
  'nodePreference',
  'tls',
  'tlsVerifyCert',
  'tlsCAFile',
  'userCertFile',
  'userKeyFile',
  'throwOnAppendFailure',
  'keepAliveInterval',
  'keepAliveTimeout',
]
const KNOWN = new Set(OPTIONS.map((name) => name.toLowerCase()))

/**
 * Reads a connection string, stricter than the client. The client takes half a password and a port of any size, passes
 * over options that it does not know, and repeats the whole string in its errors. A problem is in words that follow the
 * variable's name and hold nothing of the string.
 */
export function parseEventStoreDbUrl(
  url: string,
): { ok: true; url: EventStoreDbUrl } | { ok: false; problem: string } {
  const wrong = (problem: string) => ({ ok: false as const, problem })
  const parts = /^(?:esdb|kurrentdb)(?:\+discover)?:\/\/([^?]*)(?:\?(.*))?$/.exec(url)
  if (parts === null || /\s/.test(url)) return wrong('must begin with esdb:// or esdb+discover://')
  const [, authority = '', query] = parts
  const at = authority.lastIndexOf('@')
  if (at >= 0 && !isUserAndPassword(authority.slice(0, at)))
    return wrong(
      'must have user:password before the @, special characters percent-encoded (@ as %40, : as %3A, / as %2F)',
    )
  const places = authority
    .slice(at + 1)
    .replace(/\/+$/, '')
    .split(',')
    .map(placeOf)
  if (!places.every((place) => place !== undefined))
    return wrong(
      'must name HOST:PORT, or several with commas between: names or IPv4 addresses, ports from 1 to 65535, no path',
    )
  const options = new Map<string, string>()
  for (const option of query ? query.split('&') : []) {
    const [, name, value] = /^([^=]+)=([^?]+)$/.exec(option) ?? []
    if (name === undefined || value === undefined) return wrong('must have options ?NAME=VALUE&NAME=VALUE')
    const known = name.toLowerCase().replace(/[_-]/g, '')
    if (!KNOWN.has(known)) return wrong(`has an unknown option; there are ${OPTIONS.join(', ')}`)
    options.set(known, value)
  }
  for (const name of ['tls', 'tlsverifycert'])
    if (!/^(true|false)$/i.test(options.get(name) ?? 'true'))
      return wrong('must have true or false for tls and tlsVerifyCert')
  return { ok: true, url: { places, options } }
}

function isUserAndPassword(text: string): boolean {
  const [user, password, ...more] = text.split(':')
  return Boolean(user && password) && more.length === 0 && !/[@/]/.test(text) && isEncoded(text)
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function placeOf(text: string): Place | undefined {
  const [, host, port = '2113'] = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  const number = Number(port)
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number }
}
