/** From when to when: instants, so that no zone changes a comparison. */
export type Times = { start: Temporal.Instant; end: Temporal.Instant }

/** The same as events hold it: RFC 3339 in UTC. */
export type StoredTimes = { start: string; end: string }

/** Reads RFC 3339. Throws RangeError where it is none. */
export const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text)

/** By their numbers, which takes a tenth of Temporal's own comparison. */
export const isBefore = (a: Temporal.Instant, b: Temporal.Instant): boolean =>
  a.epochNanoseconds < b.epochNanoseconds

/** The later one of two. */
export const later = (a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant => (isBefore(a, b) ? b : a)

export const readTimes = (stored: StoredTimes): Times => ({
  start: instant(stored.start),
  end: instant(stored.end),
})

/** RFC 3339 in UTC, the same text for the same instant. */
export const storeTimes = ({ start, end }: Times): StoredTimes => ({ start: textOf(start), end: textOf(end) })

/** As Temporal writes it, in a fraction of its time. */
export function textOf(at: Temporal.Instant): string {
  const utc = new Date(at.epochMilliseconds)
  const year = utc.getUTCFullYear()
  // Years with a sign, and parts of a millisecond, are rare.
  if (year < 1_000 || year > 9_999 || at.epochNanoseconds % 1_000_000n !== 0n) return at.toString()
  const day = `${year}-${two(utc.getUTCMonth() + 1)}-${two(utc.getUTCDate())}`
  const time = `${two(utc.getUTCHours())}:${two(utc.getUTCMinutes())}:${two(utc.getUTCSeconds())}`
  const ms = utc.getUTCMilliseconds()
  const fraction = ms === 0 ? '' : `.${`${1_000 + ms}`.slice(1).replace(/0+$/, '')}`
  return `${day}T${time}${fraction}Z`
}

const two = (number: number): string => (number < 10 ? `0${number}` : `${number}`)

export const sameTimes = (a: Times, b: Times): boolean =>
  a.start.epochNanoseconds === b.start.epochNanoseconds && a.end.epochNanoseconds === b.end.epochNanoseconds
