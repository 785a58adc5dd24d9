import { STATUS_CODES } from 'node:http'
import type { Context } from 'koa'
import { z } from 'zod'

/** One thing wrong with what was sent. `path` names the field (`references[0].start`); empty for the whole. */
const FieldProblem = z.object({ path: z.string(), message: z.string() }).meta({ id: 'FieldProblem' })
type FieldProblem = z.infer<typeof FieldProblem>

/** A problem document (RFC 9457). `code` is stable: programs decide on it, not on the texts. */
export const ProblemDocument = z
  .object({
    type: z.string().describe('`urn:calendar-sync:problem:` and the code'),
    title: z.string().describe("the status's own phrase"),
    status: z.int().min(400).max(599),
    code: z.string().describe('stable once published'),
    detail: z.string().describe('what is wrong and, where it is known, what to do'),
    correlationId: z.string().describe('finds the request in the logs'),
    problems: z
      .array(FieldProblem)
      .optional()
      .describe('all that is wrong, where that is more than one thing'),
    commands: z.array(z.string()).optional().describe('with COMMAND_UNKNOWN: the names there are'),
  })
  .meta({ id: 'Problem' })
export type ProblemDocument = z.infer<typeof ProblemDocument>

export type ProblemOptions = {
  status: number
  code: string
  detail: string
  problems?: readonly FieldProblem[]
  commands?: readonly string[]
  headers?: { readonly [name: string]: string }
}

/** Thrown where a request cannot be answered as asked; the edge turns it into a problem document. */
export class HttpProblem extends Error {
  readonly options: ProblemOptions
  constructor(options: ProblemOptions) {
    super(`${options.status} ${options.code}`)
    this.name = 'HttpProblem'
    this.options = options
  }
}

/** 400 with everything that the schema found, by field. The messages hold no values. */
export function invalid(code: string, detail: string, error: z.core.$ZodError): HttpProblem {
  const problems = error.issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message }))
  return new HttpProblem({ status: 400, code, detail, problems })
}

/** Answers with a problem document, whatever was prepared before. */
export function sendProblem(ctx: Context, options: ProblemOptions, correlationId: string): void {
  const { status, code, detail, problems, commands, headers } = options
  const document: ProblemDocument = {
    type: `urn:calendar-sync:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    code,
    detail,
    correlationId,
    ...(problems && { problems: [...problems] }),
    ...(commands && { commands: [...commands] }),
  }
  ctx.status = status
  if (headers) ctx.set({ ...headers })
  ctx.set('Cache-Control', 'no-store')
  ctx.body = JSON.stringify(document)
  ctx.type = 'application/problem+json'
}
