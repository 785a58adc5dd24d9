// The pages of Cal.com's list of bookings: asked for by `skip`, or by `cursor` where an answer offers one.
import { defined } from '../../domain/optional-fields.ts'
import type { PageLimit } from '../../ports/page-limit.ts'
import type { CalcomPage } from './calcom-api-client.ts'

/** Where the reading of pages stands. As text it is what `after` takes. */
export type Place = {
  /** Whose bookings: which of the keys. */
  owner: number
  skip: number
  cursor?: string
  /** The uid that the page before began with. */
  before?: string
  text: string
}

const place = (fields: Omit<Place, 'text'>): Place => ({ ...fields, text: JSON.stringify(fields) })

/** The first page of the bookings of one key. */
export const firstPage = (owner: number): Place => place({ owner, skip: 0 })

/** Throws RangeError for what is no text of a place. */
export function placeOf(after: string): Place {
  let read: unknown
  try {
    read = JSON.parse(after)
  } catch {
    read = undefined
  }
  if (typeof read !== 'object' || read === null || !('owner' in read) || !('skip' in read))
    throw new RangeError('Not a cursor of futureBookings')
  const { owner, skip } = read
  if (typeof owner !== 'number' || typeof skip !== 'number')
    throw new RangeError('Not a cursor of futureBookings')
  const cursor = 'cursor' in read && typeof read.cursor === 'string' ? { cursor: read.cursor } : {}
  const before = 'before' in read && typeof read.before === 'string' ? { before: read.before } : {}
  return { owner, skip, ...cursor, ...before, text: after }
}

export const pageQuery = (
  { skip, cursor }: Place,
  { from, take }: { from: Temporal.Instant; take: number },
): URLSearchParams =>
  new URLSearchParams({
    // Together: every future booking that is accepted or pending, single or recurring.
    status: 'upcoming,recurring,unconfirmed',
    afterStart: from.toString(),
    // Latest first, so that bookings which end while the pages are read leave at the far end and shift nothing.
    sortStart: 'desc',
    take: String(take),
    ...(cursor === undefined ? { skip: String(skip) } : { cursor }),
  })

/** A list that ignores how it is asked to go on begins every page with the same booking. */
export const isRepeated = ({ before }: Place, uids: readonly string[]): boolean =>
  before !== undefined && uids[0] === before

/** So many pages of one key's bookings are read. */
const MOST_PAGES = 1_000

/** Why the page after this one is not read. */
export const beyondPages = (here: Place, after: Place, take: number): PageLimit | undefined => {
  if (after.cursor !== undefined && after.cursor === here.cursor) return 'PAGE_REPEATED'
  return after.skip >= MOST_PAGES * take ? 'TOO_MANY_PAGES' : undefined
}

/** The page after this one; undefined where it was the last. */
export function placeAfter(
  { owner, skip }: Place,
  { hasNext, nextCursor }: Pick<CalcomPage<unknown>, 'hasNext' | 'nextCursor'>,
  { uids, take }: { uids: readonly string[]; take: number },
): Place | undefined {
  // Counted in what was asked for: Cal.com leaves out of a page what vanished while it was being made.
  if (!(hasNext ?? (nextCursor !== undefined || uids.length >= take))) return undefined
  const [first] = uids
  return place({
    owner,
    skip: skip + take,
    ...defined({ cursor: nextCursor, before: first }),
  })
}
