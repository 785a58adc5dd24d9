import { timingSafeEqual } from 'node:crypto'

/** The tokens that open a channel, ready to be compared. */
export type ChannelTokens = readonly Buffer[]

export const channelTokens = (tokens: readonly string[]): ChannelTokens =>
  tokens.map((token) => Buffer.from(token, 'latin1'))

/**
 * True if `presented` is one of the tokens. Every token is compared in constant time: only its length, which is no secret,
 * may show in the time taken.
 */
export function isOneOf(tokens: ChannelTokens, presented: string | undefined): boolean {
  if (presented === undefined) return false
  // Header values are bytes: Node gives them as Latin-1.
  const bytes = Buffer.from(presented, 'latin1')
  let fits = false
  for (const token of tokens) if (token.length === bytes.length && timingSafeEqual(token, bytes)) fits = true
  return fits
}
