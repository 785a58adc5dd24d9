import type { NewEvent } from './event-store.ts'

/** An event's JSON (data and metadata together) is at most this many bytes in UTF-8. */
const MAX_EVENT_BYTES = 1024 * 1024

/** An event with its data and metadata as JSON text. */
export type EncodedEvent = { id: string; type: string; data: string; metadata: string }

/**
 * The events as they are to be stored, the same for every store. Throws before anything is sent: RangeError where an
 * event is too big or there is none; TypeError where the stream has no name, an id is not a UUID in lower case or comes
 * twice, or data or metadata hold anything that JSON would lose or change (undefined, bigint, NaN, a Date, a class).
 */
export function encodeEvents(stream: string, events: readonly NewEvent[]): EncodedEvent[] {
  if (stream === '') throw new TypeError('a stream needs a name')
  if (events.length === 0) throw new RangeError(`nothing to append to ${stream}`)
  if (events.length > 1 && new Set(events.map((event) => event.id)).size < events.length)
    throw new TypeError(`an event id comes twice in one append to ${stream}`)
  return events.map(encodeEvent)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function encodeEvent({ id, type, data, metadata }: NewEvent): EncodedEvent {
  if (!UUID.test(id)) throw new TypeError(`the event id ${JSON.stringify(id)} is not a UUID in lower case`)
  if (type === '') throw new TypeError(`the event ${id} has no type`)
  refuseOtherThanJson(data, `${type}.data`, 0)
  refuseOtherThanJson(metadata, `${type}.metadata`, 0)
  const encoded = { id, type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) }
  const bytes = Buffer.byteLength(encoded.data) + Buffer.byteLength(encoded.metadata)
  if (bytes > MAX_EVENT_BYTES)
    throw new RangeError(`the event ${type} ${id} has ${bytes} bytes of JSON, more than ${MAX_EVENT_BYTES}`)
  return encoded
}

/** Deeper is a cycle or a mistake; stores and browsers have limits of their own beyond it. */
const MAX_DEPTH = 500

function refuseOtherThanJson(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot hold`)
    return
  }
  if (typeof value !== 'object') throw new TypeError(`${path} is ${typeof value}, which JSON cannot hold`)
  if (depth > MAX_DEPTH) throw new TypeError(`${path.slice(0, 100)}… is nested too deeply, or in itself`)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      refuseOtherThanJson(value[index], `${path}[${index}]`, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`${path} is a ${value.constructor.name}, not plain JSON`)
  for (const [key, inner] of Object.entries(value)) refuseOtherThanJson(inner, `${path}.${key}`, depth + 1)
}
