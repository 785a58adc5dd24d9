// The answers to queries, written down once: for the description of the API, for the types, and for the tests that hold
// the real answers to it. Instants are RFC 3339 in UTC. A field that may be without a value is null, never left out.
import { z } from 'zod'

const instant = z.iso.datetime({ offset: true })
const orNull = <S extends z.ZodType>(schema: S) => schema.nullable()
const externalCalendarId = z
  .string()
  .nullable()
  .describe("the calendar's id at the provider; null once the calendar was forgotten")
const calendarKey = z.string().describe('stands for the calendar in events and published messages')

export const CalendarSyncItem = z
  .object({
    calendarSyncId: z.string(),
    userId: z.string(),
    organizationId: orNull(z.string()),
    provider: z.string(),
    externalCalendarId,
    calendarKey,
    credentialId: orNull(z.string()),
    status: z.enum(['ACTIVE', 'PAUSED', 'REMOVED']),
    waitingForCredential: z
      .boolean()
      .describe('nothing is stored under its credential, nor is there another way in'),
    lastUsedAt: orNull(instant).describe(
      'when a booking of this host was last linked to an event in it, to the day',
    ),
    registeredAt: instant,
  })
  .meta({ id: 'CalendarSync' })
export type CalendarSyncItem = z.infer<typeof CalendarSyncItem>

export const SubscriptionItem = z
  .object({
    subscriptionId: z.string(),
    provider: z.string(),
    externalCalendarId,
    calendarKey,
    status: z.enum(['PENDING', 'ACTIVE', 'SUSPENDED', 'RELEASED']),
    channels: z.array(z.object({ channelId: z.string(), resourceId: z.string(), expiresAt: instant })),
    lastError: orNull(z.string()).describe('code of the last failure, until one succeeds'),
    retryAt: orNull(instant),
    polledOnly: z.boolean().describe('the provider never pushes for this calendar'),
  })
  .meta({ id: 'Subscription' })
export type SubscriptionItem = z.infer<typeof SubscriptionItem>

const Reference = z
  .object({
    provider: z.string(),
    externalCalendarId,
    calendarKey,
    externalEventId: z.string(),
    recurringEventId: orNull(z.string()),
    originalStart: orNull(instant),
    confirmed: z.boolean().describe('Cal.com itself named it; else it was passed on along a reschedule'),
  })
  .meta({ id: 'BookingReference' })

export const BookingItem = z
  .object({
    bookingUid: z.string(),
    userId: orNull(z.string()),
    organizationId: orNull(z.string()),
    status: z.enum(['ACCEPTED', 'PENDING', 'REJECTED', 'CANCELLED', 'RESCHEDULED']),
    start: orNull(instant).describe('what was last decided or recorded'),
    end: orNull(instant),
    agreement: orNull(z.enum(['AGREED', 'AWAITING', 'DIVERGED'])).describe(
      'AWAITING: published, not yet seen in Cal.com; DIVERGED: calendar and Cal.com differ',
    ),
    references: z.array(Reference),
    rescheduledFromUid: orNull(z.string()),
    rescheduledToUid: orNull(z.string()),
    closedReason: orNull(z.string()),
    lastDecision: orNull(
      z.object({
        code: z.string(),
        sentence: z.string(),
        at: instant,
        eventId: orNull(z.string()).describe('of the published event; null where nothing was published'),
      }),
    ),
    lastOutcome: orNull(
      z.object({ eventId: z.string(), outcome: z.string(), code: orNull(z.string()), at: instant }),
    ),
    attention: orNull(z.string()).describe('code of why a person should look at it'),
    updatedAt: instant,
  })
  .meta({ id: 'Booking' })
export type BookingItem = z.infer<typeof BookingItem>

/** A page of a list: `next` is the `after` of the next page. */
const pageOf = <S extends z.ZodType>(item: S, id: string) =>
  z.object({ items: z.array(item), next: orNull(z.string()) }).meta({ id })

export const CalendarSyncPage = pageOf(CalendarSyncItem, 'CalendarSyncPage')
export const SubscriptionPage = pageOf(SubscriptionItem, 'SubscriptionPage')
export const BookingPage = pageOf(BookingItem, 'BookingPage')

/** The cause of an event. The event's own state at the provider is there if a decision rests on it. */
export const TimelineCause = z
  .object({
    channelId: z.string().optional().describe("a push: Google's channel"),
    messageNumber: z.number().optional(),
    receivedAt: instant.optional(),
    poll: z.literal(true).optional().describe('nobody pushed: the service looked by itself'),
    reason: z.string().optional().describe('why it looked'),
    webhook: z.string().optional().describe("Cal.com's trigger"),
    createdAt: z.string().optional(),
    command: z.string().optional().describe('a command by hand: its causation id'),
    updated: instant.optional().describe("when the calendar's event was last written"),
    etag: z.string().optional().describe("version of the calendar's event"),
  })
  .meta({ id: 'TimelineCause' })
export type TimelineCause = z.infer<typeof TimelineCause>

export const TimelineEntry = z
  .object({
    position: z.string(),
    bookingUid: z.string(),
    id: z.string(),
    type: z.string(),
    time: instant,
    sentence: z.string(),
    data: z.record(z.string(), z.unknown()),
    actor: z.string(),
    correlationId: z.string(),
    cause: TimelineCause,
  })
  .meta({ id: 'TimelineEntry' })
export type TimelineEntry = z.infer<typeof TimelineEntry>

export const Timeline = z
  .object({
    answer: z.string().describe('one sentence: what happened and why'),
    entries: z.array(TimelineEntry).describe('oldest first, the whole reschedule chain'),
  })
  .meta({ id: 'Timeline' })
export type Timeline = z.infer<typeof Timeline>
