/** Numbers that look random and repeat exactly for the same seed; the state can be saved and set back. */
export type SeededRandom = {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number
  /** A whole number from `low` to `high`, both inclusive. */
  between(low: number, high: number): number
  /** Letters and digits of base32hex. */
  text(length: number): string
  state(): number
  setState(state: number): void
}

const base32hex = '0123456789abcdefghijklmnopqrstuv'

/** mulberry32: 32 bits of state are enough for a stand-in. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    text: (length) => Array.from({ length }, () => base32hex.charAt(between(0, 31))).join(''),
    state: () => state,
    setState: (value) => {
      state = value >>> 0
    },
  }
}
