import { readFileSync } from 'node:fs'
import Router from '@koa/router'
import type { Context } from 'koa'
import { DEFAULT_ACTOR } from './authentication.ts'
import { isFromThisMachine } from './same-machine.ts'
import type { Sessions } from './sessions.ts'

/** Nothing from elsewhere, nothing inline, in no frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const files = [
  { path: '/', file: 'status.html', type: 'text/html; charset=utf-8' },
  { path: '/console/status.css', file: 'status.css', type: 'text/css; charset=utf-8' },
  { path: '/console/status.js', file: 'status.js', type: 'text/javascript; charset=utf-8' },
] as const

/**
 * The console: static files, which hold nothing of the service's and so need no token. With the stand-ins, a browser
 * on this very machine gets a session with the page.
 */
export function consoleRoutes({ sessions, standIns }: { sessions: Sessions; standIns: boolean }): Router {
  const router = new Router()
  for (const { path, file, type } of files) {
    const content = readFileSync(new URL(`../../console/${file}`, import.meta.url))
    router.get(path, (ctx) => {
      if (path === '/' && standIns && isLoopback(ctx) && sessions.actorOf(ctx) === undefined)
        sessions.begin(ctx, DEFAULT_ACTOR)
      ctx.set({
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': path === '/' ? 'no-store' : 'no-cache',
      })
      ctx.body = content
      ctx.type = type
    })
  }
  return router
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Both the name asked for and the connection: another site's name may be made to point here, and a proxy may stand here. */
function isLoopback(ctx: Context): boolean {
  const name = ctx.get('Host').toLowerCase().replace(/:\d+$/, '')
  return LOOPBACK_NAMES.has(name) && isFromThisMachine(ctx)
}
