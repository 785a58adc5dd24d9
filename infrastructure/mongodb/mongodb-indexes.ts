import { type Collection, type Document, type IndexDescription, MongoServerError } from 'mongodb'

/** IndexOptionsConflict, IndexKeySpecsConflict: another index has that name, or those keys. */
const CONFLICTS = new Set<unknown>([85, 86])
const INDEX_NOT_FOUND = 27

/**
 * Makes the indexes that are missing. Drops an index first that has the name or the keys of one of them and differs
 * from it: another version left that index, or somebody made it by hand.
 */
export async function declareIndexes<Stored extends Document>(
  collection: Collection<Stored>,
  indexes: readonly IndexDescription[],
): Promise<void> {
  try {
    await collection.createIndexes([...indexes])
  } catch (error) {
    if (!(error instanceof MongoServerError) || !CONFLICTS.has(error.code)) throw error
    for (const { name, key } of await collection.indexes())
      if (name !== undefined && indexes.some((one) => one.name === name || sameKeys(one.key, key)))
        await collection.dropIndex(name).catch(unlessGone)
    await collection.createIndexes([...indexes])
  }
}

const sameKeys = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b)

/** Ignores that the index is gone: another process may have dropped it meanwhile. */
function unlessGone(error: unknown): void {
  if (!(error instanceof MongoServerError) || error.code !== INDEX_NOT_FOUND) throw error
}
