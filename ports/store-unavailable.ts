/**
 * A store could not take or give data now (full disk, lock, outage). Nothing of the failed call was stored, unless it is
 * an OutcomeUnknown. The HTTP edge answers 503 with this code; workers retry with backoff.
 */
export class StoreUnavailable extends Error {
  readonly code: 'STORE_UNAVAILABLE' | 'OUTCOME_UNKNOWN' = 'STORE_UNAVAILABLE'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}

/** The call was sent, and no answer says what became of it: it may be stored, now or later. It is to be repeated. */
export class OutcomeUnknown extends StoreUnavailable {
  override readonly code = 'OUTCOME_UNKNOWN'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'OutcomeUnknown'
  }
}
