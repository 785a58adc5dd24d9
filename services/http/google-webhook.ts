import type { Context, Middleware } from 'koa'
import type { Logger } from '../../ports/logger.ts'
import type { GooglePush } from '../channels/google-push.ts'

export const GOOGLE_WEBHOOK_PATH = '/webhooks/google'

/** A push has no body. Small ones are let pass, so that the connection can go on being used. */
const BODY_LIMIT_BYTES = 1024

/** How long the other side has to take the answer in before the connection goes that still carries a large body. */
const LINGER_MS = 1000

/**
 * POST /webhooks/google, answered from the headers alone and without a body; other methods are 405. Everything else
 * passes through: mount it first, it needs nothing of what the other routes need.
 */
export function googleWebhook({ push, log }: { push: GooglePush; log: Logger }): Middleware {
  return (ctx, next) => (ctx.path === GOOGLE_WEBHOOK_PATH ? answer(ctx, push, log) : next())
}

async function answer(ctx: Context, push: GooglePush, log: Logger): Promise<void> {
  // Koa would put the phrase of the status into the body.
  ctx.respond = false
  if (ctx.method !== 'POST') return send(ctx, 405)
  let status = 500
  try {
    status = (await push.receive(ctx.req.headers)).status
  } catch (error) {
    log.error({ err: error }, 'push failed, answered 500')
  }
  send(ctx, status)
}

function send({ req, res }: Context, status: number): void {
  const headers: { [name: string]: string } = { 'Content-Length': '0' }
  if (status === 405) headers.Allow = 'POST'
  if (status === 503) headers['Retry-After'] = '5'
  if (hasSmallBody(req)) {
    res.writeHead(status, headers).end()
    return
  }
  res.writeHead(status, { ...headers, Connection: 'close' }).flushHeaders()
  // Closed at once, with so much unread, the connection would be reset and the answer lost with it.
  req.socket.setTimeout(LINGER_MS, () => req.socket.destroy())
}

/** Whether what there is of a body, or is left of it, may be read and thrown away. */
function hasSmallBody(req: Context['req']): boolean {
  const length = req.headers['content-length']
  if (length !== undefined) return Number(length) <= BODY_LIMIT_BYTES
  return (
    req.headers['transfer-encoding'] === undefined || (req.complete && req.readableLength <= BODY_LIMIT_BYTES)
  )
}
