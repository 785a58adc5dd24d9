// Failing authentication, counted by the address that it comes from: who guesses on is refused before anything is read.
import { BlockList, isIP } from 'node:net'
import type { Context, Middleware } from 'koa'
import type { Clock } from '../../ports/clock.ts'
import { HttpProblem } from './problem.ts'

/** An address may fail this often at once, and once more with each second. */
const FAILURES = 60
const SECOND_MS = 1000
/** The most addresses that are remembered. */
const ADDRESSES = 10_000

/** The codes by which something was presented that is not valid. A request without anything guesses nothing. */
const FAILING = new Set(['TOKEN_REFUSED', 'SIGNATURE_REFUSED'])

/**
 * Stands before what asks who the caller is. An address that has failed too often is answered 429 TOO_MANY_FAILURES,
 * whatever it presents, until seconds have passed.
 */
export function refuseAfterFailures({ clock }: { clock: Pick<Clock, 'now'> }): Middleware {
  /** When each address will have been forgiven, in milliseconds; the one that failed last is the last. */
  const forgiven = new Map<string, number>()
  const now = () => clock.now().epochMilliseconds
  const fail = (address: string): void => {
    const at = Math.max(forgiven.get(address) ?? 0, now()) + SECOND_MS
    forgiven.delete(address)
    forgiven.set(address, at)
    const [oldest] = forgiven.keys()
    if (forgiven.size > ADDRESSES && oldest !== undefined) forgiven.delete(oldest)
  }
  return async (ctx, next) => {
    // Nobody has failed, as a rule: pushes do not pay for the address then.
    const until = forgiven.size === 0 ? 0 : (forgiven.get(addressOf(ctx)) ?? 0)
    if (until - now() > (FAILURES - 1) * SECOND_MS) throw tooMany()
    try {
      await next()
    } catch (error) {
      if (error instanceof HttpProblem && FAILING.has(error.options.code)) fail(addressOf(ctx))
      throw error
    }
  }
}

const tooMany = () =>
  new HttpProblem({
    status: 429,
    code: 'TOO_MANY_FAILURES',
    detail: 'Too many tokens or signatures from this address were not valid. Look at what sends them.',
    headers: { 'Retry-After': '1' },
  })

/** Addresses that proxies have: none of them is a stranger's. */
const inside = new BlockList()
inside.addSubnet('127.0.0.0', 8)
inside.addSubnet('10.0.0.0', 8)
inside.addSubnet('172.16.0.0', 12)
inside.addSubnet('192.168.0.0', 16)
inside.addAddress('::1', 'ipv6')
inside.addSubnet('fc00::', 7, 'ipv6')

/** Where a request comes from: the connection, or what a proxy inside says of it. Of IPv6 the network that one has. */
function addressOf(ctx: Context): string {
  const peer = plain(ctx.req.socket.remoteAddress ?? '')
  const [told = ''] = ctx.get('X-Forwarded-For').split(',').slice(-1)
  const address = isInside(peer) && isIP(plain(told)) !== 0 ? plain(told) : peer
  return isIP(address) === 6 ? address.split(':').slice(0, 4).join(':') : address
}

const plain = (address: string): string => address.trim().replace(/^::ffff:/i, '')

const isInside = (address: string): boolean =>
  isIP(address) !== 0 && inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
