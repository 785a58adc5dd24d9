import { z } from 'zod'
import { reportOutcome } from '../domain/booking-facts.ts'
import { decisionByEventId } from '../projections/decisions.ts'
import { bookingAggregate } from './aggregates.ts'
import { bookingUid, instant, startBeforeEnd, startBeforeEndProblem, text } from './body-fields.ts'
import { defineCommand, notFound } from './command.ts'
import { execute } from './execute.ts'

export const ReportBookingEventOutcome = defineCommand({
  name: 'ReportBookingEventOutcome',
  summary: 'A consumer tells what became of a booking event that it received.',
  schema: z
    .object({
      eventId: text(255).describe('the id of the booking event'),
      outcome: z.enum(['APPLIED', 'REFUSED', 'SUPERSEDED']),
      start: instant.optional(),
      end: instant.optional(),
      newBookingUid: bookingUid.optional(),
      code: text(255).optional(),
    })
    .refine(startBeforeEnd, startBeforeEndProblem),
  async handle(body, ports, context) {
    await ports.caughtUp('decisions')
    const decision = await decisionByEventId(ports.readStore, body.eventId)
    if (decision === undefined)
      return notFound('BOOKING_EVENT_UNKNOWN', 'No booking event of this id was published.')
    const { start, end, newBookingUid, code } = body
    return execute(ports, context, bookingAggregate, decision.bookingUid, (state) =>
      reportOutcome(state, {
        bookingUid: decision.bookingUid,
        eventId: body.eventId,
        sequence: decision.sequence,
        outcome: body.outcome,
        ...(start && end && { start: start.toString(), end: end.toString() }),
        ...(newBookingUid !== undefined && { newBookingUid }),
        ...(code !== undefined && { code }),
        at: ports.now().toString(),
      }),
    )
  },
})
