// Proof that what queries answer follows from the events: every read model is made anew beside the live one.
import type { EventStore, Position } from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import { allProjections } from '../../projections/all-projections.ts'
import { fromStored, type Projection } from '../../projections/projection.ts'
import { PoisonEventFound, rebuild } from '../read-models/rebuild.ts'
import { compareOne, compareReadModels, type Difference } from './compare-read-models.ts'
import { streamRules } from './stream-rules.ts'

/** The first differences are named, all are counted. */
const NAMED = 20

/** A read model beside one made anew from the events up to `position`. */
export type ReadModelCheck = {
  name: string
  position: Position
  differences: Difference[]
  count: number
  /** Documents that went on changing while they were compared. */
  unsettled: number
  /** An event that it cannot take, so that it could not be made anew. */
  poison?: string | undefined
}
export type StreamCheck = { events: number; broken: { stream: string; rule: string }[]; count: number }
export type Verification = { ok: boolean; readModels: ReadModelCheck[]; streams: StreamCheck }

export type VerificationParts = {
  events: EventStore
  live: ReadStore
  /** Empty, and thrown away afterwards. */
  scratch: ReadStore
  onProgress?: (progress: { step: string; events: number }) => void
  signal?: AbortSignal
}

/** Rejects with StoreUnavailable. Memory does not grow with the number of events. */
export async function verification(parts: VerificationParts): Promise<Verification> {
  const streams = await checkStreams(parts)
  const readModels: ReadModelCheck[] = []
  for (const projection of allProjections) readModels.push(await checkReadModel(projection, parts))
  const ok =
    streams.count === 0 && readModels.every(({ count, poison }) => count === 0 && poison === undefined)
  return { ok, readModels, streams }
}

async function checkStreams(parts: VerificationParts): Promise<StreamCheck> {
  const { scratch } = parts
  const { events } = await madeAnew(streamRules, parts)
  const { name } = streamRules.collection
  const all = { prefix: '' }
  const found = await scratch.find(name, 'byBroken', all, { limit: NAMED })
  const broken = found.items.map(({ id, document }) => ({
    stream: id,
    rule: String((fromStored(document).value as { broken?: string }).broken),
  }))
  const count = await scratch.count(name, 'byBroken', all)
  await scratch.clear(name, name)
  return { events, broken, count }
}

async function checkReadModel(projection: Projection, parts: VerificationParts): Promise<ReadModelCheck> {
  const { live, scratch } = parts
  const { name, collection } = projection
  await live.prepare([collection])
  const position = await live.checkpoint(collection.name)
  const check: ReadModelCheck = { name, position, differences: [], count: 0, unsettled: 0 }
  const differences: Difference[] = []
  const moving: string[] = []
  try {
    await madeAnew(projection, parts, { upTo: position })
    for await (const difference of compareReadModels(projection, live, scratch)) {
      if (mayHaveMoved(difference, position) && moving.length < MOST_MOVING) moving.push(difference.id)
      else if (check.count++ < NAMED) differences.push(difference)
    }
    const settled = await settle(projection, parts, { moving, after: position })
    differences.push(...settled.differences)
    return {
      ...check,
      differences: differences.slice(0, NAMED).map(({ id, kind }) => ({ id, kind })),
      count: check.count + settled.differences.length,
      unsettled: settled.moving.length,
    }
  } catch (error) {
    if (!(error instanceof PoisonEventFound)) throw error
    return { ...check, poison: error.message }
  } finally {
    await scratch.clear(collection.name, collection.name)
  }
}

/** So many documents that change meanwhile are looked at again; none is forgotten: the others count as different. */
const MOST_MOVING = 100_000
const ROUNDS = 10

/** Whether the live document has an event that the one beside it has not: the one that removed it leaves no trace. */
const mayHaveMoved = ({ kind, position = '' }: Difference, upTo: Position): boolean =>
  kind === 'MISSING' || position > upTo

/** Compares documents that the live read model had changed meanwhile, as far as that has come by now. */
async function settle(
  projection: Projection,
  parts: VerificationParts,
  { moving: begun, after: begin }: { moving: readonly string[]; after: Position },
): Promise<{ differences: Difference[]; moving: string[] }> {
  const { live, scratch: rebuilt } = parts
  const differences: Difference[] = []
  let moving = [...begun]
  let after = begin
  for (let round = 0; moving.length > 0 && round < ROUNDS; round++) {
    const upTo = await live.checkpoint(projection.collection.name)
    after = (await madeAnew(projection, parts, { after, upTo })).position
    const still: string[] = []
    for (const id of moving) {
      const difference = await compareOne(projection, id, { live, rebuilt })
      if (difference === undefined) continue
      const isGone = round === ROUNDS - 1 && difference.kind === 'MISSING'
      if (mayHaveMoved(difference, after) && !isGone) still.push(id)
      else differences.push(difference)
    }
    moving = still
  }
  return { differences, moving }
}

function madeAnew(
  projection: Projection,
  { events, scratch: readStore, onProgress, signal }: VerificationParts,
  span: { after?: Position; upTo?: Position } = {},
) {
  return rebuild({
    events,
    readStore,
    projection,
    ...span,
    ...(signal && { signal }),
    onProgress: ({ events: count }) => onProgress?.({ step: projection.name, events: count }),
  })
}
