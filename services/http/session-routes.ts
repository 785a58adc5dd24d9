import Router from '@koa/router'
import { z } from 'zod'
import { type Callers, refuseCrossSite } from './authentication.ts'
import { bodyAs } from './json-body.ts'
import { HttpProblem } from './problem.ts'
import type { Sessions } from './sessions.ts'

export const SessionRequest = z
  .object({ token: z.string().trim().min(1).max(1024).describe('the API token, or a named one') })
  .meta({ id: 'SessionRequest' })

/** A token for a cookie, which is what browsers use, and its end. */
export function sessionRoutes({ callers, sessions }: { callers: Callers; sessions: Sessions }): Router {
  const router = new Router()
  router.post('/session', async (ctx) => {
    refuseCrossSite(ctx, 'optional')
    const { token } = await bodyAs(ctx, SessionRequest, 'The body needs a token.')
    const caller = callers.byToken(token)
    if (caller === undefined)
      throw new HttpProblem({
        status: 401,
        code: 'TOKEN_REFUSED',
        detail: 'This token is not valid here.',
        headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
      })
    sessions.begin(ctx, caller.actor)
    ctx.status = 204
  })
  router.delete('/session', (ctx) => {
    refuseCrossSite(ctx, 'optional')
    sessions.end(ctx)
    ctx.status = 204
  })
  return router
}
