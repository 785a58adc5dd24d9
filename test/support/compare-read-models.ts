import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { fromStored, type Projection } from '../../projections/projection.ts'

const COMPARED_AT_ONCE = 1000

/** A document that is not the same in both: only there, only here, or with another value. */
type Difference = { id: string; kind: 'MISSING' | 'SURPLUS' | 'DIFFERENT' }

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
      if (!a.done) yield { id: a.value.id, kind: 'SURPLUS' }
      a = await left.next()
    } else if (a.done || before(b.value.id, a.value.id)) {
      yield { id: b.value.id, kind: 'MISSING' }
      b = await right.next()
    } else {
      if (a.value.text !== b.value.text) yield { id: a.value.id, kind: 'DIFFERENT' }
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
    for (const { id, document } of page.items) yield { id, text: canonical(fromStored(document).value) }
    after = page.next
  }
}

/** JSON in which the order of an object's fields says nothing: stores may change it. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  )
