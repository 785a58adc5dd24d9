import { createRequire } from 'node:module'
import type { Logger } from '../../ports/logger.ts'

/** The parts of grpc-js's class that are relied on. Metadata is its own; headers are set on it by name. */
export type CompressionFilterClass = {
  prototype: { sendMetadata(metadata: Promise<HeaderSet>): Promise<HeaderSet> }
}
type HeaderSet = { get(name: string): unknown[]; set(name: string, value: string): void }

const OFFER = 'grpc-accept-encoding'

/** Classes wrapped so far, and whether gzip is offered to the server now. */
const wrapped = new WeakMap<object, { offered: boolean }>()

/**
 * Sets whether this process's gRPC calls offer gzip to the server, which then compresses every message. That is four to
 * ten times slower on loopback and in a data centre, and worth it across a slow network. grpc-js has no option for it
 * and sets the header after every interceptor, so the last of its filters is wrapped. If that filter is no longer what
 * it was, everything stays as grpc-js does it, with a warning. Returns whether it could be done.
 */
export function offerGzip(offered: boolean, log: Logger, filter: () => unknown = filterOfTheClient): boolean {
  const found = tryTo(filter)
  if (!hasKnownShape(found)) {
    if (!offered)
      log.warn(
        'event store compression cannot be turned off with this version of grpc-js, reading will be slow',
      )
    return offered
  }
  const known = wrapped.get(found)
  if (known) {
    known.offered = offered
    return true
  }
  const setting = { offered }
  wrapped.set(found, setting)
  const { sendMetadata } = found.prototype
  found.prototype.sendMetadata = async function (metadata) {
    const headers = await sendMetadata.call(this, metadata)
    if (!setting.offered && headers.get(OFFER).length > 0) headers.set(OFFER, 'identity')
    return headers
  }
  return true
}

/** The filter of that copy of grpc-js which the client loads, wherever npm has put it. */
function filterOfTheClient(): unknown {
  const load = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
  return load('@grpc/grpc-js/build/src/compression-filter.js').CompressionFilter
}

function tryTo(find: () => unknown): unknown {
  try {
    return find()
  } catch {
    // Not there any more: told by the shape check, as any other change of it.
    return undefined
  }
}

/** Whether it still is the filter that sets the header itself, of one argument, and asynchronously. */
function hasKnownShape(found: unknown): found is CompressionFilterClass {
  if (typeof found !== 'function') return false
  const method: unknown = Object.getOwnPropertyDescriptor(found.prototype, 'sendMetadata')?.value
  if (typeof method !== 'function') return false
  return wrapped.has(found) || (method.length === 1 && method.toString().includes(OFFER))
}
