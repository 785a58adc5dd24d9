import { z } from 'zod'
import { reportOutcome, trackBooking } from '../domain/booking/facts.ts'
import { passedOnReferences } from '../domain/booking/links.ts'
import { leavesBehind, tellOvertaken } from '../domain/booking/overtaken.ts'
import { type Booking, evolveBooking } from '../domain/booking/state.ts'
import { accept } from '../domain/decision.ts'
import { defined } from '../domain/optional-fields.ts'
import { readTimes, type Times } from '../domain/times.ts'
import { publicationByEventId } from '../projections/publications.ts'
import { bookingAggregate } from './aggregates.ts'
import { bookingUid, instant, startBeforeEnd, startBeforeEndProblem, text } from './body-fields.ts'
import {
  type CommandContext,
  type CommandPorts,
  type CommandResult,
  defineCommand,
  notFound,
} from './command.ts'
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
    const { start, end, newBookingUid, code, outcome } = body
    const times = start && end && { start, end }
    return recordOutcome(ports, context, publication, {
      outcome,
      ...defined({ times, newBookingUid, code }),
    })
  },
})

type Publication = { eventId: string; bookingUid: string; sequence: number }

/** What became of a publication. `times`: those that the booking has now. */
export type Outcome = {
  outcome: 'APPLIED' | 'REFUSED' | 'SUPERSEDED'
  times?: Times
  newBookingUid?: string
  code?: string
  /** Cal.com's own words for a refusal, fit to be kept. */
  words?: string
}

/** Records the outcome of a publication, and tracks the booking that this one was rescheduled to. */
export async function recordOutcome(
  ports: Pick<CommandPorts, 'events' | 'newId' | 'now'>,
  context: CommandContext,
  publication: Publication,
  { outcome, times, newBookingUid, code, words }: Outcome,
): Promise<CommandResult> {
  const { eventId, bookingUid, sequence } = publication
  const reported = await execute(ports, context, bookingAggregate, bookingUid, (state) =>
    reportOutcome(state, {
      bookingUid,
      eventId,
      sequence,
      outcome,
      ...(times && { start: times.start.toString(), end: times.end.toString() }),
      ...defined({ newBookingUid, code, words }),
      at: ports.now().toString(),
    }),
  )
  if (reported.ok && newBookingUid !== undefined && (outcome === 'APPLIED' || times))
    await trackSuccessor(ports, context, publication, newBookingUid, times)
  return reported
}

/**
 * Begins to track the booking that this booking was rescheduled to, unless Cal.com's webhook came first. Its times are
 * Cal.com's times of the former booking, or those of a move that was taken back.
 */
async function trackSuccessor(
  ports: Pick<CommandPorts, 'events' | 'newId' | 'now'>,
  context: CommandContext,
  { bookingUid: rescheduledFromUid, sequence }: { bookingUid: string; sequence: number },
  bookingUid: string,
  said: Times | undefined,
): Promise<void> {
  const { state } = await load(ports.events, bookingAggregate, rescheduledFromUid)
  const was = state.kind === 'CLOSED' && state.rescheduledToUid === bookingUid ? state.last : undefined
  if (was === undefined) return
  const { userId, organizationId, basis, withdrawn } = was
  const late = withdrawn?.find((one) => one.sequence === sequence)?.next
  const times = late ? (said ?? readTimes(late)) : basis
  const at = ports.now().toString()
  await execute(ports, context, bookingAggregate, bookingUid, (successor) => {
    if (successor.kind !== 'UNTRACKED') return accept()
    const tracked = trackBooking(successor, {
      bookingUid,
      userId,
      ...defined({ organizationId }),
      status: 'ACCEPTED',
      times,
      rescheduledFromUid,
      references: passedOnReferences(state),
      at,
    })
    if (!tracked.ok || !leavesBehind(state, times)) return tracked
    const after = tracked.events.reduce<Booking>(evolveBooking, successor)
    return accept(...tracked.events, ...tellOvertaken(after, true, at))
  })
}
