import { countOf, hashAt } from './line-hashes.ts'

/** Lines are counted from 1. `line` is one of the file; of a removed line, the one that it was. */
export type LineDifference =
  | { kind: 'CHANGED' | 'ADDED' | 'REMOVED'; line: number }
  | { kind: 'MOVED'; line: number; wasLine: number }

/**
 * How the lines of a file differ from those that were signed, in the file's order: as few as possible are called moved,
 * and one that is gone where another one stands is called changed.
 */
export function lineDifferences(signed: Buffer, found: Buffer): LineDifference[] {
  const [were, are] = [countOf(signed), countOf(found)]
  const placesWere = placesOf(signed, were)
  /** For each line of the file, the line that it was. */
  const origin = Array.from({ length: are }, (_, line) => placesWere.get(hashAt(found, line))?.shift())
  const inOrder = longestRising(origin)

  const differences: LineDifference[] = []
  const known = new Set(origin)
  let was = 0
  let strangers: number[] = []
  /** The lines between two that stand in their order. */
  const close = (untilWas: number) => {
    const gone: number[] = []
    for (; was < untilWas; was++) if (!known.has(was)) gone.push(was)
    for (const line of strangers)
      differences.push({ kind: gone.shift() === undefined ? 'ADDED' : 'CHANGED', line: line + 1 })
    for (const line of gone) differences.push({ kind: 'REMOVED', line: line + 1 })
    strangers = []
  }
  for (const [line, from] of origin.entries()) {
    if (from === undefined) strangers.push(line)
    else if (!inOrder.has(line)) differences.push({ kind: 'MOVED', line: line + 1, wasLine: from + 1 })
    else {
      close(from)
      was = from + 1
    }
  }
  close(were)
  return differences
}

/** Where each line stands; one that stands there several times is taken from the front. */
function placesOf(hashes: Buffer, count: number): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (let line = 0; line < count; line++) {
    const key = hashAt(hashes, line)
    const known = places.get(key)
    if (known) known.push(line)
    else places.set(key, [line])
  }
  return places
}

/** The places of a longest rising part of the numbers. */
function longestRising(numbers: readonly (number | undefined)[]): Set<number> {
  /** For each length, the place where the rising part of this length that ends lowest ends. */
  const ends: number[] = []
  const before: (number | undefined)[] = []
  const at = (place: number | undefined) => numbers[place ?? -1] ?? -1
  for (const [place, number] of numbers.entries()) {
    if (number === undefined) continue
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (at(ends[middle]) < number) low = middle + 1
      else high = middle
    }
    before[place] = ends[low - 1]
    ends[low] = place
  }
  const places = new Set<number>()
  for (let place = ends.at(-1); place !== undefined; place = before[place]) places.add(place)
  return places
}
