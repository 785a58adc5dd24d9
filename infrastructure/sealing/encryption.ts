import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** A text under lock. `keyId` tells which key opens it and nothing about that key. */
export type Sealed = { keyId: string; sealed: Uint8Array }

/**
 * The keys of a vault, the newest first: the newest seals, any opens. Each key is 32 bytes and is never used itself.
 * Derived from it (HKDF-SHA256, RFC 5869) are one key for sealing, one for look-ups, and the key's id.
 */
export type KeyRing = {
  /** The id of the key that seals. */
  readonly newest: string
  /**
   * Encrypts with AES-256-GCM under a fresh random nonce. `context` (the record's kind and id) is authenticated with
   * it, so that a sealed text moved to another record does not open.
   */
  seal(text: string, context: string): Sealed
  /** undefined where no key of the ring opens it, be it unknown, altered or of another context. */
  open(sealed: Sealed, context: string): string | undefined
  /**
   * A keyed fingerprint of a text (HMAC-SHA256) under the newest key. It finds an equal text without storing it, and
   * tells nothing to those who lack the key.
   */
  fingerprint(text: string): Uint8Array
}

type Key = { id: string; sealing: Uint8Array; lookUp: Uint8Array }

const NONCE_BYTES = 12
const TAG_BYTES = 16
export const KEY_BYTES = 32

/** Throws RangeError unless there is at least one key and each has 32 bytes. */
export function keyRing(secrets: readonly Uint8Array[]): KeyRing {
  const keys = secrets.map(derive)
  const [newest] = keys
  if (newest === undefined) throw new RangeError('a vault needs a key')
  const byId = new Map(keys.map((key) => [key.id, key]))

  return {
    newest: newest.id,

    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', newest.sealing, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(context))
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return { keyId: newest.id, sealed: Buffer.concat([nonce, cipher.getAuthTag(), encrypted]) }
    },

    open({ keyId, sealed }, context) {
      const key = byId.get(keyId)
      if (key === undefined || sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
      const nonce = sealed.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key.sealing, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const text = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES))
      try {
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch {
        // `final` throws for one reason: the tag does not fit the key, the text and the context.
        return undefined
      }
    },

    fingerprint: (text) => createHmac('sha256', newest.lookUp).update(text).digest(),
  }
}

function derive(secret: Uint8Array): Key {
  if (secret.length !== KEY_BYTES) throw new RangeError(`a vault's key has ${KEY_BYTES} bytes`)
  const part = (purpose: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), `calendar-sync vault: ${purpose}`, bytes))
  return {
    id: Buffer.from(part('key id', 8)).toString('hex'),
    sealing: part('sealing', 32),
    lookUp: part('look-up', 32),
  }
}
