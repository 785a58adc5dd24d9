import type { Context } from 'koa'
import type { z } from 'zod'
import { HttpProblem, invalid } from './problem.ts'
import { rawBody } from './raw-body.ts'

/**
 * The body as JSON. Throws HttpProblem: 415 for another content type, charset or encoding, 400 BODY_MALFORMED for what
 * is not JSON in UTF-8, and what `rawBody` throws.
 */
export async function jsonBody(ctx: Context): Promise<unknown> {
  const charset = ctx.request.charset.toLowerCase()
  const encoding = ctx.get('Content-Encoding').toLowerCase()
  const isJson = ctx.is('application/json', 'application/*+json')
  // No body at all is malformed rather than of another type.
  const isOther = isJson === false && ctx.request.length !== 0
  if (isOther || !['', 'utf-8', 'utf8'].includes(charset) || !['', 'identity'].includes(encoding))
    throw new HttpProblem({
      status: 415,
      code: 'CONTENT_TYPE_UNSUPPORTED',
      detail: 'Send the body as application/json in UTF-8, not compressed.',
    })
  const bytes = await rawBody(ctx)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new HttpProblem({
      status: 400,
      code: 'BODY_MALFORMED',
      detail: bytes.length === 0 ? 'The body is empty; JSON is needed.' : 'The body is not JSON in UTF-8.',
    })
  }
}

/** The body as the schema makes it. Throws what `jsonBody` throws, and 400 BODY_INVALID with `detail` where it does not fit. */
export async function bodyAs<Schema extends z.ZodType>(
  ctx: Context,
  schema: Schema,
  detail: string,
): Promise<z.output<Schema>> {
  const read = schema.safeParse(await jsonBody(ctx))
  if (!read.success) throw invalid('BODY_INVALID', detail, read.error)
  return read.data
}
