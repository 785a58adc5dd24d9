import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { CommandPorts } from '../../commands/command.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { OnStoreAway } from '../running/store-away.ts'
import type { StatusReport } from '../status/status-report.ts'
import { accessLog } from './access-log.ts'
import { type ApiTokens, knownCallers, requireScope } from './authentication.ts'
import type { Scope } from './caller.ts'
import { commandRoutes } from './command-routes.ts'
import { consoleRoutes } from './console-routes.ts'
import { credentialRoutes } from './credential-routes.ts'
import { notRouted, problemDocuments } from './errors.ts'
import { refuseAfterFailures } from './failed-authentication.ts'
import { type HealthRouteDeps, healthRoutes } from './health-routes.ts'
import { type DescriptionOptions, openApiDocument } from './openapi.ts'
import type { CaughtUp } from './query-parameters.ts'
import { queryRoutes } from './query-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { signedSessions } from './sessions.ts'

export type HttpAppDeps = {
  ports: CommandPorts
  clock: Clock
  log: Logger
  metrics: Metrics
  tokens: ApiTokens
  /** 32 bytes that sign the console's sessions; the same in every process behind one address. */
  sessionKey: Uint8Array
  /** Google Calendar and Cal.com are the stand-ins: on a loopback address the console needs no login. */
  standIns: boolean
  caughtUp: CaughtUp
  status(): Promise<StatusReport>
  health: HealthRouteDeps
  /** Called after a credential was stored: what waited for it (the crons) can go on. */
  onCredentialStored(credentialId: string): void
  onStoreAway: OnStoreAway
  /** Asked before everything else, with nothing in front: they handle their own errors. Google's pushes. */
  first: readonly Middleware[]
  /** Without a token, with nothing in front but the turning of errors into problem documents. */
  open: readonly Router[]
  /** Behind the bearer token or session, each with the scope it needs. */
  guarded: readonly { router: Router; scope: Scope }[]
  description?: DescriptionOptions
  /** Only health, metrics, status and `guarded`: for a process that has not the http role. */
  operatorsOnly?: boolean
}

/**
 * The HTTP edge as one Koa app, not yet listening. Every answer of 400 and above is a problem document (RFC 9457), and
 * no error leaves it.
 */
export function createHttpApp(deps: HttpAppDeps): Koa {
  const { ports, clock, log, metrics } = deps
  const { newId } = ports
  const callers = knownCallers(deps.tokens)
  const sessions = signedSessions({ key: deps.sessionKey, clock, newId })
  const afterFailures = refuseAfterFailures({ clock })
  const guard = ({ router, scope }: { router: Router; scope: Scope }) =>
    new Router().use(afterFailures, requireScope(scope, { callers, sessions, newId })).use(router.routes())

  const app = new Koa()
  // Only what goes wrong while an answer is on its way comes here: mostly a caller who hung up.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'answer not sent'))

  for (const middleware of deps.first) app.use(middleware)
  const problems = problemDocuments({ clock, log, newId, onStoreAway: deps.onStoreAway })
  app.use(problems)
  for (const router of deps.open) app.use(new Router().use(afterFailures).use(router.routes()).routes())

  app.use(accessLog({ clock, log, metrics, newId }))
  app.use(problems)
  app.use(healthRoutes(deps.health).routes())
  const { onCredentialStored, caughtUp, operatorsOnly = false } = deps
  if (!operatorsOnly) {
    app.use(new Router().use(afterFailures).use(sessionRoutes({ callers, sessions }).routes()).routes())
    app.use(consoleRoutes({ sessions, standIns: deps.standIns }).routes())
  }
  const everybodys: HttpAppDeps['guarded'] = [
    { router: commandRoutes({ ports, metrics }), scope: 'operate' },
    { router: credentialRoutes({ vault: ports.vault, onCredentialStored }), scope: 'operate' },
    { router: queryRoutes({ ports, caughtUp }), scope: 'read' },
  ]
  const guarded: HttpAppDeps['guarded'] = [
    ...(operatorsOnly ? [] : everybodys),
    { router: serviceRoutes(deps), scope: 'read' },
    ...deps.guarded,
  ]
  for (const one of guarded) app.use(guard(one).routes())
  app.use(notRouted)
  return app
}

/** The service about itself. */
function serviceRoutes({ status, metrics, description = {} }: HttpAppDeps): Router {
  const document = openApiDocument(description)
  return new Router()
    .get('/status', async (ctx) => {
      ctx.body = await status()
    })
    .get('/metrics', async (ctx) => {
      ctx.body = await metrics.text()
      ctx.set('Content-Type', metrics.contentType)
    })
    .get('/openapi.json', (ctx) => {
      ctx.body = document
    })
}
