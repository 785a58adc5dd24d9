// Moving the order of facts from one store to another: the same events, in the same order.
import { createHash } from 'node:crypto'
import { categoryOf, eventTypes } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import {
  type EventStore,
  type Filter,
  type NewEvent,
  type Position,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import { MigrationRefused } from './refused.ts'

/** Neighbours of one stream that are appended together, at most. */
const TOGETHER = 100
const PAGE = 500

/** Both stores, each giving an event the time at which it was first recorded (`withOriginalTimes`). */
export type EventStores = { from: EventStore; to: EventStore }
export type Progress = (events: number) => void

/**
 * The contents of both stores now: how many events of how many streams, and the SHA-256 over all of them in their
 * order. `toTarget` gives, for a position of the source, the one in the target that has the same events before it.
 */
export type MovedEvents = {
  events: number
  streams: number
  sha256: string
  toTarget: ReadonlyMap<Position, Position>
}

/**
 * Appends to `to` the events of `from` that it lacks: same ids, types, data, metadata, streams, revisions and order.
 * The events already in `to` must be the beginning of `from`, as a move that was cut off leaves them; then it goes on
 * from there. The time of the first recording is kept in the metadata, since a server sets its own. Throws
 * MigrationRefused, and then has appended nothing that does not belong there. Rejects with StoreUnavailable, and may be
 * called again.
 */
export async function moveEvents({ from, to }: EventStores, onProgress: Progress): Promise<void> {
  const source = eventsOf(from, undefined)
  let moved = 0
  for await (const theirs of eventsOf(to, filter)) {
    const ours = await source.next()
    if (ours.done || !same(ours.value, theirs)) throw refused(theirs)
    onProgress(++moved)
  }
  let batch: RecordedEvent[] = []
  const flush = async () => {
    if (batch.length > 0) await appendTo(to, batch)
    moved += batch.length
    batch = []
    onProgress(moved)
  }
  for await (const event of source) {
    if (!isOurs(event)) throw unknown(event)
    if (batch.length === TOGETHER || (batch[0] !== undefined && batch[0].stream !== event.stream))
      await flush()
    batch.push(event)
  }
  await flush()
}

/**
 * Reads both stores from end to end, side by side. Throws MigrationRefused at the first difference. `positions` are
 * those of the source to find in the target.
 */
export async function compareEvents(
  { from, to }: EventStores,
  positions: readonly Position[],
  onProgress: Progress,
): Promise<MovedEvents> {
  const [before, after] = [createHash('sha256'), createHash('sha256')]
  const revisions = new Map<string, number>()
  const toTarget = new Map<Position, Position>(positions.map((position) => [position, START]))
  const target = eventsOf(to, filter)
  let events = 0
  for await (const ours of eventsOf(from, undefined)) {
    const theirs = await target.next()
    if (theirs.done || !same(ours, theirs.value)) throw incomplete(ours)
    before.update(textOf(ours))
    after.update(textOf(theirs.value))
    if (ours.revision !== (revisions.get(ours.stream) ?? -1) + 1) throw incomplete(ours)
    revisions.set(ours.stream, ours.revision)
    for (const position of positions)
      if (ours.position <= position) toTarget.set(position, theirs.value.position)
    onProgress(++events)
  }
  const more = await target.next()
  if (!more.done) throw refused(more.value)
  const sha256 = before.digest('hex')
  if (after.digest('hex') !== sha256) throw new MigrationRefused('NOT_MOVED', 'The two stores differ.')
  return { events, streams: revisions.size, sha256, toTarget }
}

/** A server may hold the streams of others; those of the aggregates are this service's alone. */
const categories = Object.keys(eventTypes)
const filter: Filter = { categories }
const isOurs = ({ stream }: RecordedEvent) => categories.includes(categoryOf(stream))

async function* eventsOf(
  store: EventStore,
  filter: Filter | undefined,
): AsyncGenerator<RecordedEvent, undefined> {
  let after = START
  for (;;) {
    const page = await store.readAll({ after, limit: PAGE, ...defined({ filter }) })
    yield* page.events
    if (page.caughtUp) return
    after = page.position
  }
}

async function appendTo(to: EventStore, batch: readonly RecordedEvent[]): Promise<void> {
  const [first] = batch
  if (first === undefined) return
  const { stream, revision } = first
  const appended = await to.append(stream, revision === 0 ? 'no-stream' : revision - 1, batch.map(moved))
  if (!appended.ok || appended.revision !== revision + batch.length - 1) throw refused(first)
}

const moved = ({ id, type, data, metadata, recordedAt }: RecordedEvent): NewEvent => ({
  id,
  type,
  data,
  metadata: { ...metadata, recordedAt },
})

const same = (ours: RecordedEvent, theirs: RecordedEvent) => textOf(ours) === textOf(theirs)

/** All that must stay, which is all but the position. */
function textOf({ id, stream, revision, type, data, metadata, recordedAt }: RecordedEvent): string {
  const { recordedAt: _, ...reasons } = metadata
  return `${JSON.stringify([id, stream, revision, type, data, reasons, recordedAt])}\n`
}

const refused = ({ stream, revision, type }: RecordedEvent) =>
  new MigrationRefused(
    'TARGET_HOLDS_OTHER_EVENTS',
    `The event store to move to does not hold the beginning of what is moved: it differs at ${type}, event ${revision} of ${stream}. Move to an empty one; a service must not have run on it.`,
  )
const unknown = ({ stream }: RecordedEvent) =>
  new MigrationRefused(
    'CATEGORY_UNKNOWN',
    `The stream ${stream} is of a kind that this version does not know: move with the version that wrote it.`,
  )
const incomplete = ({ stream, revision, type }: RecordedEvent) =>
  new MigrationRefused('NOT_MOVED', `${type}, event ${revision} of ${stream}, is not there as it was.`)
