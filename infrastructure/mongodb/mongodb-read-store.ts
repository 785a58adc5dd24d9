import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError, MongoServerError } from 'mongodb'
import { START } from '../../ports/event-store/event-store.ts'
import { declaredIndexes } from '../../ports/read-store/declared-indexes.ts'
import { compareText, inRange } from '../../ports/read-store/key-range.ts'
import { badCursor, fromCursor, type PageEnd, toCursor } from '../../ports/read-store/page-cursor.ts'
import type {
  Document,
  DocumentWrite,
  FoundPage,
  KeyRange,
  ReadStore,
} from '../../ports/read-store/read-store.ts'
import type { MongodbConnection } from './mongodb-connection.ts'
import { DUPLICATE_KEY } from './mongodb-failure.ts'
import {
  mongodbIndexes,
  oneKeyFilter,
  oneKeyOrder,
  type StoredDocument,
  severalKeysPage,
  severalKeysPipeline,
} from './mongodb-index-query.ts'
import { declareIndexes } from './mongodb-indexes.ts'

type Write = DocumentWrite & { position: string }
type Checkpoint = { _id: string; position: string }
type Item = FoundPage['items'][number]

/**
 * Read models in MongoDB: a collection `read.NAME` each. A call of `write` is no transaction: where it rejects, some of
 * it may be stored, and repeating it stores the rest. The checkpoint is moved last. The connection stays its opener's.
 */
export function mongodbReadStore({ database, use }: MongodbConnection): ReadStore {
  const { declare, indexesOf, checkIndex, checkWrites } = declaredIndexes()
  const checkpoints = database.collection<Checkpoint>('checkpoints')

  const stored = (collection: string) => database.collection<StoredDocument>(`read.${collection}`)

  async function makeIndexes(collection: string): Promise<void> {
    const indexes = [...indexesOf(collection)].flatMap(mongodbIndexes)
    if (indexes.length > 0) await declareIndexes(stored(collection), indexes)
  }

  async function oneKey(collection: string, index: string, range: KeyRange, limit: number, after?: PageEnd) {
    const found = await stored(collection)
      .find(oneKeyFilter(index, range, after), { limit, batchSize: limit, sort: oneKeyOrder(index) })
      .toArray()
    return found.flatMap(({ _id, key, document }): Item[] => {
      const known = key?.[index]
      return known === undefined || document === undefined ? [] : [{ id: _id, key: known, document }]
    })
  }

  async function severalKeys(
    collection: string,
    index: string,
    range: KeyRange,
    limit: number,
    after?: PageEnd,
  ) {
    const pipeline = [...severalKeysPipeline(index, range, after), ...severalKeysPage(index, limit)]
    const found = await stored(collection)
      .aggregate<{ _id: string; key: string; document: Document }>(pipeline, { batchSize: limit })
      .toArray()
    return found.map(({ _id, key, document }): Item => ({ id: _id, key, document }))
  }

  return {
    async prepare(collections) {
      declare(collections)
      for (const { name } of collections) await use(() => makeIndexes(name))
    },

    get: (collection, id) =>
      use(async () => (await stored(collection).findOne({ _id: id }, ONLY_DOCUMENT))?.document),

    getMany: (collection, ids) =>
      use(async () => {
        const _id = { $in: [...new Set(ids)] }
        const found = await stored(collection)
          .find({ _id, document: { $exists: true } }, ONLY_DOCUMENT)
          .toArray()
        return new Map(found.map((one) => [one._id, one.document ?? {}]))
      }),

    async write(writes, checkpoint) {
      checkWrites(writes)
      for (const [collection, newest] of newestByCollection(writes)) {
        await use(() => writeGuarded(stored(collection), newest.map(toStored)))
      }
      if (checkpoint === undefined) return
      const { projection, position } = checkpoint
      await use(() => writeGuarded(checkpoints, [{ _id: projection, position }]))
    },

    async find(collection, index, range, page) {
      checkIndex(collection, index)
      const listing = `index ${index}`
      const after = page.after === undefined ? undefined : fromCursor(listing, page.after)
      if (after !== undefined && !inRange(range, after.key)) throw badCursor()
      const limit = page.limit + 1
      const found = await use(async () => {
        // A document whose one key becomes several meanwhile, or the other way round, is in one of the three, if not two.
        const before = await severalKeys(collection, index, range, limit, after)
        const one = await oneKey(collection, index, range, limit, after)
        return merged([one, before, await severalKeys(collection, index, range, limit, after)])
      })
      return toPage(listing, found, page.limit)
    },

    async list(collection, page) {
      indexesOf(collection)
      const after = page.after === undefined ? '' : fromCursor('ids', page.after).id
      const found = await use(() =>
        stored(collection)
          .find(
            { _id: { $gt: after }, document: { $exists: true } },
            { ...ONLY_DOCUMENT, sort: { _id: 1 }, limit: page.limit + 1, batchSize: page.limit + 1 },
          )
          .toArray(),
      )
      const items = found.map((one): Item => ({ id: one._id, key: one._id, document: one.document ?? {} }))
      return toPage('ids', items, page.limit)
    },

    async count(collection, index, range) {
      checkIndex(collection, index)
      return use(async () => {
        const one = await stored(collection).countDocuments(oneKeyFilter(index, range))
        const [several] = await stored(collection)
          .aggregate<{ n: number }>([...severalKeysPipeline(index, range), { $count: 'n' }])
          .toArray()
        return one + (several?.n ?? 0)
      })
    },

    checkpoint: (projection) =>
      use(async () => (await checkpoints.findOne({ _id: projection }))?.position ?? START),

    async clear(collection, projection) {
      indexesOf(collection)
      await use(async () => {
        // First, so that a crash in between leaves documents without a checkpoint and never the reverse.
        await checkpoints.deleteOne({ _id: projection })
        await dropIfThere(stored(collection))
        await makeIndexes(collection)
      })
    },
  }
}

const ONLY_DOCUMENT = { projection: { document: 1 } } as const

/**
 * Replaces each document whose stored position is earlier than its own, and inserts those that are not there. A failed
 * insert says that the document is there; whether it is the later one or came in between only a second look tells.
 */
async function writeGuarded<Guarded extends Checkpoint>(
  collection: Collection<Guarded>,
  documents: readonly Guarded[],
): Promise<void> {
  if (documents.length === 0) return
  const refused = await replaceOlder(collection, documents, true)
  if (refused.length > 0) await replaceOlder(collection, refused, false)
}

/** Gives the documents that another of the same id kept out; without `upsert` there are none. */
async function replaceOlder<Guarded extends Checkpoint>(
  collection: Collection<Guarded>,
  documents: readonly Guarded[],
  upsert: boolean,
): Promise<Guarded[]> {
  const operations = documents.map(({ _id, ...replacement }) => {
    const filter = { _id, position: { $lt: replacement.position } }
    // The driver's types know no field of a type parameter.
    return { replaceOne: { filter, replacement, upsert } } as unknown as AnyBulkWriteOperation<Guarded>
  })
  try {
    await collection.bulkWrite(operations, { ordered: false })
    return []
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
      throw error
    const failures = [error.writeErrors].flat()
    if (!upsert || failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error
    return failures.flatMap(({ index }) => documents[index] ?? [])
  }
}

/** The write that stands, if there are several of one document: the latest, and of equals the first. */
function newestByCollection(writes: readonly Write[]): Map<string, Write[]> {
  const newest = new Map<string, Write>()
  for (const write of writes) {
    const name = `${write.collection}\0${write.id}`
    const before = newest.get(name)
    if (before === undefined || before.position < write.position) newest.set(name, write)
  }
  return Map.groupBy(newest.values(), ({ collection }) => collection)
}

function toStored(write: Write): StoredDocument {
  const { id: _id, position } = write
  if ('remove' in write) return { _id, position }
  const key: { [index: string]: string } = {}
  const keys: { [index: string]: string[] } = {}
  for (const [index, given] of Object.entries(write.keys ?? {})) {
    const [first, ...more] = new Set(given)
    if (first === undefined) continue
    if (more.length === 0) key[index] = first
    else keys[index] = [first, ...more]
  }
  return { _id, position, document: write.put, key, keys }
}

/** The entries of all lists, each once, by key, then id. The first list is in that order. */
function merged([first, ...others]: [Item[], ...Item[][]]): Item[] {
  if (others.every((list) => list.length === 0)) return first
  const entries = new Map([...others, first].flat().map((item) => [`${item.key}\0${item.id}`, item]))
  return [...entries.values()].sort((a, b) => compareText(a.key, b.key) || compareText(a.id, b.id))
}

function toPage(listing: string, found: readonly Item[], limit: number): FoundPage {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? toCursor(listing, last) : null }
}

async function dropIfThere(collection: Collection<StoredDocument>): Promise<void> {
  try {
    await collection.drop()
  } catch (error) {
    const missing =
      error instanceof MongoServerError && (error.code === 26 || error.message === 'ns not found')
    if (!missing) throw error
  }
}
