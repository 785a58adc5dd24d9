import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../logging/error-facts.ts'
import { KEY_BYTES } from './encryption.ts'

/** The vault's keys, the newest first; `made` where this call made the first one. */
export type EncryptionKeys =
  | { ok: true; keys: readonly Uint8Array[]; made: boolean }
  | { ok: false; code: 'ENCRYPTION_KEY_MALFORMED'; message: string }

type Places = { configured: string | undefined; dataDir: string }

/**
 * The keys of ENCRYPTION_KEY (`configured`: base64 of 32 bytes each, a comma list, the newest first). After them the
 * one in `dataDir`/encryption.key if it exists, so that setting the variable later locks nothing out. Without the
 * variable that file alone, made (mode 0600, durable) if there is none. `dataDir` must exist. Throws if the file cannot
 * be read or written. Messages never contain a key.
 */
export function encryptionKeys(places: Places): EncryptionKeys {
  const there = keysThatAreThere(places)
  if (!there.ok || there.keys.length > 0) return there
  const made = makeUnlessThere(join(places.dataDir, FILE))
  const after = keysThatAreThere(places)
  return after.ok ? { ...after, made } : after
}

/** The same keys, and none made: there may be none. */
export function keysThatAreThere({ configured, dataDir }: Places): EncryptionKeys {
  const path = join(dataDir, FILE)
  const given = configured?.trim() ?? ''
  const keys: Uint8Array[] = []
  for (const [place, text] of given === '' ? [] : given.split(',').entries()) {
    const key = decoded(text)
    if (key === undefined) return malformed(`entry ${place + 1} of ENCRYPTION_KEY is not ${EXPECTED}`)
    keys.push(key)
  }
  const text = read(path)
  if (text !== undefined) {
    const key = decoded(text)
    if (key === undefined) return malformed(`${path} is not ${EXPECTED}`)
    keys.push(key)
  }
  return { ok: true, keys, made: false }
}

const FILE = 'encryption.key'
const EXPECTED = `${KEY_BYTES} bytes in base64 (make one with: openssl rand -base64 ${KEY_BYTES})`

const malformed = (message: string): EncryptionKeys => ({
  ok: false,
  code: 'ENCRYPTION_KEY_MALFORMED',
  message,
})

/** Buffer's own decoder skips what it does not know; a key must be exactly what was meant. */
function decoded(text: string): Uint8Array | undefined {
  const key = Buffer.from(text.trim(), 'base64')
  return key.length === KEY_BYTES && key.toString('base64') === text.trim() ? key : undefined
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Whether it made one: a key that is there is never overwritten, also when two processes start at once. */
function makeUnlessThere(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
  try {
    writeFileSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return true
}
