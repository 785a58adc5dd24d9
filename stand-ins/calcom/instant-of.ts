/** A time as text with its offset; undefined for anything else. */
export function instantOf(value: unknown): Temporal.Instant | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return Temporal.Instant.from(value)
  } catch {
    return undefined
  }
}
