import type { Json, Position, RecordedEvent } from '../../ports/event-store/event-store.ts'
import type { DocumentWrite, ReadStore } from '../../ports/read-store/read-store.ts'
import {
  type DocumentChange,
  type FoldedValue,
  fromStored,
  type Projection,
  toStored,
} from '../../projections/projection.ts'

/** An event that the projection could not take, tried twice. */
export type PoisonEvent = { event: RecordedEvent; error: unknown }

export type Folded = { writes: (DocumentWrite & { position: Position })[]; poison: PoisonEvent[] }

/**
 * Folds events, in order, into the documents that they change. These are read once, and there is one write for each
 * that changed. A poison event leaves no trace, and the later events of its stream, which rest on it, are left out; so
 * there is at most one for a stream. Rejects only with what the store rejects with.
 *
 * `again` is for events that others have overtaken (parked ones): they are folded into what is there now.
 */
export async function foldEvents(
  projection: Projection,
  readStore: ReadStore,
  events: readonly RecordedEvent[],
  { again = false }: { again?: boolean } = {},
): Promise<Folded> {
  const documents: Documents = new Map()
  const poison = await foldInto(documents, projection, readStore, events, again)
  return { writes: writesOf(projection, documents), poison }
}

/** Documents by their id, as they are while events are folded into them. */
export type Documents = Map<string, Entry>

/** As `foldEvents`, into documents of earlier events too; only those that are not among them are read. */
export async function foldInto(
  documents: Documents,
  projection: Projection,
  readStore: Pick<ReadStore, 'getMany'>,
  events: readonly RecordedEvent[],
  again = false,
): Promise<PoisonEvent[]> {
  const stuck = new Map<string, PoisonEvent>()
  const isStuck = ({ stream, position }: RecordedEvent) => {
    const poison = stuck.get(stream)
    return poison !== undefined && poison.event.position < position
  }

  const changes: { event: RecordedEvent; of: readonly DocumentChange[] }[] = []
  for (const event of events) {
    if (isStuck(event)) continue
    const tried = twice(() => projection.changes(event))
    if ('error' in tried) stuck.set(event.stream, { event, error: tried.error })
    else if (tried.result.length > 0) changes.push({ event, of: tried.result })
  }

  await readMissing(documents, projection, readStore, changes)
  for (const { event, of } of changes) {
    if (isStuck(event)) continue
    const tried = twice(() => applied(projection, event, of, documents, again))
    if ('error' in tried) stuck.set(event.stream, { event, error: tried.error })
    else for (const [id, entry] of tried.result) documents.set(id, entry)
  }
  return [...stuck.values()]
}

/** A document as it was read (`stored`) or has become (`value`). Without either it does not exist. */
type Entry = {
  stored?: Json
  value?: FoldedValue
  keys: { [index: string]: readonly string[] }
  position: Position
  changed: boolean
}

async function readMissing(
  documents: Documents,
  projection: Projection,
  readStore: Pick<ReadStore, 'getMany'>,
  changes: readonly { of: readonly DocumentChange[] }[],
): Promise<void> {
  const ids = new Set<string>()
  for (const { of } of changes) for (const { id } of of) if (!documents.has(id)) ids.add(id)
  if (ids.size === 0) return
  for (const [id, document] of await readStore.getMany(projection.collection.name, [...ids])) {
    const { position, value } = fromStored(document)
    documents.set(id, { stored: value, keys: {}, position, changed: false })
  }
}

/** The documents as the event makes them, without touching `documents`. */
function applied(
  projection: Projection,
  event: RecordedEvent,
  changes: readonly DocumentChange[],
  documents: Documents,
  again: boolean,
): Map<string, Entry> {
  const result = new Map<string, Entry>()
  for (const { id, change } of changes) {
    const before = result.get(id) ?? documents.get(id)
    const known = !result.has(id) && before !== undefined && before.position >= event.position
    // The document has the event already: it is read again after a crash.
    if (known && !again) continue
    const restored = before?.stored === undefined ? undefined : projection.restore(before.stored)
    const changed = change(before?.value ?? restored)
    if (changed === undefined) continue
    const position = known ? justAfter(before) : event.position
    result.set(
      id,
      changed === 'remove'
        ? { keys: {}, position, changed: true }
        : { value: changed.put, keys: changed.keys, position, changed: true },
    )
  }
  return result
}

/**
 * The position that an overtaken event gives its document. It is after the document's own, so that the store's guard
 * takes it. It is before every event to come, as positions have a fixed width.
 */
const justAfter = ({ position, changed }: Entry): Position => (changed ? position : `${position}+`)

/** One write for each document that the events have changed. */
export function writesOf({ collection, store }: Projection, documents: Documents): Folded['writes'] {
  const writes: Folded['writes'] = []
  for (const [id, { value, keys, position, changed }] of documents) {
    if (!changed) continue
    const write = { collection: collection.name, id, position }
    writes.push(
      value === undefined
        ? { ...write, remove: true }
        : { ...write, put: toStored(position, store(value)), keys },
    )
  }
  return writes
}

function twice<Result>(work: () => Result): { result: Result } | { error: unknown } {
  try {
    return { result: work() }
  } catch {
    try {
      return { result: work() }
    } catch (error) {
      return { error }
    }
  }
}
