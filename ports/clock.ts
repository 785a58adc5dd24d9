/** The one source of time below main.ts: tests give a virtual one. */
export type Clock = {
  /** The present instant. */
  now(): Temporal.Instant
  /**
   * Resolves after `ms` milliseconds of this clock, or at once when `signal` aborts (never rejects: the caller
   * looks at the signal).
   */
  delay(ms: number, signal?: AbortSignal): Promise<void>
}
