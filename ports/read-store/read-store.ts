import type { Json, Position } from '../event-store/event-store.ts'

/**
 * Documents of the read models. A document belongs to a collection, has an id, and can be found by keys that its
 * projection gives it. Under each declared index it has any number of text keys.
 */
export type Collection = { name: string; indexes: readonly string[] }

export type Document = { [key: string]: Json }

/** A change of one document. `keys` names indexes of the collection only; all others have no key. */
export type DocumentWrite =
  | { collection: string; id: string; put: Document; keys?: { [index: string]: readonly string[] } }
  | { collection: string; id: string; remove: true }

/** Which keys: one of several, all that begin with a prefix, or from (inclusive) to (exclusive), as text. */
export type KeyRange = { oneOf: readonly string[] } | { prefix: string } | { from: string; to: string }

export type FoundPage = { items: { id: string; key: string; document: Document }[]; next: string | null }

/** Every method may reject with StoreUnavailable. */
export interface ReadStore {
  /** Makes the collections and their indexes; what is there already stays. */
  prepare(collections: readonly Collection[]): Promise<void>
  get(collection: string, id: string): Promise<Document | undefined>
  getMany(collection: string, ids: readonly string[]): Promise<Map<string, Document>>
  /**
   * Writes documents as of `position`. A document whose stored position is the same or later is left as it is, so a
   * repetition changes nothing. A removed document keeps its guard. `checkpoint` is moved forward too, after the
   * documents: a crash in between repeats them harmlessly.
   */
  write(
    writes: readonly (DocumentWrite & { position: Position })[],
    checkpoint?: { projection: string; position: Position },
  ): Promise<void>
  /**
   * Documents by key of a declared index, ordered by key, then id; a document with several matching keys comes once
   * for each. `after` is a former page's `next`; throws BadCursor for anything else. An undeclared index throws.
   */
  find(
    collection: string,
    index: string,
    range: KeyRange,
    page: { after?: string; limit: number },
  ): Promise<FoundPage>
  /** All documents ordered by id. */
  list(collection: string, page: { after?: string; limit: number }): Promise<FoundPage>
  count(collection: string, index: string, range: KeyRange): Promise<number>
  /** The position up to which the projection has been written; START if never. */
  checkpoint(projection: string): Promise<Position>
  /** Forgets the collection's documents, guards and the projection's checkpoint: the beginning of a rebuild. */
  clear(collection: string, projection: string): Promise<void>
}

/** A page cursor that this store did not give. */
export class BadCursor extends Error {
  readonly code = 'BAD_CURSOR'
}
