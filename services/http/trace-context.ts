const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * This request's own place in a trace (W3C Trace Context, level 1): a child of the caller's `traceparent`. If that is
 * not valid, it is the root of a new trace, which is not sampled. `newId` gives UUIDs.
 */
export function traceparentOf(incoming: string | undefined, newId: () => string): string {
  const hex = () => newId().replaceAll('-', '')
  const parent = incoming === undefined ? undefined : parsed(incoming)
  const span = hex().slice(0, 16)
  return parent ? `00-${parent.traceId}-${span}-${parent.flags}` : `00-${hex()}-${span}-00`
}

function parsed(traceparent: string): { traceId: string; flags: string } | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(traceparent.trim()) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined
  const invalid =
    version === 'ff' ||
    (version === '00' && more !== undefined) ||
    /^0+$/.test(traceId) ||
    /^0+$/.test(spanId)
  // Only the sampled bit has a meaning in version 00, which is what we speak.
  return invalid ? undefined : { traceId, flags: Number.parseInt(flags, 16) & 1 ? '01' : '00' }
}
