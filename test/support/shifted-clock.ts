import { systemClock } from '../../infrastructure/clock/system-clock.ts'
import type { Clock } from '../../ports/clock.ts'

/** A clock that goes as the machine's does, but is at `start` (RFC 3339) now. */
export function shiftedClock(start: string): Clock {
  const by = Temporal.Instant.from(start).since(systemClock.now())
  return { now: () => systemClock.now().add(by), delay: systemClock.delay }
}
