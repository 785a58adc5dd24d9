// The published events as schemas: they describe the feed and the topic, are served under each event's `dataschema`,
// and type what is built. Fields are only ever added; a breaking change is a new topic, and a new version here.
import { z } from 'zod'
import { cancellationReasons } from '../../domain/booking/decisions.ts'

const instant = z.iso.datetime().describe('RFC 3339 in UTC')
const times = z.object({ start: instant, end: instant })

const decided = {
  bookingUid: z.string(),
  userId: z.string().describe("the host's id in Cal.com"),
  organizationId: z.string().optional(),
  sequence: z.int().min(1).describe('rises with each decision on the booking, from 1'),
  calendar: z.object({
    provider: z.string(),
    key: z.string().describe('random; only this service can tell the calendar from it'),
  }),
  externalEventId: z.string().describe("the event's id in the calendar"),
  recurringEventId: z.string().optional().describe('the series that the event is an instance of'),
  originalStart: instant.optional().describe("the instance's place in its series before any move"),
  externalUpdatedAt: instant.describe(
    'when the event was last written in the calendar; where the calendar did not say, when it was seen so',
  ),
  observedAt: instant.describe('when this service saw the event so'),
  reasonText: z.string().describe('one sentence, fit for a guest'),
  basis: times.describe('what Cal.com last confirmed'),
}

export const BookingRescheduledData = z
  .object({
    ...decided,
    previous: times.describe('what was last decided or recorded before'),
    next: times.extend({ timeZone: z.string().optional().describe("the event's own, an IANA name") }),
  })
  .describe('A booking was moved in the calendar.')
export type BookingRescheduledData = z.infer<typeof BookingRescheduledData>

export const BookingCancelledData = z
  .object({
    ...decided,
    reason: z.enum(cancellationReasons),
    start: instant,
    end: instant,
  })
  .describe('A booking was called off in the calendar.')
export type BookingCancelledData = z.infer<typeof BookingCancelledData>

const envelope = {
  specversion: z.literal('1.0'),
  id: z.string().describe("the stored event's id: a consumer applies each once"),
  source: z.string().describe('URI of the deployment; it stays the same'),
  subject: z.string().describe('the booking uid'),
  time: z.iso.datetime().describe('when it was decided'),
  datacontenttype: z.literal('application/json'),
  dataschema: z.url(),
  position: z.string().describe('place in the order of all events: what `after` and `Last-Event-ID` take'),
  traceparent: z.string().optional().describe('W3C trace context of what set it in motion'),
}

/** A booking event as a CloudEvent 1.0 in structured JSON. */
export const BookingCloudEvent = z.discriminatedUnion('type', [
  z.object({ ...envelope, type: z.literal('BookingRescheduled'), data: BookingRescheduledData }),
  z.object({ ...envelope, type: z.literal('BookingCancelled'), data: BookingCancelledData }),
])

/** By the type of the event: its data, and under which name and version the schema is served. */
export const bookingEventSchemas = {
  BookingRescheduled: { path: 'booking-rescheduled/1', data: BookingRescheduledData },
  BookingCancelled: { path: 'booking-cancelled/1', data: BookingCancelledData },
} as const

export type PublishedType = keyof typeof bookingEventSchemas

/** The types of events that are published. */
export const PUBLISHED_TYPES: readonly PublishedType[] = ['BookingRescheduled', 'BookingCancelled']

/**
 * JSON Schema (2020-12, or draft 7, which AsyncAPI 3.0 is written in). Open to further fields, as consumers have to be.
 */
export const jsonSchemaOf = (schema: z.ZodType, target: 'draft-2020-12' | 'draft-7' = 'draft-2020-12') =>
  z.toJSONSchema(schema, {
    io: 'input',
    target,
    override({ jsonSchema }) {
      // The format says as much as zod's pattern of six hundred characters.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
