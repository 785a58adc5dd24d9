import { createHmac, hkdfSync } from 'node:crypto'

/** A 32-byte key for one purpose, derived from an encryption key (HKDF, RFC 5869): one secret to keep, many uses. */
export const derivedKey = (secret: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `calendar-sync ${purpose}`, 32))

/** Tokens of channels: HMACs of the channel's id, under each key given, the first one's first. */
export function channelTokensUnder(secrets: readonly [Uint8Array, ...Uint8Array[]]) {
  const [first, ...others] = secrets.map((secret) => derivedKey(secret, 'channel token'))
  const token = (key: Uint8Array, channelId: string) =>
    createHmac('sha256', key).update(channelId).digest('base64url')
  return (channelId: string): [string, ...string[]] => [
    first === undefined ? '' : token(first, channelId),
    ...others.map((key) => token(key, channelId)),
  ]
}
