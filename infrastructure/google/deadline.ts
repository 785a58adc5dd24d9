import type { Clock } from '../../ports/clock.ts'

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds of the clock (reason: a TimeoutError) or as soon as
 * `outer` does. The timer ends with the work.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const finished = new AbortController()
  const late = new AbortController()
  const timer = clock.delay(ms, finished.signal).then(() => {
    if (!finished.signal.aborted) late.abort(new DOMException('no answer in time', 'TimeoutError'))
  })
  try {
    return await work(outer ? AbortSignal.any([outer, late.signal]) : late.signal)
  } finally {
    finished.abort()
    await timer
  }
}
