import type { SQLInputValue } from 'node:sqlite'
import { compareText, spanOf } from '../../ports/read-store/key-range.ts'
import type { PageEnd } from '../../ports/read-store/page-cursor.ts'
import type { KeyRange } from '../../ports/read-store/read-store.ts'

/**
 * The condition on the rows of `read_key AS entry` for a range, and its parameters. A page after another one begins at
 * the row value (key, id), which the primary key answers by itself. A list of keys is looked up key by key.
 */
export function indexQuery(
  collection: string,
  index: string,
  range: KeyRange,
  after?: PageEnd,
): { where: string; parameters: SQLInputValue[] } {
  const where = 'entry.collection = ? AND entry.index_name = ?'
  const parameters: SQLInputValue[] = [collection, index]
  if ('oneOf' in range) {
    const listed = `${where} AND entry.key IN (SELECT value FROM json_each(?))`
    if (after === undefined)
      return { where: listed, parameters: [...parameters, JSON.stringify(range.oneOf)] }
    const remaining = range.oneOf.filter((key) => compareText(key, after.key) >= 0)
    return {
      where: `${listed} AND (entry.key, entry.id) > (?, ?)`,
      parameters: [...parameters, JSON.stringify(remaining), after.key, after.id],
    }
  }
  const { from, to } = spanOf(range)
  const end =
    to === undefined ? { where: '', parameters: [] } : { where: ' AND entry.key < ?', parameters: [to] }
  return after === undefined
    ? {
        where: `${where} AND entry.key >= ?${end.where}`,
        parameters: [...parameters, from, ...end.parameters],
      }
    : {
        where: `${where} AND (entry.key, entry.id) > (?, ?)${end.where}`,
        parameters: [...parameters, after.key, after.id, ...end.parameters],
      }
}
