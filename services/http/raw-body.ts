import type { Context } from 'koa'
import { bytesInHand } from './bytes-in-hand.ts'
import { HttpProblem } from './problem.ts'

/** The largest body that is read. */
const BODY_LIMIT_BYTES = 1_048_576
/** The memory of a process for all bodies together. */
const inHand = bytesInHand(32 * BODY_LIMIT_BYTES)

/**
 * The body exactly as it came. Throws HttpProblem: 413 past the limit, 503 where all bodies together have no room (the
 * rest is not read, the connection ends), 400 for one that ended early.
 */
export async function rawBody(ctx: Context): Promise<Buffer> {
  if ((ctx.request.length ?? 0) > BODY_LIMIT_BYTES) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  try {
    // Left early, the stream must live on: it carries the answer too.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
      length += chunk.length
      if (length > BODY_LIMIT_BYTES) throw tooLarge()
      if (!inHand.take(ctx.res, chunk.length)) throw noRoom()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof HttpProblem) throw error
    throw new HttpProblem({ status: 400, code: 'BODY_INCOMPLETE', detail: 'The body ended early.' })
  }
  return Buffer.concat(chunks)
}

const tooLarge = () =>
  new HttpProblem({
    status: 413,
    code: 'BODY_TOO_LARGE',
    detail: `The body is larger than ${BODY_LIMIT_BYTES} bytes.`,
    headers: { Connection: 'close' },
  })

const noRoom = () =>
  new HttpProblem({
    status: 503,
    code: 'TOO_BUSY',
    detail: 'More is being sent than can be held at once. Nothing of the request was stored; send it again.',
    headers: { Connection: 'close', 'Retry-After': '5' },
  })
