// The bodies of all requests that this process has in hand, in bytes: whoever sends them, the memory for them is bounded.
import type { ServerResponse } from 'node:http'

export type BytesInHand = {
  /** Takes bytes in hand until the answer is done, or its connection ends; false where there is no room. */
  take(response: ServerResponse, bytes: number): boolean
}

/** Room for `limit` bytes. */
export function bytesInHand(limit: number): BytesInHand {
  let taken = 0
  const byResponse = new WeakMap<ServerResponse, number>()
  return {
    take(response, bytes) {
      if (taken + bytes > limit || response.closed) return false
      taken += bytes
      const before = byResponse.get(response)
      byResponse.set(response, (before ?? 0) + bytes)
      if (before === undefined)
        response.once('close', () => {
          taken -= byResponse.get(response) ?? 0
        })
      return true
    },
  }
}
