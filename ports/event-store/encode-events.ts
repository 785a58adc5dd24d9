import type { NewEvent } from './event-store.ts'

/** An event's JSON (data and metadata together) is at most this many bytes in UTF-8. */
const MAX_EVENT_BYTES = 1024 * 1024

/** An event with its data and metadata as JSON text. */
export type EncodedEvent = { id: string; type: string; data: string; metadata: string }

/**
 * The events as they are to be stored, the same for every store. Throws before anything is sent. RangeError: an event
 * is too big, or there is none. TypeError: the stream has no name; an id is not a UUID in lower case, or comes twice;
 * or JSON would lose or change something (undefined, bigint, NaN, a Date, a class).
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
  const flaw = flawIn(data, 0, 'data') ?? flawIn(metadata, 0, 'metadata')
  if (flaw) throw new TypeError(`${type}.${flaw.path.slice(0, MAX_PATH)} ${flaw.what}`)
  const encoded = { id, type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) }
  const bytes = Buffer.byteLength(encoded.data) + Buffer.byteLength(encoded.metadata)
  if (bytes > MAX_EVENT_BYTES)
    throw new RangeError(`the event ${type} ${id} has ${bytes} bytes of JSON, more than ${MAX_EVENT_BYTES}`)
  return encoded
}

/** Deeper is a cycle or a mistake; stores and browsers have limits of their own beyond it. */
const MAX_DEPTH = 500
/** As much of a path as is needed to find it. */
const MAX_PATH = 200

/** Names what JSON would lose or change in `value`, and where. The path is put together only if there is something. */
function flawIn(value: unknown, depth: number, path: string): { path: string; what: string } | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : { path, what: `is ${value}, which JSON cannot hold` }
  if (typeof value !== 'object') return { path, what: `is ${typeof value}, which JSON cannot hold` }
  if (depth > MAX_DEPTH) return { path, what: 'is nested too deeply, or in itself' }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const inner = flawIn(value[index], depth + 1, '')
      if (inner) return { path: `${path}[${index}]${inner.path}`, what: inner.what }
    }
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    return { path, what: `is a ${value.constructor.name}, not plain JSON` }
  // Its own keys are those of `entries`, and its values may be anything.
  const fields = value as Record<string, unknown>
  for (const key of Object.keys(fields)) {
    const inner = flawIn(fields[key], depth + 1, '')
    if (inner) return { path: `${path}.${key}${inner.path}`, what: inner.what }
  }
}
