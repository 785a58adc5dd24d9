// Parts that the descriptions of many routes share.
import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiRequestBodyObject,
  ZodOpenApiResponseObject,
} from 'zod-openapi'
import type { Scope } from './caller.ts'
import { CONSISTENCY_POSITION } from './command-routes.ts'
import { ProblemDocument } from './problem.ts'

const meanings = {
  '400': 'The body or the query does not fit; `problems` lists all that is wrong.',
  '401': 'No token, or one that is not valid here.',
  '403': 'The token lacks the scope, or a session was used from another site.',
  '404': 'There is no such thing.',
  '409': 'A rule would be broken; `code` says which.',
  '413': 'The body is larger than 1 MiB.',
  '415': 'The body is not application/json.',
  '429': 'Too many tokens or signatures from this address were not valid.',
  '503':
    'A store does not answer now; Retry-After says when to ask again. STORE_UNAVAILABLE: nothing was stored. OUTCOME_UNKNOWN: it may be stored; sending it again is the same as once.',
} as const
type ProblemStatus = keyof typeof meanings

/** The problem documents, by status. */
export const problemResponses: Record<string, ZodOpenApiResponseObject> = Object.fromEntries(
  Object.entries(meanings).map(([status, description]) => [
    `Problem${status}`,
    {
      description: `${STATUS_CODES[Number(status)]}. ${description}`,
      content: { 'application/problem+json': { schema: ProblemDocument } },
    },
  ]),
)

/**
 * The answer that is hoped for (204 where it is empty, unless another status is named), and the problems there may be.
 * Whoever is asked for a token may have failed too often.
 */
export function answers(
  hoped: ZodOpenApiResponseObject & { status?: '200' },
  ...problems: ProblemStatus[]
): ZodOpenApiOperationObject['responses'] {
  const all = problems.includes('403') ? [...problems, '429' as const] : problems
  const { status = hoped.content === undefined ? '204' : '200', ...response } = hoped
  return {
    [status]: response,
    ...Object.fromEntries(
      all.map((problem) => [problem, { $ref: `#/components/responses/Problem${problem}` }]),
    ),
  }
}

export const json = (description: string, schema: z.ZodType): ZodOpenApiResponseObject => ({
  description,
  content: { 'application/json': { schema } },
})
export const empty = (description: string): ZodOpenApiResponseObject => ({ description })
export const body = (schema: z.ZodType): ZodOpenApiRequestBodyObject => ({
  required: true,
  content: { 'application/json': { schema } },
})

export const guarded = (scope: Scope) => ({
  security: [{ bearer: [] }, { session: [] }],
  'x-scope': scope,
})
export const open = { security: [] }

export const positionAsked = z.object({
  [CONSISTENCY_POSITION]: z
    .string()
    .max(128)
    .optional()
    .describe('as a command answered it: waits, bounded, until the read model has seen it'),
})
export const positionTold = z.object({
  [CONSISTENCY_POSITION]: z.string().optional().describe('may be sent with a query'),
})
