import type { IHeaders, Message } from 'kafkajs'
import type { PublishableEvent } from '../../ports/booking-event-publisher.ts'

/**
 * A CloudEvent in the binary mode of the Kafka Protocol Binding (version 1.0.2, 3.2): the attributes as `ce_` headers,
 * its data as the value. The key is the subject, so that the events of one booking stay in one partition. The trace
 * context is a header of its own too, for consumers that know nothing of CloudEvents.
 */
export function toMessage({ subject, attributes, data }: PublishableEvent): Message {
  const headers: IHeaders = {}
  for (const name in attributes) headers[headerOf(name)] = attributes[name]
  if (attributes.traceparent !== undefined) headers.traceparent = attributes.traceparent
  return { key: subject, value: data, headers }
}

const headerNames = new Map([['datacontenttype', 'content-type']])

/** Under which header an attribute goes. There are few names: each is put together once. */
function headerOf(name: string): string {
  const known = headerNames.get(name)
  if (known !== undefined) return known
  headerNames.set(name, `ce_${name}`)
  return headerOf(name)
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
