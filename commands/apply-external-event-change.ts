import { z } from 'zod'
import type { Look } from '../domain/booking/look.ts'
import { streamName } from '../domain/domain-event.ts'
import { sentenceOfDecision } from '../domain/explain/explanation.ts'
import type { ExternalEvent, ExternalTimes } from '../domain/external-event.ts'
import { defined } from '../domain/optional-fields.ts'
import { bookingsOfEvents, bookingsOfOccurrences, concernedBy } from '../projections/booking-references.ts'
import { readClaims } from '../projections/claims.ts'
import { applyLook } from './apply-look.ts'
import { instant, ownCalendar, text } from './body-fields.ts'
import { type CommandPorts, type CommandResult, defineCommand } from './command.ts'
import { lookContextFor } from './look-context.ts'

const date = z.iso.date().describe('an all-day event: a date')

/** An instant, a date (all-day), or Google's own shape of either. */
const moment = z.union([
  instant,
  date,
  z.object({ dateTime: instant, timeZone: z.string().optional() }),
  z.object({ date }),
])
type Moment = z.infer<typeof moment>

const attendee = z.object({
  responseStatus: z.enum(['needsAction', 'declined', 'tentative', 'accepted']),
  self: z.boolean().optional(),
  organizer: z.boolean().optional(),
  resource: z.boolean().optional(),
})

const change = z
  .object({
    id: text(1024),
    status: z.enum(['confirmed', 'tentative', 'cancelled']),
    etag: text(255).optional(),
    updated: instant.optional(),
    start: moment.optional(),
    end: moment.optional(),
    recurringEventId: text(1024).optional(),
    originalStart: instant.optional(),
    attendees: z.array(attendee).max(5000).optional(),
    organizerSelf: z.boolean().optional().describe("false where this copy is not the organiser's"),
  })
  .superRefine((body, problems) => {
    if (body.status === 'cancelled') return
    if (readTimes(body.start, body.end) !== undefined) return
    problems.addIssue({
      code: 'custom',
      path: ['start'],
      message: 'start and end are needed, both instants or both dates, the end not before the start',
    })
  })

/** How far the sender's clock, or the provider's, may be ahead of ours. */
const AHEAD_MS = 5 * 60_000

/**
 * Decides a look at a calendar's event for the booking that refers to it. The look itself is the sender's: nothing is
 * confirmed here with the provider or with Cal.com.
 */
export const ApplyExternalEventChange = defineCommand({
  name: 'ApplyExternalEventChange',
  summary: 'Decides what a change of a calendar event does to the booking that refers to it.',
  schema: z.object({ ...ownCalendar, observedAt: instant, change }),
  async handle(body, ports, context) {
    const event = externalEventOf(body.change)
    const early = fromTheFuture(body.observedAt, event, ports.now())
    if (early !== undefined) return early
    const calendarKey = await ports.calendars.find(body)
    if (calendarKey === undefined) return notLinked(event.id)
    // Read models that are being made anew know neither the booking nor the policy yet.
    await Promise.all(
      ['booking-references', 'calendar-syncs', 'sync-policies'].map((name) => ports.caughtUp(name)),
    )
    const concerned = await bookingsConcerned(ports, calendarKey, event)
    let answer = notLinked(event.id, calendarKey)
    for (const { booking, externalEventId } of concerned) {
      const name = { calendarKey, externalEventId }
      const look: Look = { observedAt: body.observedAt, sights: [{ ...name, result: { seen: event } }] }
      const { bookingUid } = booking
      const claims = await readClaims(ports.readStore, look)
      const lookContext = { ...(await lookContextFor(ports, booking, calendarKey)), claims }
      const { result, decision } = await applyLook(ports, context, bookingUid, look, lookContext)
      // The change says nothing of the booking's other events.
      if (decision.code === 'LOOK_AT_ALL')
        await ports.queue.signal(
          { kind: 'booking', key: bookingUid },
          { cause: context.cause ?? { poll: true, reason: 'LOOK_AGAIN' }, dueInMs: 0 },
        )
      if (!answer.ok || answer.events.length === 0) answer = result
    }
    return answer
  },
})

/** A time in the future would make every real change until then an older one. */
function fromTheFuture(
  observedAt: Temporal.Instant,
  { updated }: ExternalEvent,
  now: Temporal.Instant,
): CommandResult | undefined {
  const isAhead = (at: Temporal.Instant) => at.epochMilliseconds - now.epochMilliseconds > AHEAD_MS
  const refused = (code: string, field: string): CommandResult => ({
    ok: false,
    status: 409,
    code,
    detail: `${field} is more than five minutes ahead of this service's clock.`,
  })
  if (isAhead(observedAt)) return refused('OBSERVED_IN_FUTURE', 'observedAt')
  return updated && isAhead(updated) ? refused('UPDATED_IN_FUTURE', 'change.updated') : undefined
}

async function bookingsConcerned(ports: CommandPorts, calendarKey: string, event: ExternalEvent) {
  const byEvent = await bookingsOfEvents(ports.readStore, calendarKey, [event.id])
  const direct = concernedBy(byEvent.get(event.id) ?? [], event).map((booking) => ({
    booking,
    externalEventId: event.id,
  }))
  if (direct.some(({ booking }) => booking.open)) return direct
  const { recurringEventId, originalStart } = event
  if (recurringEventId === undefined || originalStart === undefined) return direct
  const occurrence = { recurringEventId, originalStart: originalStart.toString() }
  const found = await bookingsOfOccurrences(ports.readStore, calendarKey, [occurrence])
  const named = found.map(({ booking, reference }) => ({
    booking,
    externalEventId: reference.externalEventId,
  }))
  return named.length > 0 ? named : direct
}

function notLinked(eventId: string, calendarKey = ''): CommandResult {
  const decision = { code: 'NOT_LINKED', sentence: sentenceOfDecision('NOT_LINKED') }
  const stream = streamName('calendarFeed', calendarKey)
  return { ok: true, id: eventId, stream, revision: -1, events: [], decision }
}

function externalEventOf(body: z.infer<typeof change>): ExternalEvent {
  const { id, status, etag, updated, recurringEventId, originalStart, attendees, organizerSelf } = body
  const times = status === 'cancelled' ? undefined : readTimes(body.start, body.end)
  return {
    id,
    status,
    ...defined({
      etag,
      updated,
      times,
      recurringEventId,
      originalStart,
      attendees: attendees?.map(withoutUndefined),
      organizerSelf,
    }),
  }
}

const withoutUndefined = ({ responseStatus, self, organizer, resource }: z.infer<typeof attendee>) => ({
  responseStatus,
  ...defined({ self, organizer, resource }),
})

function readTimes(start: Moment | undefined, end: Moment | undefined): ExternalTimes | undefined {
  if (start === undefined || end === undefined) return undefined
  const from = read(start)
  const to = read(end)
  if (typeof from.at === 'string' && typeof to.at === 'string')
    return from.at <= to.at ? { allDay: true, startDate: from.at, endDate: to.at } : undefined
  if (typeof from.at === 'string' || typeof to.at === 'string') return undefined
  if (Temporal.Instant.compare(from.at, to.at) > 0) return undefined
  const zone = from.timeZone
  return { allDay: false, start: from.at, end: to.at, ...defined({ timeZone: zone }) }
}

function read(moment: Moment): { at: Temporal.Instant | string; timeZone?: string } {
  if (typeof moment === 'string' || moment instanceof Temporal.Instant) return { at: moment }
  if ('date' in moment) return { at: moment.date }
  const { dateTime, timeZone } = moment
  return { at: dateTime, ...defined({ timeZone }) }
}
