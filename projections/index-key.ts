// Keys of indexes: parts joined by `|`. Sorted as text by their bytes, so that a part that is an instant must have a
// fixed width.
import type { KeyRange } from '../ports/read-store/read-store.ts'

/** A key of several parts. Parts may hold anything: `|` in a part does not end it. */
export const indexKey = (...parts: readonly string[]): string => parts.map(escaped).join('|')

const escaped = (part: string): string =>
  /[%|]/.test(part) ? part.replaceAll('%', '%25').replaceAll('|', '%7C') : part

/** An instant in a fixed width that sorts by time, to the millisecond. Throws RangeError for what is no instant. */
export const instantKey = (instant: Temporal.Instant | string): string =>
  (typeof instant === 'string' ? Temporal.Instant.from(instant) : instant).toString({
    smallestUnit: 'millisecond',
  })

/** A number from 0 in a fixed width. */
export const numberKey = (number: number): string => String(number).padStart(15, '0')

/** All keys that begin with these whole parts. */
export const under = (...parts: readonly string[]): KeyRange => ({ prefix: `${indexKey(...parts)}|` })

/** Keys of these parts and then an instant: from `from` (inclusive) to `to` (exclusive), each open if not given. */
export function between(
  parts: readonly string[],
  { from, to }: { from?: Temporal.Instant | undefined; to?: Temporal.Instant | undefined },
): KeyRange {
  const start = parts.map((part) => `${escaped(part)}|`).join('')
  // `~` sorts after every character of an instant.
  return { from: start + (from ? instantKey(from) : ''), to: start + (to ? instantKey(to) : '~') }
}
