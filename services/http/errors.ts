import type { Context, Middleware } from 'koa'
import type { Clock } from '../../ports/clock.ts'
import { UnknownEventType } from '../../ports/event-store/event-codec.ts'
import type { Logger } from '../../ports/logger.ts'
import { BadCursor } from '../../ports/read-store/read-store.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../ports/store-unavailable.ts'
import { VaultKeyUnknown } from '../../ports/vault/credential-vault.ts'
import type { OnStoreAway } from '../running/store-away.ts'
import { HttpProblem, type ProblemOptions, sendProblem } from './problem.ts'
import { refusalLog } from './refusal-log.ts'
import { requestFacts } from './request-facts.ts'

/**
 * The one place of the HTTP role where errors end. Expected ones become the problem documents that they are. All others
 * are 500 INTERNAL without their text, logged once under the correlation id that the answer names.
 */
export function problemDocuments(deps: {
  clock: Pick<Clock, 'now'>
  log: Logger
  newId: () => string
  onStoreAway: OnStoreAway
}): Middleware {
  const refusals = refusalLog(deps)
  return async (ctx, next) => {
    try {
      await next()
      refusals.served()
    } catch (error) {
      const { correlationId } = requestFacts(ctx, deps.newId)
      if (ctx.headerSent) {
        deps.log.error({ err: error, correlationId, path: ctx.path }, 'answer broke off')
        ctx.req.destroy()
        return
      }
      const expected = problemOf(error, ctx.method)
      if (expected === undefined)
        deps.log.error(
          { err: error, correlationId, method: ctx.method, path: ctx.path },
          'request failed, answered 500',
        )
      else if (error instanceof StoreUnavailable || expected.code === 'STORE_UNAVAILABLE') {
        deps.onStoreAway(asOutage(error))
        deps.log.debug(
          { code: expected.code, correlationId, path: ctx.path },
          'request refused, store unavailable',
        )
      } else if (expected.status >= 500)
        refusals.refused(expected.code, { ...reasonOf(error), correlationId, path: ctx.path })
      ctx.set('X-Correlation-Id', correlationId)
      sendProblem(ctx, expected ?? internal, correlationId)
    }
  }
}

/** A problem that was foreseen says all there is to say. */
const reasonOf = (error: unknown) =>
  error instanceof HttpProblem ? { code: error.options.code, reason: error.options.detail } : { err: error }

/** A problem made of an outage names what is away; its own place in the code says nothing. */
const asOutage = (error: unknown): unknown =>
  error instanceof HttpProblem ? new StoreUnavailable(error.options.detail) : error

const internal: ProblemOptions = {
  status: 500,
  code: 'INTERNAL',
  detail: 'Something unexpected went wrong. The logs tell more under this correlation id.',
}

/** Methods of calls that store nothing, however they end. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

function problemOf(error: unknown, method: string): ProblemOptions | undefined {
  if (error instanceof HttpProblem) return error.options
  if (error instanceof BadCursor)
    return { status: 400, code: error.code, detail: 'after is not a cursor of this list.' }
  if (error instanceof OutcomeUnknown && !SAFE_METHODS.has(method))
    return {
      status: 503,
      code: error.code,
      detail:
        'A store does not say what became of the request: it may be stored, in part or not at all. Send it again: twice is the same as once.',
      headers: { 'Retry-After': '5' },
    }
  if (error instanceof StoreUnavailable)
    return {
      status: 503,
      code: 'STORE_UNAVAILABLE',
      detail: 'A store cannot take or give data now. Nothing of the request was stored; send it again.',
      headers: { 'Retry-After': '5' },
    }
  if (error instanceof UnknownEventType)
    return {
      status: 503,
      code: error.code,
      detail:
        'A newer version of the service has written what this one cannot read: bring this one up to date.',
      headers: { 'Retry-After': '60' },
    }
  if (error instanceof VaultKeyUnknown)
    return {
      status: 503,
      code: error.code,
      detail: 'None of the encryption keys given opens what is stored: add the former key to ENCRYPTION_KEY.',
      headers: { 'Retry-After': '60' },
    }
  return undefined
}

type Matched = Context & { matched?: readonly { methods: readonly string[] }[] }

/** The end of the line: 405 with what is allowed where the path is known, else 404. OPTIONS is answered. */
export const notRouted: Middleware = (ctx: Matched) => {
  const methods = [...new Set((ctx.matched ?? []).flatMap((layer) => layer.methods))]
  if (methods.length === 0)
    throw new HttpProblem({
      status: 404,
      code: 'ROUTE_UNKNOWN',
      detail: 'There is nothing at this path; GET /openapi.json lists what there is.',
    })
  const Allow = methods.join(', ')
  if (ctx.method === 'OPTIONS') {
    ctx.status = 204
    ctx.set('Allow', Allow)
    return
  }
  throw new HttpProblem({
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    detail: `This path takes ${Allow}.`,
    headers: { Allow },
  })
}
