/** The middle one; of an even number, the upper of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The smallest value that `percent` of all are at or below; `ascending` is sorted. */
export const percentile = (ascending: Float64Array, percent: number): number =>
  ascending[Math.min(ascending.length - 1, Math.ceil((ascending.length * percent) / 100) - 1)] ?? Number.NaN

/** A count with its thousands apart. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')
