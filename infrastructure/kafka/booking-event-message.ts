import type { CloudEventV1 } from 'cloudevents'
import type { IHeaders, Message } from 'kafkajs'

/**
 * A CloudEvent in the binary mode of the Kafka Protocol Binding (version 1.0.2, 3.2): the attributes as `ce_` headers,
 * its data as the value. The key is the subject, so that the events of one booking stay in one partition; the trace
 * context is a header of its own too, for consumers that know nothing of CloudEvents.
 */
export function toMessage(event: CloudEventV1<unknown>): Message {
  const headers: IHeaders = {}
  for (const name of Object.keys(event)) {
    const value: unknown = event[name]
    if (name === 'data' || value === undefined) continue
    headers[name === 'datacontenttype' ? 'content-type' : `ce_${name}`] = String(value)
  }
  if (typeof event.traceparent === 'string') headers.traceparent = event.traceparent
  return { key: event.subject ?? null, value: JSON.stringify(event.data), headers }
}

/** How many bytes it takes in a batch at most. Headers are short: three bytes a character is quicker than counting. */
export function mostBytesOf({ key, value, headers = {} }: Message): number {
  let bytes = 64 + bytesOf(key) + bytesOf(value)
  for (const name in headers) {
    const header = headers[name]
    bytes +=
      16 + 3 * (name.length + (typeof header === 'string' || Buffer.isBuffer(header) ? header.length : 0))
  }
  return bytes
}

const bytesOf = (part: string | Buffer | null | undefined): number =>
  part === null || part === undefined ? 0 : Buffer.byteLength(part)
