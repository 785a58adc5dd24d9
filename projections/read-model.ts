import { type Category, categoryOf } from '../domain/domain-event.ts'
import { decode, type StoredEvent } from '../ports/event-store/event-codec.ts'
import type { Json } from '../ports/event-store/event-store.ts'
import type { Document, KeyRange, ReadStore } from '../ports/read-store/read-store.ts'
import { fromStored, type Projection } from './projection.ts'

/** The definition of a read model, as its file gives it. */
export type Definition<Value, Index extends string, C extends Category> = {
  name: string
  version: number
  categories: readonly C[]
  indexes: readonly Index[]
  /** Under which keys of each index the document is found. */
  keys(value: Value): { [index in Index]: readonly string[] }
  changes(event: StoredEvent<C>): readonly ValueChange<Value>[]
}

/** One document after an event; undefined leaves it as it is. */
export type ValueChange<Value> = {
  id: string
  change(value: Value | undefined): Value | 'remove' | undefined
}

/** How a value is stored that is not plain JSON itself: optional fields are left out, never undefined. Pure. */
export type StoredForm<Value, Stored> = {
  /** Never throws. */
  store(value: Value): Stored
  restore(stored: Stored): Value
}

export type PageRequest = { after?: string; limit: number }
export type Page<Item> = { items: Item[]; next: string | null }

/** A projection, and its documents as what they are. Queries reject with StoreUnavailable, BadCursor. */
export type ReadModel<Value, Index extends string> = {
  readonly projection: Projection
  get(readStore: Pick<ReadStore, 'get'>, id: string): Promise<Value | undefined>
  getMany(readStore: ReadStore, ids: readonly string[]): Promise<Map<string, Value>>
  /** All, ordered by id. */
  list(readStore: Pick<ReadStore, 'list'>, page: PageRequest): Promise<Page<Value>>
  /** Ordered by key, then id. */
  find(readStore: ReadStore, index: Index, range: KeyRange, page: PageRequest): Promise<Page<Value>>
  /** All of the range with the key that each was found by, read page by page; `atOnce`: documents of a page. */
  each(
    readStore: ReadStore,
    index: Index,
    range: KeyRange,
    atOnce?: number,
  ): AsyncGenerator<{ id: string; key: string; value: Value }, void>
  all(readStore: ReadStore, index: Index, range: KeyRange): Promise<Value[]>
  count(readStore: ReadStore, index: Index, range: KeyRange): Promise<number>
}

/** Documents read at once where all of a range is wanted. */
const PAGE = 1000

/** A read model whose values are plain JSON. */
export const defineReadModel = <Value extends object, Index extends string, C extends Category>(
  definition: Definition<Value, Index, C>,
): ReadModel<Value, Index> =>
  defineReadModelOf({ store: (value) => value, restore: (stored) => stored }, definition)

/** A read model whose values have a stored form, which is what its queries give. */
export function defineReadModelOf<
  Value extends object,
  Stored extends object,
  Index extends string,
  C extends Category,
>(form: StoredForm<Value, Stored>, definition: Definition<Value, Index, C>): ReadModel<Stored, Index> {
  const { name, version, categories, indexes } = definition
  const collection = `${name}.v${version}`

  // The collection's name is this definition's own: it holds what `changes` below put there and nothing else.
  const read = (stored: Document): Stored => fromStored(stored).value as unknown as Stored

  async function* each(readStore: ReadStore, index: Index, range: KeyRange, atOnce = PAGE) {
    let after: string | null = ''
    while (after !== null) {
      const page = await readStore.find(collection, index, range, {
        limit: atOnce,
        ...(after !== '' && { after }),
      })
      for (const { id, key, document } of page.items) yield { id, key, value: read(document) }
      after = page.next
    }
  }

  return {
    projection: {
      name,
      version,
      collection: { name: collection, indexes },
      categories,
      changes(recorded) {
        const category = categories.find((one) => one === categoryOf(recorded.stream))
        if (category === undefined) return []
        return definition.changes(decode(category, recorded)).map(({ id, change }) => ({
          id,
          change(value) {
            // It is what `change` gave for an earlier event, or `restore`.
            const changed = change(value as Value | undefined)
            if (changed === undefined || changed === 'remove') return changed
            return { put: changed, keys: definition.keys(changed) }
          },
        }))
      },
      // A stored value is plain JSON, which its type alone cannot show.
      store: (value) => form.store(value as Value) as unknown as Json,
      restore: (stored) => form.restore(stored as unknown as Stored),
    },
    async get(readStore, id) {
      const document = await readStore.get(collection, id)
      return document && read(document)
    },
    async getMany(readStore, ids) {
      const found = await readStore.getMany(collection, ids)
      return new Map(Array.from(found, ([id, document]) => [id, read(document)]))
    },
    async list(readStore, page) {
      const { items, next } = await readStore.list(collection, page)
      return { items: items.map(({ document }) => read(document)), next }
    },
    async find(readStore, index, range, page) {
      const { items, next } = await readStore.find(collection, index, range, page)
      return { items: items.map(({ document }) => read(document)), next }
    },
    each,
    async all(readStore, index, range) {
      const values: Stored[] = []
      for await (const { value } of each(readStore, index, range)) values.push(value)
      return values
    },
    count: (readStore, index, range) => readStore.count(collection, index, range),
  }
}
