import type { Collection, DocumentWrite } from './read-store.ts'

/**
 * The collections and indexes that `prepare` declared, for stores that would take anything. Each check throws an Error
 * if a caller names another one: a mistake in the program.
 */
export function declaredIndexes() {
  const declared = new Map<string, Set<string>>()

  function indexesOf(collection: string): ReadonlySet<string> {
    const indexes = declared.get(collection)
    if (indexes === undefined) throw new Error(`collection ${collection} was not prepared`)
    return indexes
  }

  function checkIndex(collection: string, index: string): void {
    if (!indexesOf(collection).has(index)) throw new Error(`collection ${collection} has no index ${index}`)
  }

  return {
    /** Adds to what was declared before. */
    declare(collections: readonly Collection[]): void {
      for (const { name, indexes } of collections)
        declared.set(name, new Set([...(declared.get(name) ?? []), ...indexes]))
    },
    indexesOf,
    checkIndex,
    checkWrites(writes: readonly DocumentWrite[]): void {
      for (const write of writes) {
        indexesOf(write.collection)
        const keys = 'put' in write ? write.keys : undefined
        for (const index of Object.keys(keys ?? {})) checkIndex(write.collection, index)
      }
    },
  }
}
