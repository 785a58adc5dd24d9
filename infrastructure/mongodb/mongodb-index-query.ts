import type { Document, Filter } from 'mongodb'
import { defined } from '../../domain/optional-fields.ts'
import { compareText, spanOf } from '../../ports/read-store/key-range.ts'
import type { PageEnd } from '../../ports/read-store/page-cursor.ts'
import type { KeyRange, Document as ReadDocument } from '../../ports/read-store/read-store.ts'

/**
 * A document of a read model; one that was removed has its id and position only. An index with one key for it has that
 * under `key`; an index with more has all of them under `keys`, and never both. An index over lists cannot give
 * MongoDB's documents in order, and nearly every document has one key. So the first kind is read in order, page by
 * page. The second kind are few: all of a range are sorted.
 */
export type StoredDocument = {
  _id: string
  position: string
  document?: ReadDocument
  key?: { [index: string]: string }
  keys?: { [index: string]: string[] }
}

/** The two indexes that a declared index is made of. Neither has an entry for a document without such a key. */
export function mongodbIndexes(index: string) {
  const [key, keys] = [`key.${index}`, `keys.${index}`]
  return [
    {
      key: { [key]: 1, _id: 1 },
      name: `${index} key`,
      partialFilterExpression: { [key]: { $exists: true } },
    },
    { key: { [keys]: 1 }, name: `${index} keys`, sparse: true },
  ]
}

/** The documents whose only key is in the range, after a page's end if one is given; sort them by `oneKeyOrder`. */
export function oneKeyFilter(index: string, range: KeyRange, after?: PageEnd): Filter<StoredDocument> {
  const path = `key.${index}`
  if (after === undefined) return { [path]: within(range) }
  const sameKey = { [path]: after.key, _id: { $gt: after.id } }
  const beyond =
    'oneOf' in range
      ? { $in: range.oneOf.filter((key) => compareText(key, after.key) > 0) }
      : { ...upTo(spanOf(range).to), $gt: after.key }
  return { $or: [sameKey, { [path]: beyond }] }
}

export const oneKeyOrder = (index: string) => ({ [`key.${index}`]: 1, _id: 1 }) as const

/** The entries (`_id`, `key`) in the range of documents with several keys, after a page's end if one is given. */
export function severalKeysPipeline(index: string, range: KeyRange, after?: PageEnd): Document[] {
  const path = `keys.${index}`
  const inRange = within(range)
  const beyond =
    after === undefined
      ? []
      : [{ $match: { $or: [{ [path]: { $gt: after.key } }, { [path]: after.key, _id: { $gt: after.id } }] } }]
  return [
    { $match: { [path]: 'oneOf' in range ? inRange : { $elemMatch: inRange } } },
    { $unwind: `$${path}` },
    { $match: { [path]: inRange } },
    ...beyond,
  ]
}

/** The entries of `severalKeysPipeline`: in order, as many as asked for, with their documents. */
export function severalKeysPage(index: string, limit: number): Document[] {
  const path = `keys.${index}`
  return [{ $sort: { [path]: 1, _id: 1 } }, { $limit: limit }, { $project: { key: `$${path}`, document: 1 } }]
}

/** On one text. */
function within(range: KeyRange) {
  if ('oneOf' in range) return { $in: range.oneOf }
  const { from, to } = spanOf(range)
  return { $gte: from, ...upTo(to) }
}

const upTo = (to: string | undefined) => defined({ $lt: to })
