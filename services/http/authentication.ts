import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import type { NamedApiToken } from '../../infrastructure/config/api-tokens-file.ts'
import type { Caller, Scope } from './caller.ts'
import { HttpProblem } from './problem.ts'
import { requestFacts } from './request-facts.ts'
import type { Sessions } from './sessions.ts'

/** API_TOKEN, which may do everything, and those of API_TOKENS_FILE. */
export type ApiTokens = { readonly token: string; readonly named: readonly NamedApiToken[] }

export const DEFAULT_ACTOR = 'api:default'
const scopesOf: { readonly [S in Scope]: readonly Scope[] } = {
  read: ['read'],
  operate: ['read', 'operate'],
  audit: ['read', 'audit'],
}

/** Knows callers by their tokens, and by their actors while their token is still among those given. */
export type Callers = {
  /** undefined for a token that is none of ours. Every known token is compared, in constant time over SHA-256. */
  byToken(token: string): Caller | undefined
  byActor(actor: string): Caller | undefined
}

export function knownCallers({ token, named }: ApiTokens): Callers {
  const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
  const known: { hash: Buffer; caller: Caller }[] = [
    { hash: sha256(token), caller: { actor: DEFAULT_ACTOR, scopes: ['read', 'operate', 'audit'] } },
    ...named.map(({ name, sha256: hash, scope }) => ({
      hash: Buffer.from(hash, 'hex'),
      caller: { actor: `operator:${name}`, scopes: scopesOf[scope] },
    })),
  ]
  return {
    byToken(presented) {
      const hash = sha256(presented)
      let caller: Caller | undefined
      for (const one of known) if (timingSafeEqual(one.hash, hash)) caller ??= one.caller
      return caller
    },
    byActor: (actor) => known.find(({ caller }) => caller.actor === actor)?.caller,
  }
}

type Deps = { callers: Callers; sessions: Sessions; newId: () => string }

/** Lets through those who may, and notes who it is; 401 without a valid token or session, 403 without the scope. */
export function requireScope(scope: Scope, deps: Deps): Middleware {
  return async (ctx, next) => {
    const caller = identify(ctx, deps)
    if (!caller.scopes.includes(scope))
      throw new HttpProblem({
        status: 403,
        code: 'SCOPE_MISSING',
        detail: `This token lacks the scope ${scope}.`,
        headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      })
    requestFacts(ctx, deps.newId).caller = caller
    ctx.set('Cache-Control', 'no-store')
    await next()
  }
}

/** The bearer token where one is sent, whatever cookies come with it; else the session. */
function identify(ctx: Context, { callers, sessions }: Deps): Caller {
  const authorization = ctx.get('Authorization')
  if (authorization !== '') {
    const [, token] = /^Bearer +([^\s]+) *$/i.exec(authorization) ?? []
    const caller = token === undefined ? undefined : callers.byToken(token)
    if (caller) return caller
    throw unauthenticated('TOKEN_REFUSED', 'This bearer token is not valid here.', ' error="invalid_token"')
  }
  const actor = sessions.actorOf(ctx)
  const caller = actor === undefined ? undefined : callers.byActor(actor)
  if (caller === undefined)
    throw unauthenticated('TOKEN_MISSING', 'Send the header Authorization: Bearer and the API token.')
  refuseCrossSite(ctx, 'required')
  return caller
}

const unauthenticated = (code: string, detail: string, parameters = '') =>
  new HttpProblem({ status: 401, code, detail, headers: { 'WWW-Authenticate': `Bearer${parameters}` } })

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Guards against other sites, with whose requests a browser sends its cookie along. A request that could change
 * something must say, by the browser itself, that it comes from our own page. 403 CROSS_SITE otherwise; `optional`
 * accepts silence.
 */
export function refuseCrossSite(ctx: Context, proof: 'required' | 'optional'): void {
  if (SAFE_METHODS.has(ctx.method)) return
  const site = ctx.get('Sec-Fetch-Site')
  const origin = ctx.get('Origin')
  const declared = site !== '' || origin !== ''
  const sameSite = site === '' || site === 'same-origin'
  const sameOrigin = origin === '' || hostOf(origin) === ctx.get('Host').toLowerCase()
  if (sameSite && sameOrigin && (declared || proof === 'optional')) return
  throw new HttpProblem({
    status: 403,
    code: 'CROSS_SITE',
    detail: 'A session changes things from our own pages only. Programs send a bearer token instead.',
  })
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
