import Router from '@koa/router'
import { z } from 'zod'
import { credentialId as credentialIdText, instantText, text } from '../../commands/body-fields.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Credential, CredentialVault } from '../../ports/vault/credential-vault.ts'
import { bodyAs } from './json-body.ts'
import { HttpProblem } from './problem.ts'

const secret = text(8192)

/** A credential as it is handed in. It is never given out again. */
export const CredentialBody = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('oauth'),
      refreshToken: secret,
      accessToken: secret.optional(),
      expiresAt: instantText.optional().describe("the access token's end"),
    }),
    z.object({
      kind: z.literal('service-account'),
      subject: text(320).describe('the user as whom the service account acts'),
    }),
  ])
  .meta({ id: 'Credential' })

const CredentialId = z.string().trim().min(1).max(255)

export type CredentialRouteDeps = {
  vault: CredentialVault
  /** Called after a credential was stored or replaced: what waited for it can go on. */
  onCredentialStored(credentialId: string): void
}

export function credentialRoutes({ vault, onCredentialStored }: CredentialRouteDeps): Router {
  const router = new Router()
  router.put('/credentials/:credentialId', async (ctx) => {
    const credentialId = readId(ctx.params.credentialId, credentialIdText)
    const body = await bodyAs(ctx, CredentialBody, 'The body is not a credential.')
    await vault.put(credentialId, toCredential(body))
    onCredentialStored(credentialId)
    ctx.status = 204
  })
  router.delete('/credentials/:credentialId', async (ctx) => {
    // One that is not there is gone already: sending it twice is the same as once.
    await vault.shred(readId(ctx.params.credentialId))
    ctx.status = 204
  })
  return router
}

/** Reads the id of a credential. An id to shred may come of a version that took more: it has the wider schema. */
function readId(given: string | undefined, schema = CredentialId): string {
  const id = schema.safeParse(given)
  if (id.success) return id.data
  throw new HttpProblem({
    status: 400,
    code: 'BAD_CREDENTIAL_ID',
    detail: 'A credential id has 1 to 255 characters, and none of them is a control character.',
  })
}

function toCredential(body: z.infer<typeof CredentialBody>): Credential {
  if (body.kind === 'service-account') return body
  const { kind, refreshToken, accessToken, expiresAt } = body
  return {
    kind,
    refreshToken,
    ...defined({ accessToken }),
    ...(expiresAt !== undefined && { expiresAt: Temporal.Instant.from(expiresAt).toString() }),
  }
}
