import { randomBytes } from 'node:crypto'
import { keptSecret } from './secret-file.ts'

/** The file in DATA_DIR that keeps the key. Without it, or its backup, the vault cannot be opened again. */
export const ENCRYPTION_KEY_FILE = 'encryption-key'

/**
 * The vault's keys, of 32 bytes each, the newest first: those configured, else the one that the data folder keeps,
 * made there at the first start. Throws where the file holds anything else.
 */
export function encryptionKeys(
  folder: string,
  configured: readonly Uint8Array[] | undefined,
): readonly Uint8Array[] {
  if (configured !== undefined) return configured
  const { secret } = keptSecret(folder, ENCRYPTION_KEY_FILE, () => randomBytes(32).toString('base64'))
  const key = Buffer.from(secret, 'base64')
  if (key.length !== 32) throw new Error(`${ENCRYPTION_KEY_FILE} in ${folder} is not 32 bytes in base64`)
  return [key]
}
