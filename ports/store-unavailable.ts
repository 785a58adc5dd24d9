/**
 * A store could not take or give data now (full disk, lock, outage). Nothing of the failed call was stored. The HTTP
 * edge answers 503 with this code; workers retry with backoff.
 */
export class StoreUnavailable extends Error {
  readonly code = 'STORE_UNAVAILABLE'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}
