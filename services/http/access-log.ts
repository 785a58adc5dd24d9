import type { Context, Middleware } from 'koa'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { requestFacts } from './request-facts.ts'

type Deps = { clock: Clock; log: Logger; metrics: Metrics; newId: () => string }

/** Ties the answer to its request (`X-Correlation-Id`), counts it, and logs it at debug without its query and body. */
export function accessLog({ clock, log, metrics, newId }: Deps): Middleware {
  return async (ctx, next) => {
    const begun = clock.now().epochMilliseconds
    const facts = requestFacts(ctx, newId)
    ctx.set('X-Correlation-Id', facts.correlationId)
    ctx.set('X-Content-Type-Options', 'nosniff')
    await next()
    const { method, status } = ctx
    const route = routeOf(ctx)
    const milliseconds = clock.now().epochMilliseconds - begun
    metrics.httpAnswered({
      method: METHODS.has(method) ? method : 'other',
      route,
      status,
      seconds: milliseconds / 1000,
    })
    const { correlationId, traceparent, caller } = facts
    log.debug(
      { method, route, status, milliseconds, correlationId, traceparent, actor: caller?.actor },
      'request answered',
    )
  }
}

/** Anybody may send any method: none but these becomes a label. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

type Matched = Context & { matched?: readonly { methods: readonly string[]; path: string | RegExp }[] }

/** The pattern of the route: the path itself holds ids. */
function routeOf({ matched = [], method }: Matched): string {
  const routes = matched.filter(({ methods }) => methods.length > 0)
  const route = routes.find(({ methods }) => methods.includes(method)) ?? routes[0]
  return route === undefined ? 'unknown' : String(route.path)
}
