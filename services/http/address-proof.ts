import Router from '@koa/router'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { proofOf } from '../../infrastructure/config/service-address.ts'
import { answers, json, open } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'

const PATH = '/address-proof/{challenge}'

const Challenge = z.string().regex(/^[\w-]{22,128}$/)
const ProofAnswer = z.object({ proof: z.string() }).meta({ id: 'AddressProof' })

/**
 * Shows to the command line that this service runs on the data folder whose `address` names it: before a token is sent
 * there, which another program might read that listens on the port by now. No token needed, nothing told by it.
 */
export const addressProofRoutes = ({ secret }: { secret: string }): Router =>
  new Router().get('/address-proof/:challenge', (ctx) => {
    const challenge = Challenge.safeParse(ctx.params.challenge)
    if (!challenge.success)
      throw new HttpProblem({
        status: 400,
        code: 'BAD_CHALLENGE',
        detail: 'A challenge has 22 to 128 characters of base64url.',
      })
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { proof: proofOf(secret, challenge.data) } satisfies z.infer<typeof ProofAnswer>
  })

/** Its part of the OpenAPI description. */
export const addressProofPaths: ZodOpenApiPathsObject = {
  [PATH]: {
    get: {
      operationId: 'proveAddress',
      summary: 'Shows that this service runs on the data folder whose file address names it.',
      tags: ['service'],
      ...open,
      requestParams: { path: z.object({ challenge: Challenge }) },
      responses: answers(json('The proof.', ProofAnswer), '400'),
    },
  },
}
