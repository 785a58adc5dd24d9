import type { Json, Position, RecordedEvent } from '../infrastructure/event-store/event-store.ts'
import type { DocumentWrite, ReadStore } from '../infrastructure/read-store/read-store.ts'
import { type DocumentChange, fromStored, type Projection, toStored } from '../projections/projection.ts'

/** An event that the projection could not take, tried twice. */
export type PoisonEvent = { event: RecordedEvent; error: unknown }

export type Folded = { writes: (DocumentWrite & { position: Position })[]; poison: PoisonEvent[] }

/**
 * Folds events, in order, into the documents that they change: these are read once, and there is one write for each
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

  const entries = await entriesOf(projection, readStore, changes)
  for (const { event, of } of changes) {
    if (isStuck(event)) continue
    const tried = twice(() => applied(event, of, entries, again))
    if ('error' in tried) stuck.set(event.stream, { event, error: tried.error })
    else for (const [id, entry] of tried.result) entries.set(id, entry)
  }
  return { writes: writesOf(projection, entries), poison: [...stuck.values()] }
}

/** A document as it becomes while events are folded. Without a value it does not exist. */
type Entry = {
  value?: Json
  keys: { [index: string]: readonly string[] }
  position: Position
  changed: boolean
}

async function entriesOf(
  projection: Projection,
  readStore: ReadStore,
  changes: readonly { of: readonly DocumentChange[] }[],
): Promise<Map<string, Entry>> {
  const ids = new Set(changes.flatMap(({ of }) => of.map(({ id }) => id)))
  if (ids.size === 0) return new Map()
  const documents = await readStore.getMany(projection.collection.name, [...ids])
  return new Map(
    Array.from(documents, ([id, document]) => [id, { ...fromStored(document), keys: {}, changed: false }]),
  )
}

/** What the event makes of its documents, without touching `entries`. */
function applied(
  event: RecordedEvent,
  changes: readonly DocumentChange[],
  entries: ReadonlyMap<string, Entry>,
  again: boolean,
): Map<string, Entry> {
  const result = new Map<string, Entry>()
  for (const { id, change } of changes) {
    const before = result.get(id) ?? entries.get(id)
    const known = !result.has(id) && before !== undefined && before.position >= event.position
    // The document has the event already: it is read again after a crash.
    if (known && !again) continue
    const changed = change(before?.value)
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
 * Where an overtaken event puts its document: after the document's own position, so that the store's guard takes it,
 * and before every event to come, as positions have a fixed width.
 */
const justAfter = ({ position, changed }: Entry): Position => (changed ? position : `${position}+`)

function writesOf({ collection }: Projection, entries: ReadonlyMap<string, Entry>): Folded['writes'] {
  const writes: Folded['writes'] = []
  for (const [id, { value, keys, position, changed }] of entries) {
    if (!changed) continue
    const write = { collection: collection.name, id, position }
    writes.push(
      value === undefined ? { ...write, remove: true } : { ...write, put: toStored(position, value), keys },
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
