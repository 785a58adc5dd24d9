import { createPrivateKey, createSign } from 'node:crypto'
import * as z from 'zod'
import { defined } from '../../domain/optional-fields.ts'
import { GOOGLE_TOKEN_URL } from './google-token-endpoint.ts'

/** All that this service does at Google: reading events, watching them, stopping a channel. */
export const READ_EVENTS_SCOPE = 'https://www.googleapis.com/auth/calendar.events.readonly'

/** A key of a service account, as in the JSON file that Google hands out. */
export type ServiceAccount = { clientEmail: string; privateKey: string; privateKeyId?: string | undefined }

/**
 * The content of the file that Google's console hands out; undefined if it is no such key. The caller tells so, and
 * never what is in it.
 */
export function parseServiceAccount(content: string): ServiceAccount | undefined {
  const parsed = serviceAccountFile.safeParse(content)
  if (!parsed.success) return undefined
  const { client_email, private_key, private_key_id } = parsed.data
  const account: ServiceAccount = { clientEmail: client_email, privateKey: private_key }
  if (private_key_id) account.privateKeyId = private_key_id
  return account
}

const serviceAccountFile = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      // The parser's own message quotes the text.
      context.addIssue({ code: 'custom', message: 'not JSON' })
      return z.NEVER
    }
  })
  .pipe(
    z.object({
      client_email: z.string().min(1),
      private_key: z.string().refine(isPrivateKey),
      private_key_id: z.string().optional(),
    }),
  )

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

/** The form by which a service account asks for a token to act as `subject`, or as itself (RFC 7523, section 2.1). */
export function assertionForm(
  account: ServiceAccount,
  subject: string | undefined,
  now: Temporal.Instant,
): Record<string, string> {
  const issuedAt = Math.floor(now.epochMilliseconds / 1000)
  const header = {
    alg: 'RS256',
    typ: 'JWT',
    ...(account.privateKeyId ? { kid: account.privateKeyId } : {}),
  }
  const claims = {
    iss: account.clientEmail,
    scope: READ_EVENTS_SCOPE,
    aud: GOOGLE_TOKEN_URL,
    iat: issuedAt,
    exp: issuedAt + 3600,
    ...defined({ sub: subject }),
  }
  const signed = `${base64url(header)}.${base64url(claims)}`
  const signature = createSign('RSA-SHA256').update(signed).sign(account.privateKey, 'base64url')
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${signed}.${signature}`,
  }
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
