import { randomBytes } from 'node:crypto'
import { keptSecret } from './secret-file.ts'

/** The file in DATA_DIR that keeps the token. */
export const API_TOKEN_FILE = 'api-token'

/**
 * The operator's bearer token: the one configured, else the one that the data folder keeps. That is made there at the
 * first start (32 random bytes in base64url). `isNew` only then: the caller prints it, this once.
 */
export function operatorToken(
  folder: string,
  configured: string | undefined,
): { token: string; isNew: boolean } {
  if (configured !== undefined) return { token: configured, isNew: false }
  const { secret, isNew } = keptSecret(folder, API_TOKEN_FILE, () => randomBytes(32).toString('base64url'))
  return { token: secret, isNew }
}
