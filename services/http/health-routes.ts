import Router from '@koa/router'
import { z } from 'zod'

export const Liveness = z.object({ status: z.literal('live') }).meta({ id: 'Liveness' })

export const Readiness = z
  .object({
    status: z.enum(['ready', 'not-ready']),
    roles: z
      .record(z.string(), z.enum(['ready', 'not-ready']))
      .describe('each role that this process runs; what all of them need decides the status'),
    degraded: z.array(z.string()).describe('what does not work now, though signals and webhooks are durable'),
  })
  .meta({ id: 'Readiness' })
export type Readiness = z.infer<typeof Readiness>

/** A check resolves if the thing works, and rejects if it does not. Each is bounded by who gives it. */
export type Check = () => Promise<unknown>

export type HealthRouteDeps = {
  /**
   * Checks of the parts that make signals and webhooks durable (event store, queue): if one fails, http is not ready.
   */
  durable: { readonly [name: string]: Check }
  /** Checks of the other parts, by name: an outage is named as degraded. */
  others: { readonly [name: string]: Check }
  /** False where this process has not the http role (it has). */
  http?: boolean
  /** The further roles of this process, each with what it needs. */
  roles: { readonly [role: string]: Check }
}

/** For whoever starts, stops and balances processes: no token needed, nothing told but names. */
export function healthRoutes(deps: HealthRouteDeps): Router {
  const router = new Router()
  router.get('/health/live', (ctx) => {
    ctx.body = { status: 'live' } satisfies z.infer<typeof Liveness>
  })
  router.get('/health/ready', async (ctx) => {
    const [durable, others, roles] = await Promise.all([
      failing(deps.durable),
      failing(deps.others),
      failing(deps.roles),
    ])
    const ready = (isReady: boolean) => (isReady ? 'ready' : 'not-ready')
    const answer: Readiness = {
      status: ready(durable.length === 0),
      roles: {
        ...((deps.http ?? true) && { http: ready(durable.length === 0) }),
        ...Object.fromEntries(Object.keys(deps.roles).map((role) => [role, ready(!roles.includes(role))])),
      },
      degraded: [...durable, ...others, ...roles],
    }
    ctx.status = durable.length === 0 ? 200 : 503
    ctx.set('Cache-Control', 'no-store')
    ctx.body = answer
  })
  return router
}

async function failing(checks: { readonly [name: string]: Check }): Promise<string[]> {
  const names = Object.keys(checks)
  const outcomes = await Promise.allSettled(Object.values(checks).map(async (check) => check()))
  return names.filter((_, index) => outcomes[index]?.status === 'rejected')
}
