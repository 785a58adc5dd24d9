import {
  type EventStore,
  type Position,
  type RecordedEvent,
  START,
} from '../../ports/event-store/event-store.ts'
import type { ReadStore } from '../../ports/read-store/read-store.ts'
import type { Projection } from '../../projections/projection.ts'
import { oneAfterAnother } from '../running/one-after-another.ts'
import { type ParkedEvent, parkedOf, toParked, writeParked } from './parked-events.ts'
import { foldEvents, type PoisonEvent } from './projection-fold.ts'

/** The fate of a parked event. `applied` is false if it was given up, or could not be taken again. */
export type ParkedOutcome = { stream: string; revision: number; applied: boolean }

/**
 * One projection and how far it has come. Every method rejects with what the stores reject with; then nothing has
 * changed here and the call may be repeated. Calls are carried out one after another.
 */
export type Projector = {
  readonly projection: Projection
  /** Everything up to here is in the read model (parked events apart). */
  position(): Position
  parkedCount(): number
  /** Learns its checkpoint, and tries again what is parked: new code may take it. */
  begin(): Promise<void>
  /** Takes events in order, those known already included, and is then as far as `upTo`. */
  take(events: readonly RecordedEvent[], upTo: Position): Promise<void>
  /** Tries a parked event, and what waits behind it, again; undefined if no such event is parked. */
  retry(position: Position): Promise<ParkedOutcome | undefined>
  /** Gives up a parked event and goes on with what waits behind it; undefined if no such event is parked. */
  skip(position: Position): Promise<ParkedOutcome | undefined>
}

export type ProjectorPorts = {
  events: EventStore
  readStore: ReadStore
  now(): Temporal.Instant
  /** Told after an event has been parked. */
  onParked(parked: ParkedEvent, error: unknown): void
}

export function projector(projection: Projection, ports: ProjectorPorts): Projector {
  const { events, readStore } = ports
  let position: Position = START
  let parked = new Map<string, ParkedEvent>()
  const inTurn = oneAfterAnother()

  const waits = ({ stream, position }: RecordedEvent) => {
    const before = parked.get(stream)
    return before !== undefined && before.position <= position
  }

  function remember(fresh: readonly ParkedEvent[], poison: readonly PoisonEvent[]): void {
    for (const one of fresh) {
      parked.set(one.stream, { ...one, writes: one.writes + 1 })
      ports.onParked(one, poison.find(({ event }) => event.position === one.position)?.error)
    }
  }

  async function take(given: readonly RecordedEvent[], upTo: Position): Promise<void> {
    const fresh = given.filter((event) => event.position > position && !waits(event))
    const { writes, poison } = await foldEvents(projection, readStore, fresh)
    const newlyParked = await toParked(readStore, projection, poison, ports.now())
    const furthest = upTo > position ? upTo : position
    await readStore.write([...writes, ...newlyParked.map(writeParked)], {
      projection: projection.collection.name,
      position: furthest,
    })
    remember(newlyParked, poison)
    position = furthest
  }

  async function resume(
    one: ParkedEvent,
    state: 'APPLIED' | 'SKIPPED',
    upTo: Position,
  ): Promise<ParkedOutcome> {
    const { stream, revision } = one
    const skipped = state === 'SKIPPED'
    const waiting = await events.readStream(stream, { fromRevision: skipped ? revision + 1 : revision })
    const due = waiting.filter((event) => event.position <= upTo)
    const { writes, poison } = await foldEvents(projection, readStore, due, { again: true })
    const again = poison.some(({ event }) => event.position === one.position)
    if (again) return { stream, revision, applied: false }
    const newlyParked = await toParked(readStore, projection, poison, ports.now())
    await readStore.write([...writes, ...[...newlyParked, { ...one, state }].map(writeParked)])
    parked.delete(stream)
    remember(newlyParked, poison)
    return { stream, revision, applied: !skipped }
  }

  const resumeAt = (wanted: Position, state: 'APPLIED' | 'SKIPPED') =>
    inTurn(async () => {
      const one = [...parked.values()].find(({ position }) => position === wanted)
      return one && resume(one, state, position)
    })

  return {
    projection,
    position: () => position,
    parkedCount: () => parked.size,
    begin: () =>
      inTurn(async () => {
        const checkpoint = await readStore.checkpoint(projection.collection.name)
        parked = new Map((await parkedOf(readStore, projection)).map((one) => [one.stream, one]))
        for (const one of [...parked.values()]) await resume(one, 'APPLIED', checkpoint)
        position = checkpoint
      }),
    take: (given, upTo) => inTurn(() => take(given, upTo)),
    retry: (wanted) => resumeAt(wanted, 'APPLIED'),
    skip: (wanted) => resumeAt(wanted, 'SKIPPED'),
  }
}
