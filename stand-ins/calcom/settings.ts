import { z } from 'zod'

const Milliseconds = z.number().min(0)

/** How this Cal.com behaves: what differs between versions, and how wide its races are. */
export const CalcomSettings = z.object({
  /** From the delivery of a webhook to the writing of the Google event. */
  beforeCalendarMs: Milliseconds,
  /** From the writing of the Google event to the storing of the reference. */
  beforeReferencesMs: Milliseconds,
  /** From the withdrawal of the old references to the storing of the new ones, when another host takes over. */
  betweenReferencesMs: Milliseconds,
  /** From the delivery of BOOKING_CANCELLED to the change of the database. */
  beforeCancelStoredMs: Milliseconds,
  /** What a booking that awaits confirmation is announced by. */
  pendingTrigger: z.enum(['BOOKING_CREATED', 'BOOKING_REQUESTED']),
  /** Whether the acceptance of a booking that was moved names the booking before (`rescheduleUid`). */
  acceptedTellsReschedule: z.boolean(),
  /** Whether a moved booking that awaits confirmation goes on naming the event that was deleted. */
  pendingKeepsReferences: z.boolean(),
  /** Whether the link of a booking that was rescheduled away reschedules it again, as it did in older versions. */
  oldLinks: z.enum(['refused', 'open']),
  /** Which uid the move of one guest is announced with; and which booking it says that the guest comes from. */
  seatMoveUid: z.enum(['target', 'null']),
  seatMoveRescheduleUid: z.enum(['booking', 'seat']),
  /** Whether a stored reference names its event; an empty one is filled by a call. */
  referenceUid: z.enum(['stored', 'empty']),
  /** Whether a stored reference names its calendar. */
  referenceCalendarStored: z.boolean(),
  /** Whether soft-deleted references are in the answer, where nothing tells them from the present one. */
  deletedReferences: z.enum(['listed', 'left-out']),
  /** How the event's description shows the link by which a guest changes the booking. */
  eventLink: z.enum(['text', 'html', 'none']),
  /** Where that link leads, without a slash at the end. */
  bookerUrl: z.string(),
  /** What the API says of a booking that was rescheduled away. */
  statusOfRescheduled: z.enum(['cancelled', 'accepted']),
  /** How a reference names its calendar: by the calendar's own id, by a number of Cal.com's, or not at all. */
  referenceCalendar: z.enum(['address', 'number', 'none']),
  /** What a user's key gets for a booking of somebody else's. */
  bookingOfOthers: z.enum(['shown', 'hidden', 'forbidden']),
  /** Whether a list goes on at `skip`, or begins anew whatever it says. */
  skip: z.enum(['honoured', 'ignored']),
  /** Values of `cal-api-version` that are answered 410. */
  goneVersions: z.array(z.string()),
  /** Requests that one key may make within a minute; any number where null. */
  rateLimitPerMinute: z.number().int().min(1).nullable(),
  /** Holes in what webhooks tell. */
  payloadUid: z.boolean(),
  payloadBookingId: z.boolean(),
  payloadOrganizerId: z.boolean(),
  payloadDestinations: z.enum(['usual', 'null', 'empty', 'object']),
  /** Tries of a webhook that could not be delivered. Without its task queue Cal.com tries once. */
  webhookAttempts: z.number().int().min(1),
  webhookRetryMs: Milliseconds,
})
export type CalcomSettings = z.infer<typeof CalcomSettings>

/** As read in Cal.com's open code, with races of a quarter of a second. */
export const defaultSettings: CalcomSettings = {
  beforeCalendarMs: 0,
  beforeReferencesMs: 250,
  betweenReferencesMs: 250,
  beforeCancelStoredMs: 250,
  pendingTrigger: 'BOOKING_REQUESTED',
  acceptedTellsReschedule: false,
  pendingKeepsReferences: false,
  oldLinks: 'refused',
  seatMoveUid: 'target',
  seatMoveRescheduleUid: 'booking',
  referenceUid: 'stored',
  referenceCalendarStored: true,
  deletedReferences: 'listed',
  eventLink: 'text',
  bookerUrl: 'https://cal.example',
  statusOfRescheduled: 'cancelled',
  referenceCalendar: 'address',
  bookingOfOthers: 'shown',
  skip: 'honoured',
  goneVersions: [],
  rateLimitPerMinute: null,
  payloadUid: true,
  payloadBookingId: true,
  payloadOrganizerId: true,
  payloadDestinations: 'usual',
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
  /** Deliveries are kept until they are let go, in any order. */
  holdWebhooks: z.boolean(),
  /** The API takes no connection. */
  apiDown: z.boolean(),
  apiDelayMs: Milliseconds,
  /** The next so many requests of the API fail. */
  apiFailures: z.number().int().min(0),
  /** Which requests: all, lists, single bookings, references, or what changes something. */
  apiFailuresOf: z.enum(['ALL', 'LIST', 'BOOKING', 'REFERENCES', 'WRITE']),
  /** With an error of `apiStatus`, a web page with 200, JSON that breaks off, or no answer to what was done. */
  apiFailure: z.enum(['ERROR', 'HTML', 'TRUNCATED', 'LOST']),
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
  holdWebhooks: false,
  apiDown: false,
  apiDelayMs: 0,
  apiFailures: 0,
  apiFailuresOf: 'ALL',
  apiFailure: 'ERROR',
  apiStatus: 503,
  apiBareErrors: false,
  referencesMissing: false,
}
