import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { CommandContext } from '../../commands/command.ts'
import type { Caller } from './caller.ts'
import { traceparentOf } from './trace-context.ts'

/** The facts that tie a request to all that follows from it. */
export type RequestFacts = {
  /** The caller's `X-Correlation-Id`, or a new one. Answered in the same header. */
  readonly correlationId: string
  readonly traceparent: string
  /** The caller; undefined where nobody was asked who they are. */
  caller?: Caller
}

/** Kept for ever in the metadata of events: short, and of characters that need no escape anywhere. */
const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,128}$/

const factsByRequest = new WeakMap<IncomingMessage, RequestFacts>()

/** The facts of this request, made when they are first asked for. */
export function requestFacts(ctx: Context, newId: () => string): RequestFacts {
  const known = factsByRequest.get(ctx.req)
  if (known) return known
  const given = ctx.get('X-Correlation-Id')
  const facts: RequestFacts = {
    correlationId: CORRELATION_ID.test(given) ? given : newId(),
    traceparent: traceparentOf(ctx.get('traceparent') || undefined, newId),
  }
  factsByRequest.set(ctx.req, facts)
  return facts
}

/** The context of a command that this request asks for: each has a causation id of its own. */
export function commandContextOf(ctx: Context, newId: () => string): CommandContext {
  const { caller, correlationId, traceparent } = requestFacts(ctx, newId)
  if (caller === undefined) throw new Error('a command was asked for without anybody being known to ask')
  return { actor: caller.actor, correlationId, causationId: newId(), traceparent }
}
