import type { Position } from '../../ports/event-store/event-store.ts'
import type { Document, ReadStore } from '../../ports/read-store/read-store.ts'
import { fromStored, type Projection } from '../../projections/projection.ts'

const COMPARED_AT_ONCE = 1000

/**
 * A document that is not the same in both: live it is missing, surplus, or has another value. `position`: of the last
 * event in the live one, where it is there.
 */
export type Difference = { id: string; kind: 'MISSING' | 'SURPLUS' | 'DIFFERENT'; position?: Position }

/** Compares a read model as it is (`live`) with one rebuilt up to the same position, by their documents' values. */
export async function* compareReadModels(
  projection: Projection,
  live: ReadStore,
  rebuilt: ReadStore,
): AsyncGenerator<Difference, void> {
  const left = documentsOf(projection, live)
  const right = documentsOf(projection, rebuilt)
  let [a, b] = [await left.next(), await right.next()]
  while (!a.done || !b.done) {
    if (b.done || (!a.done && before(a.value.id, b.value.id))) {
      if (!a.done) yield { id: a.value.id, kind: 'SURPLUS', position: a.value.position }
      a = await left.next()
    } else if (a.done || before(b.value.id, a.value.id)) {
      yield { id: b.value.id, kind: 'MISSING' }
      b = await right.next()
    } else {
      if (a.value.text !== b.value.text)
        yield { id: a.value.id, kind: 'DIFFERENT', position: a.value.position }
      ;[a, b] = [await left.next(), await right.next()]
    }
  }
}

/** As the stores order ids: by UTF-8 bytes. */
const before = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0

async function* documentsOf({ collection }: Projection, readStore: ReadStore) {
  await readStore.prepare([collection])
  let after: string | null = ''
  while (after !== null) {
    const page = await readStore.list(collection.name, {
      limit: COMPARED_AT_ONCE,
      ...(after !== '' && { after }),
    })
    for (const { id, document } of page.items) yield { id, ...comparable(document) }
    after = page.next
  }
}

function comparable(document: Document) {
  const { position, value } = fromStored(document)
  return { position, text: canonical(value) }
}

/** The same for one document. */
export async function compareOne(
  { collection }: Projection,
  id: string,
  { live, rebuilt }: { live: ReadStore; rebuilt: ReadStore },
): Promise<Difference | undefined> {
  const [before, wanted] = await Promise.all([
    live.get(collection.name, id),
    rebuilt.get(collection.name, id),
  ])
  const [is, should] = [before && comparable(before), wanted && comparable(wanted)]
  if (is?.text === should?.text) return undefined
  if (is === undefined) return { id, kind: 'MISSING' }
  return { id, kind: should === undefined ? 'SURPLUS' : 'DIFFERENT', position: is.position }
}

/** JSON in which the order of an object's fields says nothing: stores may change it. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  )
