import { z } from 'zod'
import { reassignBooking, trackBooking } from '../domain/booking/facts.ts'
import { evolveBooking } from '../domain/booking/state.ts'
import { accept } from '../domain/decision.ts'
import { defined } from '../domain/optional-fields.ts'
import { bookingAggregate } from './aggregates.ts'
import {
  bookingUid,
  instant,
  ownCalendar,
  startBeforeEnd,
  startBeforeEndProblem,
  text,
  times,
  userId,
} from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'

const reference = z.object({
  ...ownCalendar,
  externalEventId: text(1024),
  recurringEventId: text(1024).optional(),
  originalStart: instant.optional(),
})

const status = z
  .string()
  .transform((value) => value.toUpperCase())
  .pipe(z.enum(['ACCEPTED', 'PENDING', 'REJECTED', 'CANCELLED']))

/**
 * States a booking and its calendar events. A repetition adds what is new. Another user is another host, and the events are
 * that host's.
 */
export const TrackBooking = defineCommand({
  name: 'TrackBooking',
  summary: 'Begins to follow a booking, or brings it up to what Cal.com says now.',
  schema: z
    .object({
      bookingUid,
      userId,
      organizationId: text(255).optional(),
      ...times,
      status: status.default('ACCEPTED'),
      references: z.array(reference).max(100).default([]),
    })
    .refine(startBeforeEnd, startBeforeEndProblem),
  async handle(body, ports, context) {
    const references = await Promise.all(
      body.references.map(async (named) => ({
        provider: named.provider,
        calendarKey: await ports.calendars.keyOf(named),
        externalEventId: named.externalEventId,
        ...defined({
          recurringEventId: named.recurringEventId,
          originalStart: named.originalStart?.toString(),
        }),
        confirmed: true,
        ofHost: true as const,
      })),
    )
    const { bookingUid, userId } = body
    const at = ports.now().toString()
    return execute(ports, context, bookingAggregate, bookingUid, (state) => {
      const given = reassignBooking(state, { userId, at })
      if (!given.ok) return given
      const tracked = trackBooking(given.events.reduce(evolveBooking, state), {
        bookingUid,
        userId,
        ...defined({ organizationId: body.organizationId }),
        status: body.status,
        times: { start: body.start, end: body.end },
        references,
        at,
      })
      return tracked.ok ? accept(...given.events, ...tracked.events) : tracked
    })
  },
})
