import { isIP } from 'node:net'
import type { Context } from 'koa'

/** A proxy on the same machine passes on what others ask, and says so by one of these. */
const PASSED_ON = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'Via',
]

/** Whether a request comes from this very machine, and no proxy has passed it on. */
export const isFromThisMachine = (ctx: Context): boolean =>
  isLoopbackPeer(ctx.req.socket.remoteAddress ?? '') && PASSED_ON.every((name) => ctx.get(name) === '')

function isLoopbackPeer(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '')
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}
