import { z } from 'zod'
import { Recurrence } from './calcom-state.ts'
import { HoldPoint } from './holds.ts'
import { ApiError, jsonBody } from './http-json.ts'

/** The request's body, checked; 400 names each field that does not fit. */
export async function read<T>(schema: z.ZodType<T>, request: Request): Promise<T> {
  const result = schema.safeParse(await jsonBody(request))
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new ApiError(400, 'BAD_BODY', problems.join('; '))
}

const Time = z.string().transform((text, context) => {
  try {
    return Temporal.Instant.from(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'Expected a time with its offset from UTC' })
    return z.NEVER
  }
})

const EventTypeFields = z.object({
  title: z.string().default('Meeting'),
  lengthMinutes: z.number().positive(),
  requiresConfirmation: z.boolean().default(false),
  seatsPerTimeSlot: z.number().int().min(1).optional(),
  recurring: z
    .object({
      frequency: Recurrence.shape.frequency,
      interval: Recurrence.shape.interval.default(1),
      count: Recurrence.shape.count,
    })
    .optional(),
  minimumNoticeMinutes: z.number().min(0).optional(),
  bookableDays: z.number().positive().optional(),
  price: z.number().int().min(0).optional(),
  hosts: z.array(z.number().int()).optional(),
})

export const NewEventType = EventTypeFields.extend({ userId: z.coerce.number().int() })

export const NewUser = z.object({
  id: z.number().int().optional(),
  name: z.string().optional(),
  email: z.string().optional(),
  timeZone: z.string().optional(),
  apiKey: z.string().optional(),
  role: z.enum(['MEMBER', 'ADMIN']).optional(),
  destination: z.object({ externalCalendarId: z.string(), credentialId: z.string().optional() }).optional(),
  eventTypes: z.array(EventTypeFields).optional(),
})

const Guest = z.object({ name: z.string(), email: z.string(), timeZone: z.string().default('UTC') })

const Reference = z.object({
  externalEventId: z.string(),
  externalCalendarId: z.string().nullish(),
  recurringEventId: z.string().nullish(),
  credentialId: z.string().optional(),
  deleted: z.boolean().optional(),
})

export const NewBooking = z.object({
  userId: z.coerce.number().int(),
  eventTypeId: z.number().int().optional(),
  start: Time,
  end: Time.optional(),
  title: z.string().optional(),
  location: z.string().optional(),
  attendees: z.array(Guest).optional(),
  requiresConfirmation: z.boolean().optional(),
  references: z.array(Reference).optional(),
  wait: z.boolean().optional(),
})

export const References = z.object({ references: z.array(Reference) })

/** All that actions on a booking take; each looks at its own. */
export const Action = z.object({
  start: Time.optional(),
  end: Time.optional(),
  reason: z.string().optional(),
  by: z.string().optional(),
  seatUid: z.string().optional(),
  remaining: z.enum(['ALL', 'SUBSEQUENT']).optional(),
  userId: z.coerce.number().int().optional(),
  title: z.string().optional(),
  location: z.string().optional(),
  guests: z.array(Guest).optional(),
  externalEventId: z.string().optional(),
  wait: z.boolean().optional(),
})

/** What is left out stays; null takes a template or a version away. */
export const Webhook = z.object({
  url: z.url().optional(),
  secret: z.string().optional(),
  payloadTemplate: z.string().nullish(),
  version: z.string().nullish(),
})

export const Deliveries = z.object({ numbers: z.array(z.number().int()).optional() })

export const HeldPoints = z.object({ points: z.array(HoldPoint) })
export const Released = z.object({ point: HoldPoint.optional(), bookingUid: z.string().optional() })

export const OwnSyncSwitch = z.object({
  on: z.boolean().optional(),
  everyMs: z.number().int().min(1).optional(),
  newReferences: z.boolean().optional(),
})
