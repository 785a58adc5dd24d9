import { type Category, categoryOf, type EventsOf, eventTypes } from '../../domain/domain-event.ts'
import type { EventMetadata } from '../../domain/event-metadata.ts'
import type { NewEvent, RecordedEvent } from './event-store.ts'

/**
 * A stream holds an event that this version does not know: a newer one wrote it, during an upgrade. Nothing may be
 * decided on a state that leaves facts out.
 */
export class UnknownEventType extends Error {
  readonly code = 'UNKNOWN_EVENT_TYPE'
  constructor(stream: string, type: string) {
    super(`stream ${stream} holds an event of type ${type}, which this version does not know`)
    this.name = 'UnknownEventType'
  }
}

/** A domain event as stored, with its place in the order and its reasons. */
export type StoredEvent<C extends Category = Category> = EventsOf[C] &
  Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'position' | 'recordedAt' | 'metadata'>

const isCategory = (name: string): name is Category => Object.hasOwn(eventTypes, name)

/** Whether this version knows the event. */
export function isKnown(recorded: RecordedEvent): boolean {
  const category = categoryOf(recorded.stream)
  return isCategory(category) && Object.hasOwn(eventTypes[category], recorded.type)
}

/**
 * Reads an event of a stream of the given category. Older versions of an event are brought up to the present shape
 * here. A new shape has a new name, and an entry in this function; there is none so far. Throws UnknownEventType.
 */
export function decode<C extends Category>(category: C, recorded: RecordedEvent): StoredEvent<C> {
  if (categoryOf(recorded.stream) !== category || !isKnown(recorded))
    throw new UnknownEventType(recorded.stream, recorded.type)
  // The types are the storage format: this service appended it under a known name, so it has that name's shape.
  return recorded as unknown as StoredEvent<C>
}

/** As `decode`, for an event of any category. */
export function decodeAny(recorded: RecordedEvent): StoredEvent {
  const category = categoryOf(recorded.stream)
  if (!isCategory(category)) throw new UnknownEventType(recorded.stream, recorded.type)
  return decode(category, recorded)
}

/** Makes an event ready to be appended. `undefined` fields are left out. */
export function encode<C extends Category>(
  event: EventsOf[C],
  id: string,
  metadata: EventMetadata,
): NewEvent {
  // Domain events are plain JSON but for optional fields, which the round trip drops where they are undefined.
  return { id, type: event.type, data: JSON.parse(JSON.stringify(event.data)), metadata }
}
