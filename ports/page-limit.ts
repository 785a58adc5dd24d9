/** So many pages of one list are read. Pages may be short, or empty, and still have another one behind them. */
const MOST_PAGES = 1_000

/** Why the reading of a list ends before its last page, or at a page longer than the other side may make it. */
export type PageLimit = 'TOO_MANY_PAGES' | 'PAGE_REPEATED' | 'TOO_MANY_ENTRIES'

/** Bounds the reading of one list, whose length the other side chooses. `most`: pages, 1,000 unless given. */
export function pageLimit(most = MOST_PAGES): {
  /** Told of the token of each next page: why it is not read; undefined where it may be, or there is none. */
  beyond(nextPageToken: string | undefined): PageLimit | undefined
} {
  const seen = new Set<string>()
  return {
    beyond(nextPageToken) {
      if (nextPageToken === undefined) return undefined
      if (seen.has(nextPageToken)) return 'PAGE_REPEATED'
      seen.add(nextPageToken)
      return seen.size >= most ? 'TOO_MANY_PAGES' : undefined
    },
  }
}
