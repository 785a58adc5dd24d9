import { type Category, eventTypes } from '../../domain/domain-event.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Json, RecordedEvent } from '../../ports/event-store/event-store.ts'
import type { Projection } from '../../projections/projection.ts'

/** How far a stream has come, and the first rule that one of its events broke. */
type StreamState = { revision: number; sequence?: number; broken?: string }

/**
 * The rules that every stream keeps, as a projection of one document a stream. Revisions go up by one from 0. What is
 * published of a booking has a sequence that only rises, so that nothing is published twice.
 */
export const streamRules: Projection = {
  name: 'stream-rules',
  version: 1,
  collection: { name: 'stream-rules.v1', indexes: ['byBroken'] },
  categories: Object.keys(eventTypes) as Category[],
  changes: (event) => [
    {
      id: event.stream,
      change(value) {
        // It is what this function gave for an earlier event, or `restore`.
        const state = after(value as StreamState | undefined, event)
        return { put: state, keys: { byBroken: state.broken === undefined ? [] : [event.stream] } }
      },
    },
  ],
  store: (value) => value as unknown as Json,
  restore: (stored) => stored as unknown as StreamState,
}

function after(before: StreamState | undefined, event: RecordedEvent): StreamState {
  const sequence = sequenceOf(event)
  return {
    revision: event.revision,
    ...defined({
      sequence: sequence ?? before?.sequence,
      broken: before?.broken ?? revisionBroken(before, event) ?? sequenceBroken(before, sequence, event),
    }),
  }
}

function revisionBroken(before: StreamState | undefined, { revision }: RecordedEvent): string | undefined {
  const wanted = before === undefined ? 0 : before.revision + 1
  return revision === wanted ? undefined : `revision ${revision} stands where ${wanted} should`
}

function sequenceBroken(
  before: StreamState | undefined,
  sequence: number | undefined,
  { revision }: RecordedEvent,
): string | undefined {
  if (sequence === undefined || before?.sequence === undefined || sequence > before.sequence) return undefined
  return `sequence ${sequence} at revision ${revision} comes after ${before.sequence}`
}

const PUBLISHED = new Set(['BookingRescheduled', 'BookingCancelled'])

function sequenceOf({ type, data }: RecordedEvent): number | undefined {
  return PUBLISHED.has(type) && typeof data.sequence === 'number' ? data.sequence : undefined
}
