import { z } from 'zod'

const Milliseconds = z.number().min(0)

/** How this Cal.com behaves: what differs between versions, and how wide its races are. */
export const CalcomSettings = z.object({
  /** From the delivery of a webhook to the writing of the Google event. */
  beforeCalendarMs: Milliseconds,
  /** From the writing of the Google event to the storing of the reference. */
  beforeReferencesMs: Milliseconds,
  /** From the delivery of BOOKING_CANCELLED to the change of the database. */
  beforeCancelStoredMs: Milliseconds,
  /** What a booking that awaits confirmation is announced by. */
  pendingTrigger: z.enum(['BOOKING_CREATED', 'BOOKING_REQUESTED']),
  /** What the API says of a booking that was rescheduled away. */
  statusOfRescheduled: z.enum(['cancelled', 'accepted']),
  /** How a reference names its calendar: by the calendar's own id, by a number of Cal.com's, or not at all. */
  referenceCalendar: z.enum(['address', 'number', 'none']),
  /** Tries of a webhook that could not be delivered. Without its task queue Cal.com tries once. */
  webhookAttempts: z.number().int().min(1),
  webhookRetryMs: Milliseconds,
})
export type CalcomSettings = z.infer<typeof CalcomSettings>

/** As read in Cal.com's open code, with races of a quarter of a second. */
export const defaultSettings: CalcomSettings = {
  beforeCalendarMs: 0,
  beforeReferencesMs: 250,
  beforeCancelStoredMs: 250,
  pendingTrigger: 'BOOKING_CREATED',
  statusOfRescheduled: 'cancelled',
  referenceCalendar: 'address',
  webhookAttempts: 1,
  webhookRetryMs: 60_000,
}

/** What goes wrong, until it is set otherwise. */
export const CalcomFaults = z.object({
  /** The next so many deliveries are lost, or sent twice. */
  dropWebhooks: z.number().int().min(0),
  doubleWebhooks: z.number().int().min(0),
  /** Each delivery leaves this much later than it should; later ones may overtake earlier ones. */
  delayWebhooksMs: Milliseconds,
  /** The API takes no connection. */
  apiDown: z.boolean(),
  apiDelayMs: Milliseconds,
  /** The next so many requests of the API are answered with this status. */
  apiFailures: z.number().int().min(0),
  apiStatus: z.number().int().min(400).max(599),
  apiRetryAfterSeconds: z.number().int().min(0).optional(),
  /** Errors come as bare `{statusCode, message}`. */
  apiBareErrors: z.boolean(),
  /** The references of every booking are answered 404. */
  referencesMissing: z.boolean(),
})
export type CalcomFaults = z.infer<typeof CalcomFaults>

/** All is well. */
export const noFaults: CalcomFaults = {
  dropWebhooks: 0,
  doubleWebhooks: 0,
  delayWebhooksMs: 0,
  apiDown: false,
  apiDelayMs: 0,
  apiFailures: 0,
  apiStatus: 503,
  apiBareErrors: false,
  referencesMissing: false,
}
