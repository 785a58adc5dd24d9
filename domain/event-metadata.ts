/** Why an event was appended: kept beside it for ever, read by auditors. Holds no personal data. */
export type EventMetadata = {
  /** Ties together everything that follows from one stimulus. */
  correlationId: string
  /** The command (its id) that decided this event. */
  causationId: string
  /** The actor: `CRON:subscription-cron`, `webhook:google`, `webhook:calcom`, `sync-worker`, `api:NAME`, `operator:NAME`. */
  actor: string
  /** W3C trace context of the stimulus. */
  traceparent?: string
  /** The stimulus itself. */
  cause?: Cause
  /** When it was first recorded, RFC 3339 in UTC: only where it was moved here from another store. */
  recordedAt?: string
}

/**
 * What set things in motion: a push of Google's (a channel's message), a look that nobody pushed for, or a webhook of
 * Cal.com's. `receivedAt` is RFC 3339 in UTC.
 */
export type Cause =
  | { channelId: string; messageNumber: number; receivedAt: string }
  | { poll: true; reason?: PollReason }
  | { webhook: string; createdAt?: string; receivedAt: string }

/** Why a calendar or a booking was looked at without a push. */
export type PollReason =
  | 'ACTIVATED'
  | 'RECONCILE'
  | 'LINKED'
  | 'ACCEPTED'
  | 'REASSIGNED'
  | 'LOOK_AGAIN'
  | 'RELEASED'
  | 'DISCARDED'
  | 'POLICY_CHANGED'
  | 'OPERATOR'
  | 'FULL_SYNC'
  | 'DAILY'
  | 'BEFORE_START'
