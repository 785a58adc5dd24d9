import { BadCursor } from './read-store.ts'

/** The place where a page ended: after the document `id` under `key`. */
export type PageEnd = { key: string; id: string }

/** The opaque, URL-safe cursor of a page's end. `of` names what was paged, so that no other listing takes it. */
export function toCursor(of: string, end: PageEnd): string {
  return Buffer.from(JSON.stringify([of, end.key, end.id])).toString('base64url')
}

/** The page's end that a cursor of the same listing tells; throws BadCursor for any other text. */
export function fromCursor(of: string, cursor: string): PageEnd {
  const parts = parsed(Buffer.from(cursor, 'base64url').toString())
  if (!Array.isArray(parts) || parts.length !== 3) throw badCursor()
  const [listing, key, id]: unknown[] = parts
  if (listing !== of || typeof key !== 'string' || typeof id !== 'string') throw badCursor()
  const end = { key, id }
  if (toCursor(of, end) !== cursor) throw badCursor()
  return end
}

/** The answer to a cursor that does not belong to a listing. */
export const badCursor = () => new BadCursor('not a cursor of this listing')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badCursor()
  }
}
