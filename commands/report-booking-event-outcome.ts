import { z } from 'zod'
import { reportOutcome, trackBooking } from '../domain/booking/facts.ts'
import { passedOnReferences } from '../domain/booking/links.ts'
import { publicationByEventId } from '../projections/publications.ts'
import { bookingAggregate } from './aggregates.ts'
import { bookingUid, instant, startBeforeEnd, startBeforeEndProblem, text } from './body-fields.ts'
import { type CommandContext, type CommandPorts, defineCommand, notFound } from './command.ts'
import { execute, load } from './execute.ts'

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
    await ports.caughtUp('publications')
    const publication = await publicationByEventId(ports.readStore, body.eventId)
    if (publication === undefined)
      return notFound('BOOKING_EVENT_UNKNOWN', 'No booking event of this id was published.')
    const { start, end, newBookingUid, code } = body
    const reported = await execute(ports, context, bookingAggregate, publication.bookingUid, (state) =>
      reportOutcome(state, {
        bookingUid: publication.bookingUid,
        eventId: body.eventId,
        sequence: publication.sequence,
        outcome: body.outcome,
        ...(start && end && { start: start.toString(), end: end.toString() }),
        ...(newBookingUid !== undefined && { newBookingUid }),
        ...(code !== undefined && { code }),
        at: ports.now().toString(),
      }),
    )
    if (reported.ok && newBookingUid !== undefined && (body.outcome === 'APPLIED' || (start && end)))
      await trackSuccessor(ports, context, publication.bookingUid, newBookingUid)
    return reported
  },
})

/** Begins to follow the booking that this one was rescheduled to, unless it is followed: Cal.com's webhook may be first. */
async function trackSuccessor(
  ports: Pick<CommandPorts, 'events' | 'newId' | 'now'>,
  context: CommandContext,
  rescheduledFromUid: string,
  bookingUid: string,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, rescheduledFromUid)
  const was = state.kind === 'CLOSED' && state.rescheduledToUid === bookingUid ? state.last : undefined
  if (was === undefined) return
  const { userId, organizationId, basis } = was
  await execute(ports, context, bookingAggregate, bookingUid, (successor) =>
    successor.kind === 'UNTRACKED'
      ? trackBooking(successor, {
          bookingUid,
          userId,
          ...(organizationId !== undefined && { organizationId }),
          status: 'ACCEPTED',
          times: basis,
          rescheduledFromUid,
          references: passedOnReferences(state),
          at: ports.now().toString(),
        })
      : { ok: true, events: [] },
  )
}
