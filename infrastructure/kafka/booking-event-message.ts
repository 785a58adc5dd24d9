import type { CloudEvent } from 'cloudevents'
import type { IHeaders, Message } from 'kafkajs'

/**
 * A CloudEvent in the binary mode of the Kafka Protocol Binding (version 1.0.2, 3.2): the attributes as `ce_` headers,
 * its data as the value. The key is the subject, so that the events of one booking stay in one partition; the trace
 * context is a header of its own too, for consumers that know nothing of CloudEvents.
 */
export function toMessage(event: CloudEvent<unknown>): Message {
  const headers: IHeaders = {}
  for (const [name, value] of Object.entries(event))
    if (name === 'datacontenttype') headers['content-type'] = String(value)
    else if (name !== 'data' && value !== undefined) headers[`ce_${name}`] = String(value)
  if (typeof event.traceparent === 'string') headers.traceparent = event.traceparent
  return { key: event.subject ?? null, value: JSON.stringify(event.data), headers }
}

/** About how many bytes it takes in a batch: never less. */
export function sizeOf({ key, value, headers = {} }: Message): number {
  let bytes = 32 + lengthOf(key) + lengthOf(value)
  for (const name in headers) bytes += 8 + name.length + lengthOf(headers[name])
  return bytes
}

const lengthOf = (part: unknown): number =>
  typeof part === 'string' ? Buffer.byteLength(part) : Buffer.isBuffer(part) ? part.length : 0
