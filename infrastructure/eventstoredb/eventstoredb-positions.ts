import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client'
import type { EventMetadata } from '../../domain/event-metadata.ts'
import { type Position, type RecordedEvent, START } from '../../ports/event-store/event-store.ts'

/** A place in the server's log. */
export type LogPosition = { commit: bigint; prepare: bigint }

/** Commit and prepare, 20 digits each: as text they sort as in the log. */
export function toPosition({ commit, prepare }: LogPosition): Position {
  const first = digits(commit)
  // They differ only in the explicit transactions of old clients; this is done for each event that is read.
  return first + (prepare === commit ? first : digits(prepare))
}

/** Undefined for START. Throws RangeError for what is no position of this kind of store. */
export function fromPosition(position: Position): LogPosition | undefined {
  if (position === START) return undefined
  if (!/^\d{40}$/.test(position))
    throw new RangeError(`${JSON.stringify(position)} is no position of this store`)
  return { commit: BigInt(position.slice(0, 20)), prepare: BigInt(position.slice(20)) }
}

const digits = (number: bigint): string => String(number).padStart(20, '0')

/** The place that servers before 23.10 give to an event that is read by its stream. */
const NOWHERE = 2n ** 64n - 1n

/**
 * The event as the port has it; undefined for the server's own events, which may be in any stream: links, and the mark
 * of a stream that is deleted for good. Events of other applications may come in a reading without a filter. Data of
 * theirs that is no JSON object is given under the name `value`.
 */
export function recorded(resolved: ResolvedEvent | AllStreamResolvedEvent): RecordedEvent | undefined {
  const { event } = resolved
  if (!event || event.type.startsWith('$')) return undefined
  if (!event.position || event.position.commit === NOWHERE)
    throw new Error(
      'this event store does not tell positions in streams: it needs EventStoreDB 23.10 or later',
    )
  return {
    id: event.id,
    type: event.type,
    // JSON of an object has no other values than those of the type.
    data: plain(event.data) as RecordedEvent['data'],
    // Only this service writes the categories that are decided on, and always with this metadata.
    metadata: plain(event.metadata) as EventMetadata,
    stream: event.streamId,
    revision: Number(event.revision),
    position: toPosition(event.position),
    recordedAt: event.created.toISOString(),
  }
}

function plain(value: unknown): object {
  if (value instanceof Uint8Array) return { value: Buffer.from(value).toString('base64') }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value }
}
