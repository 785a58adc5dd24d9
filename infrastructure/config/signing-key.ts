import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { derivedKey } from './derived-keys.ts'

/** A key by which others recognise what this deployment has signed (Ed25519, RFC 8032). */
export type SigningKey = {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key's DER (SubjectPublicKeyInfo). */
  id: string
  /** PEM, SubjectPublicKeyInfo. */
  publicKey: string
  sign(data: Uint8Array): Uint8Array
}

/** PKCS #8 of an Ed25519 private key, up to its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key that belongs to an encryption key: all processes that share the one have the other. */
export function signingKeyOf(encryptionKey: Uint8Array): SigningKey {
  const seed = derivedKey(encryptionKey, 'export signing')
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const shown = createPublicKey(secret)
  return { ...describe(shown), sign: (data) => sign(null, data, secret) }
}

/** A public key as others were given it. Throws for text that is no PEM of an Ed25519 key. */
export function publicKeyOf(pem: string): Omit<SigningKey, 'sign'> {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('it is no Ed25519 key')
  return describe(key)
}

export const isSignedBy = (publicKey: string, data: Uint8Array, signature: Uint8Array): boolean =>
  verify(null, data, publicKey, signature)

function describe(key: KeyObject) {
  const id = hash('sha256', key.export({ format: 'der', type: 'spki' })).slice(0, 16)
  return { id, publicKey: key.export({ format: 'pem', type: 'spki' }).toString() }
}
