import type { KeyRange } from './read-store.ts'

/** Keys from `from` (inclusive) up to `to` (exclusive; undefined: no end), in the order of their UTF-8 bytes. */
export type KeySpan = { from: string; to: string | undefined }

/** The span of a range that is not a list of keys. */
export function spanOf(range: Exclude<KeyRange, { oneOf: readonly string[] }>): KeySpan {
  return 'prefix' in range ? { from: range.prefix, to: afterPrefix(range.prefix) } : range
}

/** Whether a key belongs to the range. */
export function inRange(range: KeyRange, key: string): boolean {
  if ('oneOf' in range) return range.oneOf.includes(key)
  if ('prefix' in range) return key.startsWith(range.prefix)
  return compareText(key, range.from) >= 0 && compareText(key, range.to) < 0
}

/** Compares as the stores do: by UTF-8 bytes, which is the order of code points (`<` goes by UTF-16 units). */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** The least text that is greater than every text with this prefix; undefined if there is none. */
function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last < 0x10ffff) return String.fromCodePoint(...points, nextCodePoint(last))
  }
  return undefined
}

/** Surrogates are no characters: UTF-8 cannot carry them. */
const nextCodePoint = (point: number) => (point === 0xd7ff ? 0xe000 : point + 1)
