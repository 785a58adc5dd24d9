import type { Outage } from '../running/outage-log.ts'

/**
 * STARTING: it is not known yet up to where events were published. STOPPED: by the emergency stop. FENCED: another
 * publisher took over; tried again after a pause. STORE_REWOUND: the event store is not the one from which events were
 * published; nothing is published before somebody has looked into it. ENDED: it was told to.
 */
export type PublisherState =
  | 'STARTING'
  | 'PUBLISHING'
  | 'STOPPED'
  | 'UNAVAILABLE'
  | 'FENCED'
  | 'STORE_REWOUND'
  | 'ENDED'

export type PublisherStatus = {
  state: PublisherState
  /** Events that wait, or at least so many where they are not all counted yet; null while nobody can say. */
  backlog: number | null
  /** Age of the oldest one that waits, in milliseconds; null where nothing waits. */
  oldestAgeMs: number | null
  /** The outage that lasts, and since when. */
  outage?: Outage
  /** Why nothing is published, for STORE_REWOUND and FENCED. */
  reason?: string
  /** Bookings of which nothing is published since one event could not be, as far as this process knows. */
  parked: number
}

/** Why events do not go out as they should, where the oldest has waited for too long or a person has to act first. */
export function whyNotReady(
  { state, oldestAgeMs, outage, reason }: PublisherStatus,
  now: Temporal.Instant,
  unreadyAfterMs: number,
): string | undefined {
  if (state === 'STOPPED') return undefined
  if (state === 'STORE_REWOUND') return `STORE_REWOUND: ${reason}`
  const brokenMs = outage === undefined ? 0 : now.epochMilliseconds - Date.parse(outage.since)
  // Without a position nobody knows how long events have been waiting: the outage itself counts.
  const waitedMs = Math.max(oldestAgeMs ?? 0, brokenMs)
  return waitedMs > unreadyAfterMs
    ? (outage?.message ?? reason ?? `an event waits for ${waitedMs} ms`)
    : undefined
}
